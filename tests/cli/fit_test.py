"""Fitting by one process and by several."""

import os
import subprocess
import sys

import pytest

from tests import paths
from tests.cli.commands import call

MEMBER = """
import pathlib, sys
from teledp_jax.cluster import gang
flags = dict(flag[2:].split("=") for flag in sys.argv[1:] if "=" in flag)
own = gang.join(
    flags["coordinator"], int(flags["num_processes"]), int(flags["process_id"])
)
folder = pathlib.Path(flags["workdir"])
(folder / f"{flags['labels']}_{own.index}").write_text(str(own.gathered(own.index)))
"""
START = """
import pathlib, sys, types
from teledp_jax.cli import fit
from teledp_jax.cluster import connection
folder = pathlib.Path(sys.argv[1].partition("=")[2])
member = [sys.executable, str(folder / "member.py")]
fit.fit_command = lambda label: [*member, *sys.argv[1:], f"--labels={label}"]
job = types.SimpleNamespace(
    settings=types.SimpleNamespace(engine="ray"),
    cluster=lambda: connection.connect(
        address="", num_cpus=2, spill_folder=folder / "s"
    ),
)
fit.start_gang(job, 2, "pe")
"""


def test_under_engine_ray_the_cluster_places_the_processes_of_a_fit(tmp_path):
    pytest.importorskip("ray")
    (tmp_path / "member.py").write_text(MEMBER)
    done = subprocess.run(
        [sys.executable, "-c", START, f"--workdir={tmp_path}"],
        env=os.environ | {"PYTHONPATH": str(paths.ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = [(tmp_path / f"pe_{index}").read_text() for index in range(2)]
    assert found == ["[0, 1]"] * 2


@pytest.mark.parametrize(
    ("flag", "text"),
    [
        ("--processes=0", "--processes=0: state 1 or more"),
        ("--labels=nothing", "No label 'nothing'; known: independent"),
        ("--processes=2", "stage encode did not finish under this config; run teledp"),
    ],
)
def test_a_fit_that_cannot_begin_says_why(flag, text, monkeypatch, tmp_path):
    own = ["--config=tests/configs/tiny.py", f"--workdir={tmp_path / 'run'}", flag]
    done = call(monkeypatch, "fit", *own)
    assert done.status == 2 and text in done.err and done.err.count("\n") == 1
