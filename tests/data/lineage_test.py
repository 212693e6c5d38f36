"""What is read, told by DuckDB's own plans; and what happens if that were wrong."""

import datetime
import pathlib

import duckdb
import pyarrow as pa
import pytest

from teledp_jax.data import lineage, reading
from teledp_jax.data import suite as suite_lib

OPEN = (None, None)
CRASHES = "device/crashes.sql"


def read_of_crashes(folder: pathlib.Path, old: str, new: str) -> list[str]:
    """Columns of raw table crashes that are read once a statement is edited."""
    path = folder / CRASHES
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    sources = lineage.narrowed(suite_lib.load(folder), OPEN)
    return list(sources["crashes"].types)


def test_columns_that_no_statement_reads_are_left_out(suite):
    sources = lineage.narrowed(suite, OPEN)
    assert {name: list(source.types) for name, source in sources.items()} == {
        "machines": ["guid", "vendor", "country", "ram_gb"],
        "crashes": ["guid", "app", "weight"],
        "countries": ["country", "region"],
    }
    assert sources["crashes"].types["weight"] == "DOUBLE"


def test_a_window_reads_the_time_column(suite):
    window = (datetime.datetime(2024, 1, 1), None)
    assert "ts" in lineage.narrowed(suite, window)["crashes"].types


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FROM crashes", "FROM crashes WHERE year(ts) > 2000"),
        ("GROUP BY guid", "GROUP BY guid HAVING max(ts) IS NOT NULL"),
        ("FROM crashes", "FROM (SELECT DISTINCT * FROM crashes)"),
        ("FROM crashes", "FROM crashes JOIN (SELECT ts FROM crashes) USING (ts)"),
        ("FROM crashes", "FROM crashes SEMI JOIN crashes AS c ON c.ts > crashes.ts"),
        ("FROM crashes", "FROM (FROM crashes QUALIFY rank() OVER (ORDER BY ts) < 9)"),
    ],
)
def test_a_column_that_only_chooses_rows_is_read(suite_folder, old, new):
    assert read_of_crashes(suite_folder, old, new) == ["guid", "ts", "app", "weight"]


def test_a_column_that_is_taken_away_by_name_is_not_read(suite_folder):
    new = "FROM (SELECT * EXCLUDE (ts) FROM crashes)"
    found = read_of_crashes(suite_folder, "FROM crashes", new)
    assert found == ["guid", "app", "weight"]


def test_a_recursion_keeps_the_whole_table(suite_folder):
    old = "FROM crashes GROUP"
    new = (
        "FROM (WITH RECURSIVE r AS (SELECT *, 1 AS n FROM crashes UNION ALL "
        "SELECT guid, ts, app, weight, n + 1 FROM r WHERE n < 2) SELECT * FROM r) GROUP"
    )
    found = read_of_crashes(suite_folder, old, new)
    assert found == ["guid", "ts", "app", "weight"]


def test_a_table_may_be_named_in_another_case_in_its_statement(suite_folder):
    path = suite_folder / "source" / "prod" / "crashes.sql"
    path.write_text(path.read_text().replace("TABLE crashes", "TABLE Crashes"))
    sources = lineage.narrowed(suite_lib.load(suite_folder), OPEN)
    assert list(sources["crashes"].types) == ["guid", "app", "weight"]


def test_reporting_tables_are_looked_through(suite_folder):
    (suite_folder / "reporting").mkdir()
    (suite_folder / "reporting" / "late.sql").write_text(
        "/*\ngrain: One row per crash.\nreads: [crashes]\ndevice: guid\n"
        "columns: {guid: machine id, weight: seconds, app: what crashed}\n*/\n"
        "SELECT guid, weight, app FROM crashes WHERE year(ts) > 2000\n"
    )
    text = (suite_folder / CRASHES).read_text()
    text = text.replace("reads: [crashes]", "reads: [late]")
    (suite_folder / CRASHES).write_text(text)
    found = read_of_crashes(suite_folder, "FROM crashes", "FROM late")
    assert found == ["guid", "ts", "app", "weight"]


def test_a_part_of_a_struct_keeps_the_whole_table(suite_folder):
    source = suite_folder / "source" / "prod" / "crashes.sql"
    text = source.read_text()
    struct = text.replace("app VARCHAR", "app STRUCT(name VARCHAR, version VARCHAR)")
    source.write_text(struct)
    apps = suite_folder / "device" / "apps.sql"
    text = apps.read_text().replace("guid, app,", "guid, app.name AS app,")
    apps.write_text(text.replace("GROUP BY guid, app", "GROUP BY ALL"))
    sources = lineage.narrowed(suite_lib.load(suite_folder), OPEN)
    assert list(sources["crashes"].types) == ["guid", "ts", "app", "weight"]


def test_a_column_that_was_not_staged_fails_where_it_is_read():
    with duckdb.connect() as connection:
        staged = connection.from_arrow(pa.table({"guid": ["a", "b"]}))
        types = {"guid": "VARCHAR", "ts": "TIMESTAMP"}
        reading.as_types(staged, types).create_view("crashes")
        counted = connection.sql("SELECT guid, count(*) FROM crashes GROUP BY guid")
        assert sorted(counted.fetchall()) == [("a", 1), ("b", 1)]
        with pytest.raises(duckdb.InvalidInputException, match="not staged"):
            connection.sql("SELECT max(ts) FROM crashes").fetchall()
