"""What devices add to a query follows from their own rows."""

import duckdb
import numpy as np
import pytest

from teledp_jax import errors
from teledp_jax.queries import asking, catalog
from tests.queries import fleet

SUMS = (
    "SELECT guid, sum(hangs * 0.1 + num_crashes / 3.0) AS amount"
    " FROM apps JOIN crashes USING (guid) JOIN devices USING (guid) GROUP BY ALL"
)
FAILS = (
    "SELECT guid, CASE WHEN num_crashes > 5 THEN error('no') ELSE 1 END AS amount"
    " FROM devices JOIN crashes USING (guid) JOIN apps USING (guid)"
)


@pytest.fixture
def query(tmp_path):
    """A query that reads all three tables."""
    text = fleet.BY_COUNTRY.replace("[devices, crashes]", "[devices, crashes, apps]")
    suite = fleet.suite(tmp_path / "suite", all_tables=text)
    return catalog.load(suite.folder / "queries")["stability"][0]


def added(folder, query, statement):
    found = asking.of_files(folder, query, statement)
    return sorted(zip(*found.to_pydict().values(), strict=True))


def write(folder, *, crowd):
    """300 devices with 30 applications each, and a crowd that has none."""
    hangs = np.random.default_rng(0).integers(1, 9, (300, 30))
    fleet.write(
        folder,
        countries=["DE"] * (300 + crowd),
        crashes={device: device % 7 for device in range(300)},
        apps=[(i, "a", int(own)) for i, row in enumerate(hangs) for own in row],
    )


def test_who_else_is_there_changes_no_bit_of_a_sum(tmp_path, query):
    write(tmp_path / "few", crowd=0)
    write(tmp_path / "many", crowd=20_000)
    few = added(tmp_path / "few", query, SUMS)
    assert len(few) == 300 and few == added(tmp_path / "many", query, SUMS)


def test_a_device_that_makes_a_statement_fail_adds_nothing(tmp_path, query):
    apps = [(device, "a", 1) for device in range(5)]
    crashes = {0: 1, 1: 9, 2: 2, 3: 7, 4: 3}
    fleet.write(tmp_path / "t", countries=["DE"] * 5, crashes=crashes, apps=apps)
    expected = [("id0", 1), ("id2", 1), ("id4", 1)]
    assert added(tmp_path / "t", query, FAILS) == expected
    crashes = dict.fromkeys(range(5), 9)
    fleet.write(tmp_path / "none", countries=["DE"] * 5, crashes=crashes, apps=apps)
    assert added(tmp_path / "none", query, FAILS) == []


def test_a_database_is_sealed_and_its_plans_are_fixed():
    with asking.database() as connection:
        disabled = connection.sql("SELECT current_setting('disabled_optimizers')")
        assert "join_order" in disabled.fetchall()[0][0]
        for statement in ("SET threads = 4", "SET disabled_optimizers = ''"):
            with pytest.raises(duckdb.Error, match="locked"):
                connection.execute(statement)


def test_a_damaged_table_is_an_error_of_its_file_not_of_devices(tmp_path, query):
    write(tmp_path / "t", crowd=0)
    path = tmp_path / "t" / "apps.parquet"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(errors.InputError, match=r"apps\.parquet"):
        added(tmp_path / "t", query, SUMS)
