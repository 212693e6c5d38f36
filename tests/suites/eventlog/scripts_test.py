"""The scripts of the event log, from a CSV to reports, figures and answers."""

import csv
import json
import pathlib

import pytest

from teledp_jax.privacy import book
from tests import paths, scripts_in_one_process

PUBLISHED = paths.SHARED / "reference" / "eventlog_published"
REPORTS = (
    "telemetry_summary_statistics", "telemetry_event_counts_by_product",
    "telemetry_event_counts_by_type", "telemetry_events_per_day",
    "telemetry_unique_users_per_product", "telemetry_error_rates_zscores",
)  # fmt: skip
FIGURES = {
    "event_type_distribution", "product_type_distribution", "events_over_time",
    "error_rate_by_product", "error_rate_zscore_by_product",
}  # fmt: skip


LOG = 400  # users of a log of the tester's own


def own_log(path: pathlib.Path) -> None:
    """Writes a log with faults: 400 users, every tenth event an error."""
    lines = ["Product Type,Event Type,Time of Event,User ID"]
    for user in range(LOG):
        kind = "error" if user % 10 == 0 else "open"
        day = 1 + user % 30
        lines.append(
            f"{'ABCDEF'[user % 6]},{kind},2024-06-{day:02d} 12:00:00,zoë{user}"
        )
    lines += [lines[-1], "G,open,2024-06-01 12:00:00,u"]
    path.write_text("\n".join(lines) + "\n", encoding="cp1252")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Status, stdout and stderr of each command below, and their folder."""
    folder = tmp_path_factory.mktemp("log")
    own_log(folder / "own.csv")
    (folder / "empty.csv").write_text("")
    own = [f"--workdir={folder / 'own'}", f"--input={folder / 'own.csv'}"]
    own.append("--encoding=cp1252")
    job = [*own, "--config=tests/configs/tiny_log.py"]
    answers = [*own, "--num_runs=3", f"--book={folder / 'book.jsonl'}"]
    owner = [*answers, "--data_set=products"]
    commands = {
        "preprocess": [f"--workdir={folder}"],
        "summary_stats": [f"--workdir={folder}"],
        "private_answers": [f"--workdir={folder}", "--num_runs=3"],
        "private_answers again": [f"--workdir={folder}", "--num_runs=2"],
        "preprocess empty": [f"--workdir={folder}", f"--input={folder / 'empty.csv'}"],
        "private_answers none": [f"--workdir={folder}", "--num_runs=0"],
        "aggregate other": [
            *own, "--config=tests/configs/tiny.py",
        ],
        "aggregate twice": [*job, f"--config.source={folder}"],
        "aggregate": job,
        "synthesize": [*job, "--label=independent"],
        "private_answers nobody": answers,
        "private_answers capped": [*owner, "--cap_epsilon=1.9"],
        "private_answers own": [*owner, "--cap_epsilon=2.1"],
        "evaluate": job,
        "report": job,
        "compare_logs": job,
    }  # fmt: skip
    calls = [[name.split()[0], *flags] for name, flags in commands.items()]
    results = scripts_in_one_process.run(folder, calls)
    return dict(zip(commands, results, strict=True)), folder


@pytest.fixture
def folder(results) -> pathlib.Path:
    return results[1]


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("preprocess empty", "is empty"),
        ("private_answers none", "--num_runs"),
        ("private_answers nobody", "--book: state --data_set"),
        ("private_answers capped", "above its cap of 1.9; nothing was read"),
        ("aggregate other", "for dca state --config.source"),
        ("aggregate twice", "not both"),
    ],
)
def test_a_fault_of_the_user_is_one_line(results, command, fault):
    status, _, stderr = results[0][command]
    assert status == 2
    assert fault in stderr
    assert stderr.count("\n") == 1, stderr


def test_every_other_command_ends_well(results):
    for name, (status, _, stderr) in results[0].items():
        if " " not in name or name.endswith(("again", "own")):
            assert status == 0, (name, stderr)


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
    reason=f"the published reports are not in {PUBLISHED.name}",
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


def test_the_release_holds_noisy_numbers_alone_and_is_made_once(results, folder):
    path = folder / "release" / "private_answers" / "private_answers.csv"
    assert set(read(path)[0]) == {
        "Product Type", "U_total_noisy", "U_error_noisy", "error_rate_dp", "z_dp",
    }  # fmt: skip
    guarantee = json.loads(path.with_suffix(".json").read_text())
    assert (guarantee["epsilon"], guarantee["delta"]) == (2, 0)
    ledger = json.loads((folder / "private_answers_ledger.json").read_text())
    assert len(ledger["events"]) == 1
    assert 1.999 < ledger["epsilon_pld"] <= 2
    assert "released before and kept" in results[0]["private_answers again"][1]


def test_the_budget_book_has_the_release_that_was_made_and_not_the_refused(folder):
    lines = (folder / "book.jsonl").read_text().splitlines()
    assert len(lines) == 1
    entered = json.loads(lines[0])
    assert (entered["data_set"], entered["about"]) == ("products", "private_answers")
    ledger = json.loads((folder / "own" / "private_answers_ledger.json").read_text())
    assert [part["event"] for part in ledger["events"]] == [entered["event"]]
    owner = book.Book(
        path=folder / "book.jsonl", data_set="products", epsilon=2.1, delta=1e-6
    )
    assert owner.epsilon_spent() == pytest.approx(2.0, abs=1e-3)


def test_raw_files_serve_as_a_source(folder):
    for name in ("users", "events"):
        assert list((folder / "data" / "raw" / "telemetry" / name).glob("*.parquet"))


def test_the_main_job_takes_a_csv_of_the_users_own(folder):
    own = folder / "own"
    rejected = read(own / "data" / "processed" / "telemetry_rejects.csv")
    assert [row["reason"] for row in rejected] == ["duplicated row", "unknown product"]
    logs = json.loads((own / "reports" / "synthetic_logs.json").read_text())
    real = logs["logs"]["real"]
    assert 0.8 * LOG < real["num_events"] < LOG
    assert "users of the file" in logs["second_draw"]
    assert set(logs["logs"]) == {"real", "capped", "second_draw", "independent"}
    assert "| independent |" in (own / "reports" / "synthetic_logs.md").read_text()


def test_the_report_shows_logs_answers_and_accounting(folder):
    page = (folder / "own" / "report.html").read_text()
    for text in (
        "published DP-VAE", "second draw", "discrete Laplace on disjoint cells",
        "spends epsilon 1.65", "KS of time", "with all methods of this run",
    ):  # fmt: skip
        assert text in page, text
    # A report of the job leaves the release of another script where it is.
    release = folder / "own" / "release" / "private_answers"
    assert (release / "private_answers.csv").exists()
