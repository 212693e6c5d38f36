"""Suite purchases: each query gives on device tables what it gives on raw rows."""

import pathlib

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from teledp_jax.data import sqlfile
from teledp_jax.suites.purchases import load
from tests import paths
from tests.sql import same_answers

LOADED = paths.suite("purchases")
SOURCE = LOADED.sources["purchases"].file
RAW = pathlib.Path(__file__).parent / "purchases_raw"
QUERIES = {file.name: file for file in sqlfile.read_folder(LOADED.folder / "queries")}


def awkward() -> pa.Table:
    """Purchases without customer, day, number or value, and several on a day."""
    draws, size = np.random.default_rng(5), 4000

    def some(values: list, absent: float) -> list:
        return [None if draws.random() < absent else value for value in values]

    days = np.datetime64("1997-01-01") + draws.integers(0, 500, size)
    customers = [f"{number:03d}" for number in draws.zipf(1.5, size) % 300]
    return pa.table(
        {
            "customer_id": some(customers, 0.05),
            "day": some(days.tolist(), 0.05),
            "num_cds": some(draws.integers(0, 9, size).tolist(), 0.1),
            "value_usd": some((draws.random(size) * 90).tolist(), 0.1),
        }
    )


@pytest.fixture(scope="module", params=["public", "awkward"])
def fleet(request, tmp_path_factory):
    """Two connections: one over raw rows, one over the device tables of them."""
    raw, device = duckdb.connect(), duckdb.connect()
    if request.param == "public":
        folder = tmp_path_factory.mktemp("raw")
        load.load(folder, source=[SOURCE], progress=lambda *_: None)
        raw.read_parquet(f"{folder}/cdnow/purchases/*.parquet").create("purchases")
    else:
        raw.execute(SOURCE.statement)
        raw.from_arrow(awkward()).insert_into("purchases")
    for name, file in LOADED.device_files.items():
        device.from_arrow(raw.sql(file.statement).to_arrow_table()).create(name)
    return raw, device


def test_every_query_has_its_raw_row_statement():
    assert {path.stem for path in RAW.glob("*.sql")} == set(QUERIES)


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_query_gives_on_device_tables_what_it_gives_on_raw_rows(fleet, name):
    raw, device = fleet
    file, statement = QUERIES[name], (RAW / f"{name}.sql").read_text()
    given = device.sql(file.statement)
    assert given.columns == [*file.get("keys"), *file.get("values")]
    same_answers.check(raw.sql(statement), given, file.get("keys"))


def test_a_customer_has_one_row_in_the_anchor_and_one_per_month(fleet):
    raw, device = fleet
    everyone = raw.sql("SELECT count(DISTINCT customer_id) FROM purchases").fetchall()
    assert device.sql("SELECT count(*) FROM customers").fetchall() == everyone
    for table, keys in (("repeats", ()), ("months", ("month",))):
        rows = device.table(table).to_arrow_table()
        kept = rows.select(["customer_id", *keys])
        assert kept.group_by(kept.column_names).aggregate([]).num_rows == len(rows) > 0


@pytest.mark.parametrize("fleet", ["public"], indirect=True)
def test_the_public_data_are_the_published_ones(fleet):
    raw, device = fleet
    assert len(raw.table("purchases")) == 69_659
    assert len(device.table("customers")) == 23_570
    found = device.table("months").to_arrow_table()["month"]
    listed = LOADED.schema.table("months").column("month").categories
    assert set(found.to_pylist()) == set(listed)
