import dataclasses

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax import errors
from teledp_jax.queries import catalog, dry_run, run
from tests.queries import fleet


@pytest.fixture
def queries(tmp_path):
    suite = fleet.suite(tmp_path / "suite")
    return catalog.load(suite.folder / "queries")["stability"]


def run_all(folder, queries, out, *, missing=()):
    return run.run_queries(
        folder, queries, out, missing_tables=missing, advance=lambda: None
    )


@pytest.mark.parametrize("name", ["plain", "wild[card]*'s"])
def test_results_are_those_of_the_sql(tmp_path, queries, name):
    fleet.write_usual(tmp_path / name)
    results = run_all(tmp_path / name, queries, tmp_path / "out")
    result = results["crashes_by_country"]
    assert result.columns == ("country", "num_devices", "mean_crashes")
    assert result.rows == (("DE", 2, 3.0), ("US", 1, 6.0))
    text = (tmp_path / "out" / "crashes_by_country.csv").read_text()
    assert text.split() == ["country,num_devices,mean_crashes", "DE,2,3.0", "US,1,6.0"]


def test_results_read_back_as_they_were(tmp_path, queries):
    fleet.write_usual(tmp_path / "real")
    results = run_all(tmp_path / "real", queries, tmp_path / "out")
    for name, result in results.items():
        assert run.read(tmp_path / "out" / f"{name}.csv", result) == result
    assert run.read(tmp_path / "out" / "none.csv", None) is None


def test_a_missing_table_names_the_file_and_the_remedy(tmp_path, queries):
    fleet.write_usual(tmp_path / "real")
    (tmp_path / "real" / "crashes.parquet").unlink()
    with pytest.raises(
        errors.InputError, match=r"lacks crashes.parquet; make it again"
    ):
        run_all(tmp_path / "real", queries, tmp_path / "out")


def test_queries_on_a_missing_table_are_not_evaluated_if_allowed(tmp_path, queries):
    fleet.write_usual(tmp_path / "real")
    (tmp_path / "real" / "crashes.parquet").unlink()
    results = run_all(tmp_path / "real", queries, tmp_path / "out", missing=["crashes"])
    assert results["crashes_by_country"] is None
    assert len(results["top_apps"].rows) == 3
    assert not (tmp_path / "out" / "crashes_by_country.csv").exists()


def test_a_truncated_table_names_the_file(tmp_path, queries):
    fleet.write_usual(tmp_path / "real")
    (tmp_path / "real" / "apps.parquet").write_bytes(b"PAR1")
    with pytest.raises(errors.InputError, match=r"apps\.parquet"):
        run_all(tmp_path / "real", queries, tmp_path / "out")


HOSTILE = (
    "COPY (SELECT 1) TO 'FOLDER/evil.csv'",
    "COPY (SELECT 1 AS app) TO 'FOLDER/apps.parquet' (USE_TMP_FILE false)",
    "COPY apps FROM '/etc/passwd'",
    "EXPORT DATABASE 'FOLDER/evil'",
    "ATTACH 'FOLDER/evil.db'",
    "ATTACH ':memory:' AS evil",
    "CREATE TABLE evil AS SELECT 1",
    "DROP VIEW apps",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "SET VARIABLE evil = 1",
    "PRAGMA enable_profiling = 'json'",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "PREPARE evil AS SELECT 1",
    "USE memory",
    "SELECT 1; COPY (SELECT 1) TO 'FOLDER/evil.csv'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('FOLDER/../secret.parquet')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'FOLDER/../secret.parquet'",
    "SELECT * FROM parquet_metadata('FOLDER/../secret.parquet')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM query('SELECT * FROM read_csv(''/etc/passwd'')')",
    "SELECT * FROM read_json('http://localhost/evil')",
    "SELECT * FROM secret",  # a variable of Python, which stands in this test
)


@pytest.mark.parametrize("statement", HOSTILE)
def test_a_hostile_query_is_refused_in_one_line_and_does_nothing(
    tmp_path, queries, statement
):
    secret = pa.table({"app": ["secret"], "hangs": [1]})
    pq.write_table(secret, tmp_path / "secret.parquet")
    folder = tmp_path / "real"
    fleet.write_usual(folder)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    text = statement.replace("FOLDER", str(folder))
    query = dataclasses.replace(queries[1], statement=text, path=tmp_path / "evil.sql")
    schema = fleet.suite(tmp_path / "again").schema
    with pytest.raises(errors.InputError, match=r"evil\.sql: ") as caught:
        dry_run.check([query], schema)
    assert "\n" not in str(caught.value)
    try:  # and though nobody had checked it
        assert run_all(folder, [query], tmp_path / "out") == {"top_apps": None}
    except errors.InputError as error:
        assert "evil.sql" in str(error)
    assert before == {path: path.read_bytes() for path in before}
    assert not list(tmp_path.rglob("evil*")) and not (tmp_path / "out").exists()


def test_a_query_reaches_no_other_file(tmp_path, queries):
    fleet.write_usual(tmp_path / "real")
    fleet.write_usual(tmp_path / "other")
    statement = "SELECT * FROM 'OTHER/apps.parquet' AS apps"
    statement = statement.replace("OTHER", str(tmp_path / "other"))
    query = dataclasses.replace(queries[1], statement=statement)
    assert run_all(tmp_path / "real", [query], tmp_path / "out")["top_apps"] is None


def test_a_query_that_fails_on_a_value_does_not_quote_it(tmp_path, queries, caplog):
    fleet.write_usual(tmp_path / "real")
    statement = "SELECT app, app::INTEGER AS hangs FROM apps"
    query = dataclasses.replace(queries[1], statement=statement)
    with caplog.at_level("WARNING", logger="absl"):
        results = run_all(tmp_path / "real", [query], tmp_path / "out")
    assert results["top_apps"] is None
    assert "Could not convert" not in caplog.text
