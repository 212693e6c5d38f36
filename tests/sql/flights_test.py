"""Suite flights: each query gives on device tables what it gives on raw rows."""

import pathlib

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from teledp_jax import schemas
from teledp_jax.data import definition, sqlfile
from teledp_jax.suites.flights import load
from tests import paths
from tests.sql import same_answers

SUITE = paths.SQL / "flights"
RAW = pathlib.Path(__file__).parent / "flights_raw"
QUERIES = {file.name: file for file in sqlfile.read_folder(SUITE / "queries")}


@pytest.fixture(scope="module")
def loaded() -> definition.Suite:
    return paths.suite("flights")


@pytest.fixture(scope="module", params=["public", "awkward"])
def fleet(request, loaded, tmp_path_factory):
    """Two connections: one over raw tables, one over the device tables of them."""
    raw, device = duckdb.connect(), duckdb.connect()
    files = [source.file for source in loaded.sources.values()]
    if request.param == "public":
        folder = tmp_path_factory.mktemp("raw")
        load.load(folder, source=files, progress=lambda *_: None)
        for file in files:
            path = folder / "nycflights13" / file.name / "part-00000.parquet"
            raw.read_parquet(str(path)).create(file.name)
    else:
        for name, table in awkward_tables().items():
            raw.execute(loaded.sources[name].file.statement)
            expected = raw.table(name).to_arrow_table().schema
            raw.from_arrow(filled(table, expected)).insert_into(name)
    for name, file in loaded.device_files.items():
        table = raw.sql(file.statement).to_arrow_table()
        device.from_arrow(table).create(name)
    raw.execute((RAW.parent / "flights_views.sql").read_text())
    return raw, device


def filled(table: pa.Table, expected: pa.Schema) -> pa.Table:
    """The columns of a schema; those that the table lacks are absent throughout."""
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in expected
    ]
    return pa.table(columns, schema=expected)


def awkward_tables() -> dict[str, pa.Table]:
    """Flights without tail number, delay or weather, and aircraft without a flight."""
    draws = np.random.default_rng(3)
    num_flights, tails = 12_000, [f"N{number}" for number in range(260)] + [None]

    def some(low: int, high: int, absent: float) -> list[int | None]:
        values = draws.integers(low, high, num_flights)
        return [None if draws.random() < absent else int(value) for value in values]

    def one_of(values: list[str | None], size: int) -> list[str | None]:
        return [values[index] for index in draws.integers(len(values), size=size)]

    hours = draws.integers(0, 300, num_flights).astype("datetime64[h]")
    makers = ["AIRBUS INDUSTRIE", "Boeing", "CANADAIR", "DOUGLAS", "KITE WORKS", None]
    types = ["Rotorcraft", "Fixed wing single engine", "Other", None]
    columns = {
        "month": some(1, 13, 0.0), "dep_delay": some(-30, 900, 0.1),
        "arr_delay": some(-60, 900, 0.1), "air_time": some(20, 500, 0.05),
        "distance": some(100, 3000, 0.0), "hour": some(0, 24, 0.0),
        "carrier": one_of(["AA", "DL", "ZZ"], num_flights),
        "tailnum": one_of(tails, num_flights),
        "origin": one_of(["EWR", "JFK", "LGA"], num_flights),
        "dest": one_of(["ATL", "HNL", "ORD", "XXX", "SEA"], num_flights),
        "time_hour": hours.astype("datetime64[us]"),
    }  # fmt: skip
    num_hours = 250
    known = np.tile(np.arange(num_hours).astype("datetime64[h]"), 2)
    size = len(known)
    weather = {
        "origin": ["EWR"] * num_hours + ["JFK"] * num_hours,
        "time_hour": known.astype("datetime64[us]"),
        "visib": [None if draws.random() < 0.1 else v for v in draws.random(size) * 10],
        "precip": [None if v < 0.1 else max(v - 0.7, 0.0) for v in draws.random(size)],
        "wind_speed": [None if v < 3 else v for v in draws.random(size) * 30],
    }
    fleet = [tail for tail in tails if tail] + [f"P{number}" for number in range(20)]
    aircraft = {
        "tailnum": fleet,
        "manufacturer": one_of(makers, len(fleet)),
        "type": one_of(types, len(fleet)),
        "engine": one_of(["Turbo-fan", "4 Cycle", None], len(fleet)),
        "seats": [int(seats) for seats in draws.integers(1, 400, len(fleet))],
        "year": [None if tail[0] == "P" else 1950 + ord(tail[1]) for tail in fleet],
    }
    airports = {"faa": ["ATL", "HNL", "ORD", "SEA"], "tz": [-5, -10, -6, -8]}
    airlines = {"carrier": ["AA", "DL"], "name": ["American", "Delta"]}
    return {
        "flights": pa.table(columns), "weather": pa.table(weather),
        "aircraft": pa.table(aircraft), "airports": pa.table(airports),
        "airlines": pa.table(airlines),
    }  # fmt: skip


def runs_over(
    device: duckdb.DuckDBPyConnection, tables: set[str], statement: str
) -> bool:
    """Whether a statement binds where only these device tables are."""
    with duckdb.connect() as connection:
        for table in tables:
            empty = device.table(table).limit(0).to_arrow_table()
            connection.from_arrow(empty).create(table)
        try:
            connection.sql(statement)
        except duckdb.CatalogException:
            return False
        return True


def test_every_query_has_its_raw_row_statement():
    assert {path.stem for path in RAW.glob("*.sql")} == set(QUERIES)


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_query_gives_on_device_tables_what_it_gives_on_raw_rows(fleet, name):
    raw, device = fleet
    file, statement = QUERIES[name], (RAW / f"{name}.sql").read_text()
    same_answers.check(raw.sql(statement), device.sql(file.statement), file.get("keys"))


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_header_names_what_the_query_reads_and_gives(fleet, name):
    _, device = fleet
    header = QUERIES[name].header
    relation = device.sql(QUERIES[name].statement)
    assert relation.columns == [*header["keys"], *header["values"]]
    tables = set(header["tables"])
    assert runs_over(device, tables, QUERIES[name].statement)
    for table in tables:
        assert not runs_over(device, tables - {table}, QUERIES[name].statement)


def test_queries_have_all_types_some_rare_and_codenames_of_their_own():
    headers = [file.header for file in QUERIES.values()]
    types = {"aggregate", "topk", "geographic", "histogram", "pivot"}
    assert {header["type"] for header in headers} == types
    assert sum(header.get("rare", False) for header in headers) >= 3
    assert len({header["codename"] for header in headers}) == len(headers)


@pytest.mark.parametrize("fleet", ["public"], indirect=True)
def test_rare_queries_are_about_less_than_a_twentieth_of_the_fleet(fleet):
    _, device = fleet
    [(everyone,)] = device.sql("SELECT count(*) FROM aircraft").fetchall()
    for file in QUERIES.values():
        if file.header.get("rare", False):
            rows = device.sql(file.statement)
            index = rows.columns.index("num_aircraft")
            assert sum(row[index] for row in rows.fetchall()) < everyone / 20


def test_device_tables_hold_a_device_at_most_as_often_as_their_role_allows(
    loaded, fleet
):
    _, device = fleet
    for table in loaded.schema.tables:
        tails = device.table(table.name).to_arrow_table()["tailnum"]
        assert not tails.null_count
        if table.role != "entity":
            assert len(tails.unique()) == len(tails)


def test_every_tail_number_of_a_flight_or_of_the_registry_has_one_anchor_row(fleet):
    raw, device = fleet
    expected = raw.sql(
        "SELECT tailnum FROM aircraft UNION "
        "SELECT tailnum FROM flights WHERE tailnum IS NOT NULL ORDER BY ALL"
    ).fetchall()
    given = device.sql("SELECT tailnum FROM aircraft ORDER BY ALL").fetchall()
    assert given == expected


def test_flattened_record_stays_modest(loaded):
    assert isinstance(loaded.schema, schemas.Schema)
    assert len(loaded.schema.narrowed().heads) <= 100
