"""The main job as a command: its children; `tests/job/pipeline_test.py` runs it."""

import subprocess
import sys

import pytest

from teledp_jax.cli import fit
from teledp_jax.job import pipeline
from tests import paths
from tests.cli.commands import call

CONFIG = f"--config={paths.ROOT / 'tests' / 'configs' / 'tiny.py'}"


@pytest.fixture
def encoded(monkeypatch):
    """Takes all stages before a fit for done."""
    for name in ("simulate", "aggregate", "encode"):
        monkeypatch.setattr(pipeline.Job, name, lambda job, bar: None)
    monkeypatch.setattr(pipeline.Job, "is_synthesized", lambda job, label: False)


def test_a_method_that_is_killed_for_its_memory_is_named(
    encoded, monkeypatch, tmp_path
):
    asked = []

    def killed(command):
        asked.append(command)
        return subprocess.CompletedProcess(command, -9)

    monkeypatch.setattr(subprocess, "run", killed)
    done = call(monkeypatch, "run", CONFIG, f"--workdir={tmp_path}/run")
    assert done.status == 2
    assert "methods.independent: its process was ended by SIGKILL" in done.err
    assert asked == [
        [
            sys.executable, "-m", "teledp_jax.cli", "fit", CONFIG,
            f"--workdir={tmp_path}/run", "--labels=independent", "--within_run",
        ]
    ]  # fmt: skip


def test_what_a_child_found_at_fault_is_not_said_twice(encoded, monkeypatch, tmp_path):
    ended = subprocess.CompletedProcess([], 2)
    monkeypatch.setattr(subprocess, "run", lambda command: ended)
    done = call(monkeypatch, "run", CONFIG, f"--workdir={tmp_path}/run")
    assert (done.status, done.err) == (2, "")


def test_a_child_works_where_only_the_package_is_installed(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["teledp run", "--config=a", "--label=b"])
    own = fit.fit_command("b")
    assert own[:4] == [sys.executable, "-m", "teledp_jax.cli", "fit"]
    assert own[4:] == ["--config=a", "--label=b", "--labels=b"]
