import dataclasses

import fleet
import pytest

from teledp_jax import errors
from teledp_jax.evaluation import catalog, run


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
