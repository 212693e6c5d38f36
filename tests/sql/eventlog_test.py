"""Suite eventlog: device tables and queries of the simulated log give known numbers."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from teledp_jax.data import sqlfile
from teledp_jax.suites.eventlog import simulate
from tests import paths

SUITE = paths.SQL / "eventlog"
QUERIES = {file.name: file for file in sqlfile.read_folder(SUITE / "queries")}


@pytest.fixture(scope="module")
def device():
    """A connection over the device tables of the simulated log."""
    raw, device = duckdb.connect(), duckdb.connect()
    events = simulate.draw(np.random.default_rng(0))
    raw.from_arrow(events).create("events")
    raw.sql("SELECT DISTINCT user_id FROM events").create("users")
    for name, file in paths.suite("eventlog").device_files.items():
        device.from_arrow(raw.sql(file.statement).to_arrow_table()).create(name)
    return device


def rows(device, name: str) -> list[dict]:
    return device.sql(QUERIES[name].statement).to_arrow_table().to_pylist()


def test_every_category_of_the_log_is_in_its_vocabulary(device):
    (table,) = [
        t for t in paths.suite("eventlog").schema.tables if t.name == "user_events"
    ]
    (column,) = [c for c in table.columns if c.name == "product_event"]
    found = device.sql("SELECT DISTINCT product_event FROM user_events").fetchall()
    assert {name for (name,) in found} <= set(column.categories)
    assert len(column.categories) == 35


def test_error_rates_are_the_published_ones(device):
    counts = simulate.published()["products"]["counts"]
    for name in ("error_rate_by_product", "products_by_error_rate"):
        found = {row["product"]: row["error_percent"] for row in rows(device, name)}
        assert found == pytest.approx(
            {p: 100 * c["errors"] / c["events"] for p, c in counts.items()}
        )
    ranked = [row["product"] for row in rows(device, "products_by_error_rate")]
    assert ranked == ["D", "F", "Others", "B", "E", "A", "C"]


def test_event_types_and_weeks_are_the_published_ones(device):
    facts = simulate.published()
    found = rows(device, "event_type_histogram")
    by_type = {row["event_type"]: row["num_events"] for row in found}
    assert by_type == facts["event_types"]["counts"]
    weeks = np.array(facts["times"]["by_day"]).reshape(13, 7).sum(axis=1)
    found = rows(device, "events_by_week_histogram")
    assert [row["num_events"] for row in found] == weeks.tolist()


def test_users_with_errors_are_those_of_the_log(device):
    # The heavy user, whose primary product is B, has errors in every other one too.
    counts = simulate.published()["products"]["counts"]
    found = rows(device, "users_with_errors_by_product")
    assert {row["product"]: row["num_users"] for row in found} == {
        name: c["error_users"] + (name != "B") for name, c in counts.items()
    }


def test_shares_add_up(device):
    for row in rows(device, "event_type_by_product_pivot"):
        parts = [row[f"{t}_percent"] for t in ("open", "close", "save", "reset")]
        assert 90 < sum(parts) < 100
    hours = rows(device, "errors_by_part_of_day")
    assert [row["from_hour"] for row in hours] == [0, 6, 12, 18]
    assert sum(row["num_events"] for row in hours) == 152_356


def test_a_user_without_events_and_one_with_absent_fields_are_no_fault():
    raw = duckdb.connect()
    for source in paths.suite("eventlog").sources.values():
        raw.execute(source.file.statement)
    raw.from_arrow(pa.table({"user_id": ["u1", "u2"]})).insert_into("users")
    raw.execute("INSERT INTO events VALUES (NULL, 'error', NULL, 'u2')")
    files = paths.suite("eventlog").device_files
    users = raw.sql(files["users"].statement).order("user_id").fetchall()
    assert users == [("u1", 0), ("u2", 1)]
    events = raw.sql(files["user_events"].statement).fetchall()
    assert events == [("u2", None, None, None)]
