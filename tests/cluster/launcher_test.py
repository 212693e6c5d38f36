"""What a script says of faults that are not its own."""

import os
import subprocess
import sys

import pytest

MAIN = """
import launch
def main():
    launch.bar("fit")
    {statement}
launch.run(main)
"""


def call(code: str, *flags: str):
    paths = os.pathsep.join([str(paths.ROOT), str(paths.ROOT / "scripts")])
    return subprocess.run(
        [sys.executable, "-c", code, *flags],
        env=os.environ | {"PYTHONPATH": paths},
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("raise MemoryError('of a device')", "Memory ran out; lower --config.memory"),
        (
            "import jax; raise jax.errors.JaxRuntimeError('RESOURCE_EXHAUSTED: 1 GB')",
            "Memory ran out; lower --config.memory_limit",
        ),
        ("open('/dev/full', 'w').write('x' * 10**6)", "No space left on device"),
    ],
)
def test_lack_of_memory_or_disk_is_one_line_and_status_2(statement, text):
    done = call(MAIN.format(statement=statement))
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ") and text in last
    assert "Traceback" not in done.stderr and "of a device" not in done.stderr


def test_a_method_that_is_killed_for_its_memory_is_named(tmp_path):
    killed = "killed = subprocess.CompletedProcess([], -9)"
    code = f"""
import subprocess, sys
from tests import paths
from teledp_jax import pipeline
import run_benchmark, launch
{killed}
pipeline.Job.simulate = pipeline.Job.aggregate = lambda job, bar: None
pipeline.Job.encode = lambda job, bar: None
subprocess.run = lambda command: killed
launch.run(run_benchmark.main)
"""
    done = call(code, "--config=tests/configs/tiny.py", f"--workdir={tmp_path}/run")
    assert done.returncode == 2, done.stderr
    assert "methods.independent: its process was ended by SIGKILL" in done.stderr
    assert "Traceback" not in done.stderr


MEMBER = """
import pathlib, sys
from teledp_jax import gang
flags = dict(flag[2:].split("=") for flag in sys.argv[1:] if "=" in flag)
own = gang.join(
    flags["coordinator"], int(flags["num_processes"]), int(flags["process_id"])
)
folder = pathlib.Path(sys.argv[0]).parent
(folder / f"{flags['label']}_{own.index}").write_text(str(own.gathered(own.index)))
"""
START = """
import pathlib, sys, types
import launch
from teledp_jax.engine import cluster
folder = pathlib.Path(sys.argv[1])
sys.argv = [str(folder / "member.py")]
job = types.SimpleNamespace(
    config=types.SimpleNamespace(engine="ray"),
    cluster=lambda: cluster.connect(address="", num_cpus=2, spill_folder=folder / "s"),
)
launch.start_gang(job, 2, "pe")
"""


def test_under_engine_ray_the_cluster_places_the_processes_of_a_fit(tmp_path):
    (tmp_path / "member.py").write_text(MEMBER)
    done = call(START, str(tmp_path))
    assert done.returncode == 0, done.stderr
    found = [(tmp_path / f"pe_{index}").read_text() for index in range(2)]
    assert found == ["[0, 1]"] * 2
