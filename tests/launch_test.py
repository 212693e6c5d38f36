"""What a script says of faults that are not its own."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
MAIN = """
import launch
def main():
    launch.bar("fit")
    {statement}
launch.run(main)
"""


def call(code: str, *flags: str):
    paths = os.pathsep.join([str(ROOT), str(ROOT / "scripts")])
    return subprocess.run(
        [sys.executable, "-c", code, *flags],
        env=os.environ | {"PYTHONPATH": paths},
        cwd=ROOT,
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
