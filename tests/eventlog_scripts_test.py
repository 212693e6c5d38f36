"""The scripts of the event log, from a CSV to reports, figures and answers."""

import csv
import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PUBLISHED = ROOT.parent / "shared" / "reference" / "eventlog_published"
REPORTS = (
    "telemetry_summary_statistics", "telemetry_event_counts_by_product",
    "telemetry_event_counts_by_type", "telemetry_events_per_day",
    "telemetry_unique_users_per_product", "telemetry_error_rates_zscores",
)  # fmt: skip
FIGURES = {
    "event_type_distribution", "product_type_distribution", "events_over_time",
    "error_rate_by_product", "error_rate_zscore_by_product",
}  # fmt: skip


def call(script: str, workdir: pathlib.Path, *flags: str):
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / f"{script}.py"),
         f"--workdir={workdir}", *flags],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    workdir = tmp_path_factory.mktemp("log")
    for script in ("preprocess", "summary_stats", "private_answers"):
        flags = ["--num_runs=3"] if script == "private_answers" else []
        done = call(script, workdir, *flags)
        assert done.returncode == 0, done.stderr
    return workdir


def read(path: pathlib.Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def close(found: str, expected: str) -> bool:
    """Equal texts, equal numbers, or times that differ by less than a microsecond."""
    if found == expected:
        return True
    one, dot, two = found.partition(".")
    if dot and len(two) == 9 and one == expected.partition(".")[0]:
        return abs(int(two) - int(expected.partition(".")[2])) < 1000
    try:
        return float(found) == pytest.approx(float(expected), rel=1e-12)
    except ValueError:
        return False


@pytest.mark.skipif(
    not PUBLISHED.is_dir(),
    reason="the published reports are not at ../shared/reference/eventlog_published",
)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_equals_the_published_one(folder, name):
    found = read(folder / "reports" / f"{name}.csv")
    expected = read(PUBLISHED / f"{name}.csv")
    assert [list(row) for row in found] == [list(row) for row in expected]
    for one, two in zip(found, expected, strict=True):
        assert all(close(one[column], two[column]) for column in one), (one, two)


def test_metrics_associations_and_figures_are_written(folder):
    metrics = json.loads(
        (folder / "reports" / "telemetry_baseline_metrics.json").read_text()
    )
    assert metrics["error_rate"]["D"] == 2718 / 30531
    assert metrics["average_error_rate"] == pytest.approx(0.0310061, abs=1e-6)
    assert metrics["error_rate_of_all_events"] == 4925 / 152356
    pairs = read(folder / "reports" / "telemetry_associations.csv")
    assert len(pairs) == 8 * 7 / 2
    visuals = list((folder / "visuals").iterdir())
    assert {path.stem for path in visuals} == FIGURES
    for path in visuals:
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_release_holds_noisy_numbers_alone_and_is_made_once(folder):
    path = folder / "release" / "private_answers.csv"
    before = path.read_bytes()
    assert set(read(path)[0]) == {
        "Product Type", "U_total_noisy", "U_error_noisy", "error_rate_dp", "z_dp",
    }  # fmt: skip
    guarantee = json.loads(path.with_suffix(".json").read_text())
    assert (guarantee["epsilon"], guarantee["delta"]) == (2, 0)
    done = call("private_answers", folder, "--num_runs=2")
    assert done.returncode == 0, done.stderr
    assert path.read_bytes() == before


def test_raw_files_serve_as_a_source(folder):
    for name in ("users", "events"):
        assert list((folder / "data" / "raw" / "telemetry" / name).glob("*.parquet"))


def test_a_fault_of_the_user_is_one_line(tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text("")
    for script, flags, fault in (
        ("preprocess", [f"--input={path}"], "is empty"),
        ("private_answers", ["--num_runs=0"], "--num_runs"),
    ):
        done = call(script, tmp_path, *flags)
        assert done.returncode == 2
        assert fault in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
