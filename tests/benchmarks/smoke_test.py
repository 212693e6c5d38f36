"""Every script says what it does; every benchmark that starts no other runs, tiny."""

import json
import os
import pathlib
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import paths
from tests.benchmarks import modules

SCRIPTS = [
    str(path.relative_to(paths.ROOT))
    for folder in ("benchmarks", "scripts")
    for path in sorted((paths.ROOT / folder).glob("*.py"))
    if '__name__ == "__main__"' in path.read_text("utf-8") and path.stem != "structure"
]
TINY = {
    "adult": "--methods=independent --data={folder}",
    "complexity": "",
    "dpsgd_step": "--hardware=test --tiny --batch=4 --repeats=1 --matmul=8 "
    "--jobs=non_private_whole_batch,fast_whole_batch",
    "high_order": "--sets=xor2 --methods=independent --num_rows=300",
    "high_order_ablation": "--sets=xor2 --rows=0 --num_rows=300",
    "eventlog_preprocess": "--hardware=test --num_rows=1000 --repeats=1",
    "names": "--config=configs/dca_intel.py --tables={folder}",
    "pe_voting": "--hardware=test --num_devices=300 --num_compared=100 "
    "--num_candidates=50",
    "published_job": "--hardware=test --tiny --num_devices=16 --batch=4 --steps=1 "
    "--micro_batch=2 --matmul=8",
    "scaling": "--point=independent,50,1",
}
"""Benchmark to the flags of a run of seconds."""
STARTERS = {
    "accelerator",
    "accelerator_part",
    "eventlog",
    "install_size",
    "large_fleet",
    "many_partitions",
    "results_tables",
    "scale_out",
    "trust_coverage",
    "utility",
}
"""They start jobs, installations or a cluster, or have tests of their own."""


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> dict[str, tuple[int, str, str]]:
    """Status and output of all commands, in one process."""
    folder = tmp_path_factory.mktemp("smoke")
    (folder / "domain.json").write_text('{"sex": 2, "age": 3}')
    (folder / "adult.csv").write_text("sex,age\n0,1\n1,2\n1,0\n")
    guids = [f"{number:03}" for number in range(200)]
    for table, columns in {
        "system_sysinfo_unique_normalized": {"guid": guids},
        "system_userwait": {"guid": guids, "proc_name": ["new.exe"] * 200},
    }.items():
        pq.write_table(pa.table(columns), folder / f"{table}.parquet")
    commands = {}
    for name, text in TINY.items():
        flags = text.format(folder=folder).split()
        output = folder / (f"{name}.json" if name == "complexity" else "results")
        commands[name] = [f"benchmarks/{name}.py", *flags, f"--output={output}"]
    commands |= {script: [script, "--help"] for script in SCRIPTS}
    file = folder / "commands.json"
    file.write_text(json.dumps(list(commands.values())))
    strict = ("JAX_NUMPY_DTYPE_PROMOTION", "JAX_NUMPY_RANK_PROMOTION")
    run = subprocess.run(
        [sys.executable, "tests/scripts_in_one_process.py", file],
        cwd=paths.ROOT,
        env={key: value for key, value in os.environ.items() if key not in strict},
        capture_output=True,
        text=True,
        check=True,
    )
    found = dict(zip(commands, json.loads(run.stdout), strict=True))
    return {"folder": folder, **found}


def test_help_of_each_script_says_how_to_call_it(done):
    for script in SCRIPTS:
        _, out, err = done[script]
        call = "teledp " if script.startswith("scripts") else f"python {script}"
        assert call in out + err, script


def test_each_benchmark_is_run_or_starts_others():
    names = {pathlib.Path(path).stem for path in SCRIPTS if "benchmarks" in path}
    assert names == set(TINY) | STARTERS


@pytest.mark.parametrize("name", TINY)
def test_a_benchmark_runs_and_writes_what_it_measured(done, name):
    status, out, err = done[name]
    assert status == 0, err
    if name == "scaling":  # a point only prints
        assert json.loads(out)["num_devices"] == 50
        return
    found = done["folder"].glob(f"**/{name}*.json")
    # With the name of the machine, or without.
    files = [path for path in found if path.stem == name or "test" in path.stem]
    assert len(files) == 1
    assert json.loads(files[0].read_text())["command"].startswith("python benchmarks/")


def test_utility_takes_mean_and_spread_over_runs():
    each = [{"a": {"score": 1.0, "flag": True}}, {"a": {"score": 3.0, "flag": True}}]
    assert modules.load("utility")._summary(each) == {
        "a": {"score": {"mean": 2.0, "std": pytest.approx(2**0.5)}}
    }


def test_a_utility_table_shows_rungs_and_unseen_queries_where_they_are():
    each = [
        {
            "pe": {
                "share_right": 0.5,
                "noiseless": {"share_right": 0.625, "median_normalized_error": 1.25},
                "unseen": {"share_right": 0.375},
            },
            "half_sample": {"share_right": 0.75},
        }
    ]
    methods = modules.load("utility")._summary(each)
    form = modules.load("result_forms").utility({"num_seeds": 1, "methods": methods})
    pe, halves = (dict(zip(form.header, row, strict=True)) for row in form.rows)
    assert pe["answers right, mean share"] == "0.500"
    assert pe["without noise: answers right"] == "0.625"
    assert pe["without noise: normalized error"] == "1.25"
    assert pe["unseen: answers right"] == "0.375"
    assert halves["without noise: answers right"] == "\N{EN DASH}"


def test_a_table_of_high_order_shows_memory_where_it_was_measured():
    run = {"boosting": 0.5, "forest": 0.75, "fit_processor_seconds": 3.0}
    runs = {"pe": [run, run | {"peak_rss_bytes": 2_500_000_000}], "mst": [run]}
    form = modules.load("result_forms").of("high_order_4")({"sets": {"xor3": runs}})
    pe, mst = (dict(zip(form.header, row, strict=True)) for row in form.rows)
    assert (pe["runs"], pe["random forest"], pe["fit, CPU s"]) == ("2", "0.750", "3")
    assert pe["peak memory, GB"] == "2.5"
    assert mst["peak memory, GB"] == "\N{EN DASH}"


def test_the_event_log_counts_the_seeds_within_the_target():
    eventlog = modules.load("eventlog")
    same = dict.fromkeys(eventlog._DIFFERENCES, 0.5)
    each = [
        {
            "real": {"error_rate": {"A": 0.1}},
            "pe": {**same, "error_rate": {"A": rate}},
        }
        for rate in (0.1, 0.13)
    ]
    found = eventlog._summary(each, "pe")
    assert found["accuracy"] == 0.5
    assert found["error_rate_of_tolerance"] == {"A": pytest.approx(1.5)}
    assert found["error_rate_seeds_in_target"] == {"A": 1}


def test_a_large_fleet_is_extrapolated_by_the_stages_that_both_fleets_have():
    def stage(seconds):
        return {"seconds": seconds, "cpu_seconds": seconds, "peak_bytes": 1e9}

    rows = [
        {"num_devices": 100, "stages": {"encode": stage(2.0), "evaluate": stage(9.0)}},
        {"num_devices": 300, "stages": {"encode": stage(6.0)}},
    ]
    found = modules.load("large_fleet").extrapolate(rows, 1_000)
    assert found == {"encode": {**stage(20.0), "peak_bytes": 1e9}}
    result = {"rows": rows, "target_devices": 1_000, "extrapolation": found}
    form = modules.load("result_forms").of("large_fleet_test")(result)
    assert [row[:4] for row in form.rows] == [
        ["100", "`encode`", "2", "2"],
        ["100", "`evaluate`", "9", "9"],
        ["300", "`encode`", "6", "6"],
        ["1,000 (by slope)", "`encode`", "20", "20"],
    ]
