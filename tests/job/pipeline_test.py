"""The main job end to end on a tiny fleet, killed and resumed."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from teledp_jax import runs
from tests import paths

STAGES = ("simulate", "aggregate", "encode", "synthesize-independent", "evaluate")
SMALL = (
    f"--config={paths.ROOT / 'tests' / 'configs' / 'tiny.py'}",
    "--config.num_devices=400",
)


def command(script: str, workdir: pathlib.Path, *flags: str) -> list[str]:
    path = str(paths.ROOT / "scripts" / f"{script}.py")
    return [sys.executable, path, f"--workdir={workdir}", *SMALL, *flags]


def call(script: str, workdir: pathlib.Path, *flags: str):
    return subprocess.run(
        command(script, workdir, *flags), cwd=paths.ROOT, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> runs.Run:
    """A job that ran by the command of the package, in a folder of its own."""
    folder = tmp_path_factory.mktemp("finished")
    done = subprocess.run(
        [
            sys.executable, "-m", "teledp_jax.cli", "run", *SMALL, "--config.seed=7",
            "--workdir=run",
        ],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(paths.ROOT)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["run/report.html"]
    assert "synthesize-independent: finished in" in done.stderr
    return runs.Run(folder / "run")


@pytest.fixture(scope="module")
def again(finished, tmp_path_factory) -> tuple[runs.Run, str]:
    """The same tables under another budget, with queries answered beside."""
    run = runs.Run(tmp_path_factory.mktemp("again") / "run")
    shutil.copytree(finished.folder, run.folder)
    flags = ("--config.budget.epsilon=2.0", "--config.query_answers=True")
    done = call("run_benchmark", run.folder, "--config.seed=7", *flags)
    assert done.returncode == 0, done.stderr
    return run, done.stderr


def outcome(run: runs.Run) -> dict[str, bytes]:
    """What must not depend on how often a run was killed."""
    paths = [run.ledger, run.scores, run.statistics]
    paths += sorted((run.folder / "results").rglob("*.csv"))
    paths += sorted((run.folder / "synthetic").rglob("*.parquet"))
    return {str(path.relative_to(run.folder)): path.read_bytes() for path in paths}


def test_the_run_folder_holds_what_the_design_lists(finished):
    for path in (
        finished.config, finished.quality, finished.ledger, finished.scores,
        finished.statistics, finished.summary, finished.report, finished.figures,
    ):  # fmt: skip
        assert path.exists(), path
    tables = {path.name for path in finished.real.iterdir()}
    assert len(tables) == 8
    assert {path.name for path in finished.synthetic("independent").iterdir()} == tables
    queries = {path.name for path in finished.results("real").glob("*.csv")}
    assert len(queries) >= 24
    for label in ("independent", "half_sample"):
        assert {p.name for p in finished.results(label).glob("*.csv")} == queries


def test_real_and_synthetic_tables_share_a_schema(finished):
    for path in finished.real.iterdir():
        synthetic = finished.synthetic("independent") / path.name
        assert pq.read_schema(path) == pq.read_schema(synthetic)


def test_the_ledger_is_within_the_budget_and_adds_up(finished):
    ledger = runs.read_json(finished.ledger)
    assert set(ledger) == {"independent", "total"}
    entry = ledger["independent"]
    assert [part["stage"] for part in entry["events"]] == ["count", "fit"]
    assert 3.5 < entry["epsilon_pld"] <= entry["budget"]["epsilon"] == 4.0


def test_the_summary_has_every_key_of_the_contract(finished):
    methods = runs.read_json(finished.summary)["methods"]
    assert {"independent", "half_sample"} <= set(methods)
    keys = {
        "epsilon", "delta", "evaluated", "passed", "mean_score",
        "median_normalized_error", "passed_corrected", "mean_score_corrected",
        "median_normalized_error_corrected", "fit_seconds", "compile_seconds",
        "sample_seconds", "peak_rss_bytes",
    }  # fmt: skip
    for fields in methods.values():
        assert keys <= set(fields)
    assert methods["half_sample"]["epsilon"] is None


def test_two_processes_synthesize_what_one_does(finished, tmp_path):
    run = runs.Run(tmp_path / "run")
    shutil.copytree(finished.folder, run.folder)
    shutil.rmtree(run.synthetic("independent"))
    (run.private / "stages" / "synthesize-independent.json").unlink()
    entry = runs.read_json(run.ledger)["independent"]
    runs.write_json(run.ledger, {})
    done = call("synthesize", run.folder, "--config.seed=7", "--processes=2")
    assert done.returncode == 0, done.stderr
    assert runs.read_json(run.ledger) == {"independent": entry}
    for path in finished.synthetic("independent").iterdir():
        twin = run.synthetic("independent") / path.name
        assert twin.read_bytes() == path.read_bytes()


def test_bad_input_to_several_processes_is_one_line(tmp_path):
    done = call("synthesize", tmp_path / "run", "--processes=2")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert len(lines) == 1 and "stage encode" in lines[0]


def test_a_seeded_run_is_stamped_and_writes_no_release(finished):
    assert runs.read_json(finished.config)["seeded"] is True
    assert not (finished.folder / "release").exists()
    assert "seed" in finished.report.read_text().lower()


def test_a_finished_stage_is_not_run_again(finished):
    command = runs.read_json(finished.config)["command"]
    assert command.startswith("teledp run --config=")
    before = {p: p.stat().st_mtime_ns for p in finished.folder.rglob("*.parquet")}
    done = call("run_benchmark", finished.folder, "--config.seed=7")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(finished.report)
    for stage in STAGES:
        assert f"{stage}: finished before" in done.stderr
    assert before == {p: p.stat().st_mtime_ns for p in before}


def test_another_budget_fits_again_on_the_same_tables(again):
    run, told = again
    assert "aggregate: finished before" in told
    assert "synthesize-independent: finished in" in told
    assert runs.read_json(run.ledger)["independent"]["epsilon_pld"] <= 2.0


def test_queries_are_answered_without_synthetic_data_under_the_same_budget(again):
    run, told = again
    assert "answer: finished in" in told
    entry = runs.read_json(run.ledger)["query_answers"]
    assert [part["stage"] for part in entry["events"]] == ["count", "answers"]
    assert 1.75 < entry["epsilon_pld"] <= 2.0
    fields = runs.read_json(run.summary)["methods"]["query_answers"]
    assert fields["evaluated"] >= 24 and fields["epsilon"] == entry["epsilon_pld"]
    assert not run.synthetic("query_answers").exists()


def test_an_unseeded_run_releases_tables_and_card_and_deletes_its_keys(
    finished, tmp_path
):
    run = runs.Run(tmp_path / "run")
    done = call("run_benchmark", run.folder, f"--config.source={finished.raw}")
    assert done.returncode == 0, done.stderr
    release = run.release("independent")
    assert {p.name for p in release.glob("*.parquet")} == {
        p.name for p in run.real.iterdir()
    }
    card = json.loads((release / "card.json").read_text())
    assert card["epsilon"] <= 4.0
    assert (release / "card.md").exists()
    assert not list((run.private / "keys").glob("*"))
    assert not list((run.private / "fits").rglob("*.msgpack"))


def test_a_run_killed_in_every_stage_ends_the_same(finished, tmp_path):
    run = runs.Run(tmp_path / "run")
    for signs in ("private/raw/*/*/*", "real/*", "private/arrays/*", "results/real/*"):
        process = subprocess.Popen(
            command("run_benchmark", run.folder, "--config.seed=7"),
            cwd=paths.ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while process.poll() is None and not list(run.folder.glob(signs)):
            time.sleep(0.005)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    done = call("run_benchmark", run.folder, "--config.seed=7")
    assert done.returncode == 0, done.stderr
    assert outcome(run) == outcome(finished)
