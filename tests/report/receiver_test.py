"""The page that leaves with a release."""

import html
import re
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax import errors, runs
from teledp_jax.report import card, receiver, run_files
from tests.report import small_run

ROW = {
    "workload": "stability", "query": "crash_by_vendor", "column": "num_devices",
    "group_key": '{"vendor": "Dell"}', "devices": 60, "value": 1234.0, "text": None,
    "low": 1000.0, "high": 1500.0, "grade": "use", "reason": None,
}  # fmt: skip
LOST = {
    "group_key": '{"vendor": "<script>alert(1)</script>"}', "low": None, "high": None,
    "grade": "avoid", "reason": "fewer than 50 devices",
}  # fmt: skip
TRUST = {
    "level": 0.9, "num_refits": 5, "min_devices": 50,
    "answers": {"use": 1, "care": 0, "avoid": 1},
    "queries": {"crash_by_vendor": "care", "ram_hist": "use"},
}  # fmt: skip


@pytest.fixture
def folder(release_run, suite):
    runs.write_json(release_run.trust("pe") / "trust.json", TRUST)
    card.write(release_run, "pe", suite.schema)
    folder = release_run.release("pe")
    rows = [ROW, ROW | LOST]
    columns = {name: pa.array([row[name] for row in rows]) for name in ROW}
    pq.write_table(pa.table(columns), folder / "trust.parquet")
    return folder


@pytest.fixture
def queries(suite):
    return run_files.queries_of(suite.folder / "queries", {}, [])


def words(path):
    text = path.read_text(encoding="utf-8")
    assert small_run.EVIL not in text
    body = text[text.index("<main>") : text.index("</main>")]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


def test_the_page_states_promise_lists_intervals_and_columns(folder, queries):
    found = words(receiver.write(folder, queries))
    for part in (
        "each outcome is at most 53.9 times as likely",
        "✓ Answers to use: 1 How much memory do laptops have?",
        "~ Use with care: 1 Which vendors' laptops crash most?",
        "✗ Do not use: 0 None.",
        "? Cannot be told: 1 Which rare vendors crash at all?",
        "90 % interval",
        "Dell num devices 60 1,234 1,000 to 1,500 ✓ to use",
        "✗ not to use fewer than 50 devices",
        "WHERE num_crashes < 1000",
        "vendor Maker of the laptop",
        "100 times Poisson sample (0.02)",
        "The config names no label for release",
    ):
        assert part in found
    assert found.index("fewer than 50 devices") < found.index("1,000 to 1,500")


def test_the_page_is_made_of_the_release_only(release_run, folder, queries, tmp_path):
    first = receiver.write(folder, queries).read_bytes()
    moved = tmp_path / "received"
    shutil.move(folder, moved)
    shutil.rmtree(release_run.folder)
    assert receiver.write(moved, queries).read_bytes() == first


def test_a_release_without_grades_says_so_and_one_without_a_card_is_refused(
    folder, queries
):
    (folder / "trust.parquet").unlink()
    found = runs.read_json(folder / "card.json")
    runs.write_json(folder / "card.json", found | {"trust": {}})
    text = words(receiver.write(folder, []))
    assert "without grades of its answers: trust.parquet is not there" in text
    assert "The run had no questions in mind." in text
    (folder / "card.json").unlink()
    with pytest.raises(errors.InputError, match=r"card\.json"):
        receiver.write(folder, queries)
