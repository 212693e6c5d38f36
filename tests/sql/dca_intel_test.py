"""Queries of workload intel give on device tables what the study's give on raw rows.

`published/<query>.sql` is the study's definition, over reporting tables.
"""

import datetime
import pathlib
import types
from typing import Any

import pytest

from teledp_jax import runs
from teledp_jax.data import aggregate, definition, rawfiles
from teledp_jax.queries import run
from tests import paths
from tests.sql import dca_intel_fleet

SUITE = paths.SQL / "dca"
PUBLISHED = pathlib.Path(__file__).parent / "published"
CATALOG = paths.queries("dca")
QUERIES = {query.name: query for query in CATALOG["intel"]}
NUM_DEVICES = 480
DATES = ("DATE", "TIMESTAMP")


def fleet() -> dict[str, list[dict[str, Any]]]:
    """The random fleet, the same each time."""
    return dca_intel_fleet.fleet(NUM_DEVICES, seed=1)


def load() -> definition.Suite:
    """The suite with what workload intel reads."""
    named = {name for query in CATALOG["intel"] for name in query.tables}
    suite = paths.suite("dca")
    return suite.without({table.name for table in suite.schema.tables} - named)


def device_tables(connection, suite, folder, **options):
    """Writes raw tables as Parquet and makes device tables of them, as a job does."""
    for source in suite.sources.values():
        place = rawfiles.table_folder(folder / "raw", source)
        place.mkdir(parents=True)
        connection.table(source.name).write_parquet(str(place / "part-0.parquet"))
    made = runs.Run(folder / "run")
    made.create()
    missing = aggregate.aggregate(
        suite, folder / "raw", made, window=("", ""), device_share=1, holdout=0,
        allow_missing_tables=False, memory_limit="1GB", temp_folder=folder / "temp",
        progress=lambda *_: None, threads=1, **options,
    )  # fmt: skip
    assert not missing
    return made


def reporting(connection, suite):
    """Makes the reporting tables."""
    for name, file in suite.reporting_files.items():
        connection.sql(file.statement).create(name)
    return connection


def of(guids, rows):
    """The raw rows of some devices."""
    return {
        name: [row for row in table if row["guid"] in guids]
        for name, table in rows.items()
    }


@pytest.fixture(scope="module")
def study(dca_raw, tmp_path_factory):
    """The random fleet's results by query, its device tables, its reporting tables."""
    suite, folder = load(), tmp_path_factory.mktemp("study")
    rows = fleet()
    made = device_tables(dca_raw(rows), suite, folder)
    results = run.run_queries(
        made.real, list(QUERIES.values()), made.results("real"), advance=lambda: None
    )
    known = {row["guid"] for row in rows["system_sysinfo_unique_normalized"]}
    return types.SimpleNamespace(
        suite=suite,
        run=made,
        results=results,
        tables=reporting(dca_raw(of(known, rows)), suite),
    )


def cells(relation, columns) -> list[tuple[Any, ...]]:
    """Rows of a relation, as `run` reads them; a blank text is a missing one."""
    relation = relation.project(*(f'"{name}"' for name in columns))
    rows = (tuple(run.as_cell(cell) for cell in row) for row in relation.fetchall())
    return [tuple(None if cell == "" else cell for cell in row) for row in rows]


def comparable(rows):
    """Rows in an order that rounding does not change."""

    def rough(cell):
        is_number = isinstance(cell, (int, float))
        return f"{float(cell):.6g}" if is_number else str(cell)

    blank = [tuple(None if cell == "" else cell for cell in row) for row in rows]
    return sorted(blank, key=lambda row: tuple(map(rough, row)))


def test_every_query_has_a_published_definition():
    assert {path.stem for path in PUBLISHED.glob("*.sql")} == set(QUERIES)
    assert len(QUERIES) == 24


@pytest.mark.parametrize("name", QUERIES)
def test_query_gives_on_device_tables_what_the_study_gives_on_raw_rows(name, study):
    result = study.results[name]
    published = study.tables.sql((PUBLISHED / f"{name}.sql").read_text())
    expected = comparable(cells(published, result.columns))
    found = comparable(result.rows)
    assert len(found) == len(expected) > 0
    for row, other in zip(found, expected, strict=True):
        # The table holds a total and a share, so a direction is known to its rounding.
        small = 1e-11 * (other[1] + other[2]) if name == "server_exploration_1" else 0
        for cell, value in zip(row, other, strict=True):
            if isinstance(value, (int, float)):
                near = pytest.approx(value, rel=1e-9, abs=1e-9 + small)
                assert cell == near, (row, other)
            else:
                assert cell == value, (row, other)


@pytest.mark.parametrize("name", QUERIES)
def test_query_gives_the_columns_of_the_study(name, study):
    published = study.tables.sql((PUBLISHED / f"{name}.sql").read_text())
    left_out = {"guid", "model", "number_of_cores"}
    expected = [column for column in published.columns if column not in left_out]
    assert list(study.results[name].columns) == expected


def test_the_fleet_has_what_makes_these_queries_hard(study):
    tables = study.tables
    ((most,),) = tables.sql(
        "SELECT max(days) FROM ("
        "SELECT count(*) AS days FROM system_psys_rap_watts GROUP BY guid)"
    ).fetchall()
    assert most > 1, "days multiply the weights of a join"
    for name, size in (
        ("userwait_top_10_wait_processes", 10),
        ("top_10_applications_by_app_type_ranked_by_total_detections", 30),
        ("top_10_processes_per_user_id_ranked_by_total_power_consumption", 40),
    ):
        ranks = study.results[name].column(study.results[name].columns[-1])
        assert len(ranks) > len(set(ranks)) or len(ranks) > size, f"{name}: no ties"
    personas = study.results["persona_web_cat_usage_analysis"]
    blank = [row for row in personas.rows if row[3] is None]
    assert 0 < len(blank) < len(personas.rows), "0 / 0 blanks a persona, and not all"
    ((equal,),) = tables.sql(
        "SELECT count(*) FROM read_parquet($1) WHERE sent_share = 0.5",
        params=[str(study.run.real / "system_network_consumption.parquet")],
    ).fetchall()
    assert equal, "who sends exactly as much as it receives does not send more"


def test_rows_of_a_device_depend_on_its_raw_rows_alone(study, dca_raw, tmp_path):
    kept = [f"{number:032x}" for number in range(0, NUM_DEVICES, 40)] + [f"{1:032x}"]
    rows = of(kept, fleet())
    alone = device_tables(dca_raw(rows), study.suite, tmp_path)
    for table in study.suite.schema.tables:
        among, by_itself = (
            study.tables.read_parquet(str(one.real / f"{table.name}.parquet"))
            .filter(f"guid IN ({', '.join(map(repr, kept))})")
            .fetchall()
            for one in (study.run, alone)
        )
        assert repr(sorted(among, key=repr)) == repr(sorted(by_itself, key=repr))
        assert among, table.name


def test_no_value_of_a_device_stops_a_table_or_a_query(study, dca_raw, tmp_path):
    rows = of({f"{number:032x}" for number in range(40)}, fleet())
    limits = {
        "SMALLINT": 2**15 - 1, "INTEGER": 2**31 - 1, "BIGINT": 2**63 - 1,
        "DOUBLE": 1e308, "FLOAT": 3e38, "DATE": datetime.date.max,
        "TIMESTAMP": datetime.datetime.max,
    }  # fmt: skip
    for name, source in study.suite.sources.items():
        usual = rows[name][0] | {"guid": f"{0:032x}"}
        for repeat in (1, 1, -1):
            odd = {
                column: limits[kind] * repeat if kind not in DATES else limits[kind]
                for column, kind in source.types.items()
                if kind in limits and column in usual
            }
            rows[name] += [{**usual, column: odd[column]} for column in odd]
            rows[name].append({**usual, **odd})
    made = device_tables(dca_raw(rows), study.suite, tmp_path)
    results = run.run_queries(
        made.real, list(QUERIES.values()), made.results("real"), advance=lambda: None
    )
    assert all(result is not None for result in results.values())


def test_a_group_table_has_at_most_one_row_a_device(study):
    for table in study.suite.schema.tables:
        path = str(study.run.real / f"{table.name}.parquet")
        rows = study.tables.read_parquet(path)
        keys = ["guid"]
        if table.role == "entity":
            keys += [c.name for c in table.columns if c.kind == "category"]
        distinct = rows.project(*keys).distinct()
        assert len(distinct) == len(rows), table.name


@pytest.mark.parametrize("name", QUERIES)
def test_query_header_names_what_the_query_reads(name, study):
    query = QUERIES[name]
    read = {t.name for t in study.suite.schema.tables if t.name in query.statement}
    assert set(query.tables) == read
    assert query.question.endswith("?")
