import duckdb
import pytest

from teledp_jax import errors
from teledp_jax.data import reduction, warehouse
from tests.data.raw import counts, rows, run_aggregate


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (duckdb.OutOfMemoryException, errors.InputError, "memory_limit"),
        (duckdb.IOException, reduction.StatementError, "disk space"),
        (duckdb.ConversionException, reduction.StatementError, "TRY_CAST"),
    ],
)
def test_faults_of_a_statement_name_it_and_show_no_value(tmp_path, error, kind, text):
    with (
        pytest.raises(errors.InputError, match=text) as caught,
        reduction.reporting(tmp_path / "apps.sql"),
    ):
        raise error("value secret of device m07")
    assert type(caught.value) is kind
    assert "apps.sql" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_progress_counts_the_tables(suite, source, tmp_path):
    seen = []
    run_aggregate(
        suite, source, tmp_path, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_the_row_that_stays_of_a_device_is_the_least_whatever_the_order(
    suite, source, tmp_path
):
    found = []
    for folder, order in (("a", "vendor, ram_gb"), ("b", "vendor DESC, ram_gb DESC")):
        with duckdb.connect() as connection:
            given = connection.sql(
                "SELECT 'm99' AS guid, vendor, 'DE' AS country, ram::INTEGER AS ram_gb "
                "FROM (VALUES ('HP', 8), ('Dell', 16), (NULL, 4), ('Dell', 8)) "
                "t(vendor, ram)"
            )
            given.order(order).write_parquet(str(source / "pad/machines/twice.parquet"))
        run, _ = run_aggregate(suite, source, tmp_path / folder)
        found.append(rows(run.real, "machines")[-1])
        assert counts(run, "machines")["duplicate"] == 3
    assert found == [("m99", "Dell", "EU", 8)] * 2


def test_many_checks_share_a_database_that_stays_empty():
    with warehouse.sealed() as connection:
        for _ in range(2):
            with warehouse.undone(connection):
                connection.execute("CREATE TABLE x (a INTEGER)")
        with pytest.raises(duckdb.Error), warehouse.undone(connection):
            connection.execute("SELECT * FROM nothing")
        assert connection.execute("SHOW TABLES").fetchall() == []
