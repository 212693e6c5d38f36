"""The benchmark of a card runs on a bare machine, and goes on where it stopped."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from teledp_jax.dpsgd import memory
from teledp_jax.job import provenance
from tests import paths
from tests.benchmarks import modules

BLOCK = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
"""
PARTS = ("correctness", "vote", "step_vae_4096", "job", "fit")
LACKING = {"duckdb", "dp_accounting", "ml_collections", "opendp", "pyarrow", "yaml"}


def run(folder, *options):
    """Runs the command where only what a bare machine has can be imported."""
    (folder / "sitecustomize.py").write_text(BLOCK.format(names=LACKING))
    strict = ("JAX_NUMPY_DTYPE_PROMOTION", "JAX_NUMPY_RANK_PROMOTION")
    env = {key: value for key, value in os.environ.items() if key not in strict}
    script = [sys.executable, "benchmarks/accelerator.py", "--scale=0.0001"]
    return subprocess.run(
        [*script, "--hardware=test", f"--output={folder}", *options],
        cwd=paths.ROOT,
        env=env | {"PYTHONPATH": os.pathsep.join([str(folder), str(paths.ROOT)])},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("accelerator")
    first = run(folder, "--budget_s=3000", f"--parts={','.join(PARTS)}")
    assert first.returncode == 0, first.stdout + first.stderr
    return folder


def test_all_parts_run_on_a_bare_machine_and_the_table_is_written(folder):
    result = json.loads((folder / "accelerator_test.json").read_text())
    ends = {name: part["end"] for name, part in result["parts"].items()}
    assert ends == dict.fromkeys(PARTS, "done")
    rows = result["parts"]["correctness"]["rows"]
    assert rows == [["checks that hold beside the CPU", 5, "of 5", 5]]
    form = modules.load("result_forms").of("accelerator_test")(result)
    texts = {row[0]: row[1] for row in form.rows}
    assert float(texts["step, vae, batch 16, speed"]) > 0
    assert texts["published job, 128 devices, memory"] == "\N{EN DASH}"


def test_finished_parts_are_not_run_again(folder):
    again = run(folder, "--budget_s=0")
    assert again.returncode == 1
    assert again.stdout.count("done before") == len(PARTS)
    assert again.stderr.startswith("Left or failed: step_relational_4096;")


def test_what_time_is_left_for_is_named(tmp_path):
    done = run(tmp_path, "--budget_s=0", "--parts=vote,job")
    assert done.returncode == 1
    assert "vote: not begun: the time is over" in done.stdout
    assert done.stderr.strip() == (
        "Left or failed: vote, job; the same command goes on with them."
    )


def test_a_result_of_other_code_or_of_a_failed_check_is_not_finished(tmp_path):
    accelerator, path = modules.load("accelerator"), tmp_path / "a.json"
    result = {
        "command": shlex.join(["python", "a.py"]),
        "code": provenance.code_of("teledp_jax.errors"),
        "checks": {"sum": {"holds": True}},
    }
    for change, is_finished in (
        ({}, True),
        ({"command": "python b.py"}, False),
        ({"code": {"modules": ["teledp_jax.errors"], "hash": "old"}}, False),
        ({"checks": {"sum": {"holds": False}}}, False),
    ):
        path.write_text(json.dumps(result | change))
        assert (accelerator.finished(path, ["a.py"]) is not None) == is_finished


def test_too_little_memory_gets_the_micro_batch_that_fits_in_one_line(capsys):
    machine = modules.load("machine")

    def train(size):
        memory.check(lambda size: 1000 * size, size, 5000)
        return "done"

    assert machine.with_micro_batch(train, 64) == ("done", 4)
    (line,) = capsys.readouterr().out.splitlines()
    assert "micro_batch=64 needs" in line and line.endswith("Goes on with 4.")
    with pytest.raises(memory.DoesNotFit, match="more memory"):
        machine.with_micro_batch(
            lambda size: memory.check(lambda size: 9000, size, 5000), 64
        )
