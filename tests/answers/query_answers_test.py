import pathlib
import random

import dp_accounting
import duckdb
import jax
import numpy as np
import pytest

from teledp_jax import base, errors, runs, schemas
from teledp_jax.answers import query_answers, workload
from teledp_jax.data import sqlfile
from teledp_jax.queries import catalog, contributions, dry_run
from tests import paths
from tests.queries import fleet
from tests.queries.fleet import TOP_APPS

SUITES = ("dca", "eventlog", "flights")

DECLARED = """contributions:
  select: >-
    SELECT guid, country, num_crashes AS crashes
    FROM devices JOIN crashes USING (guid)
  keys: {country: devices.country}
  amounts: {crashes: 5}
  values:
    num_devices: devices
    mean_crashes: [crashes, devices]
"""


def query(text: str, tmp_path: pathlib.Path) -> catalog.Query:
    """The query by country of the handmade suite, with `text` in its header."""
    suite = fleet.suite(
        tmp_path / "suite", by_country=fleet.BY_COUNTRY.replace("*/", text + "*/")
    )
    found = catalog.load(suite.folder / "queries")["stability"]
    dry_run.check(found, fleet.SCHEMA)
    return found[0]


KEYS = "keys: [app, again]"
AGAIN = "SELECT app, app AS again"


def answer(
    run: runs.Run,
    asked: catalog.Query,
    sigma: float,
    noise: base.IntegerNoise = lambda key, values, sigma: values,
) -> list[dict[str, str]]:
    """The noisy result of one query."""
    stated = workload.Noise(dp_accounting.NoOpDpEvent(), sigma, 1e-6)
    query_answers.answer(
        run,
        fleet.SCHEMA,
        query_answers.plan([asked], fleet.SCHEMA),
        stated,
        key=jax.random.key(0),
        context=base.Context(
            base.MemoryStore(),
            lambda *args: None,
            noise,
        ),
    )
    return runs.read_csv(run.results(runs.QUERY_ANSWERS) / f"{asked.name}.csv")


def test_without_noise_an_answer_is_the_clipped_truth(tmp_path):
    run = runs.Run(tmp_path / "run")
    fleet.write(
        run.real,
        countries=["DE", "DE", "US", None, "FR"],
        crashes={0: 2, 1: 4, 2: 60, 3: 1, 4: 1},
        apps=[],
    )
    rows = answer(run, query(DECLARED, tmp_path), sigma=1.0)
    assert [row["country"] for row in rows] == ["DE", "US"]
    assert [float(row["num_devices"]) for row in rows] == [2, 1]
    assert [float(row["mean_crashes"]) for row in rows] == pytest.approx([3, 5])


def test_a_cell_within_the_noise_is_left_out(tmp_path):
    run = runs.Run(tmp_path / "run")
    fleet.write(
        run.real,
        countries=["DE"] * 9 + ["US"],
        crashes=dict.fromkeys(range(10), 1),
        apps=[],
    )
    rows = answer(run, query(DECLARED, tmp_path), sigma=2.0 * workload.STEPS)
    assert [row["country"] for row in rows] == ["DE"]


PRIVATE = """contributions:
  select: SELECT guid, app, app AS again, hangs FROM apps
  keys: {app: private, again: private}
  max_cells: 2
  amounts: {hangs: 5}
  values:
    hangs: hangs
"""


def test_names_of_one_device_neither_multiply_nor_show_by_chance(tmp_path):
    # Two private keys: a product over all names would be 9,000,000 cells.
    declared = TOP_APPS.replace("*/", PRIVATE + "*/").replace("keys: [app]", KEYS)
    suite = fleet.suite(tmp_path / "suite", top=declared.replace("SELECT app", AGAIN))
    (asked,) = catalog.load(suite.folder / "queries")["stability"]
    run = runs.Run(tmp_path / "run")
    own = [(0, f"own{number:05d}", 9) for number in range(3_000)]
    others = [(device, "a", 1) for device in range(1, 40)]
    fleet.write(run.real, countries=["DE"] * 40, crashes={}, apps=own + others)
    shapes = []

    def noise(key, values, sigma):
        shapes.append(values.shape)
        return values + 10**7  # shows all that may show at all

    rows = answer(run, asked, sigma=1.0, noise=noise)
    assert shapes == [(3, 2)]  # what all have, and what one device keeps
    assert [row["app"] for row in rows] == ["a", "own00000", "own00001"]


def test_a_query_without_a_declaration_is_not_answered(tmp_path):
    plain, declared = query("", tmp_path / "a"), query(DECLARED, tmp_path / "b")
    planned = query_answers.plan([plain], fleet.SCHEMA)
    assert planned.blocks == () and planned.not_answered == ("by_country",)
    planned = query_answers.plan([declared], fleet.SCHEMA, missing_tables=["crashes"])
    assert planned.not_answered == ("by_country",)
    block = query_answers.plan([declared], fleet.SCHEMA).blocks[0]
    assert block == workload.Block("by_country", 1, ((0, 1), (0, 5)), False)


def make(**changes) -> contributions.Contributions:
    fields = {
        "select": "",
        "keys": {"app": ("a", "b", "c")},
        "max_cells": 1,
        "amounts": {"devices": (0.0, 1.0), "hangs": (0.0, 9.0)},
        "values": {"hangs": contributions.Formula(numerator="hangs")},
        "at_least": 0.0,
        "top": None,
    }
    return contributions.Contributions(**{**fields, **changes})


def test_a_ranking_keeps_the_first_of_each_part():
    top = contributions.Top(by="hangs", limit=1, within=("country",))
    declared = make(keys={"country": ("DE", "US"), "app": ("a", "b")}, top=top)
    cells = [("DE", "a"), ("DE", "b"), ("US", "a"), ("US", "b")]
    sums = np.array([[50.0, 3.0], [50.0, 9.0], [50.0, 5.0], [1.0, 99.0]])
    result = query_answers.assemble(declared, cells, sums, spread=2.0)
    assert result.columns == ("country", "app", "hangs")
    assert result.rows == (("DE", "b", 9.0), ("US", "a", 5.0))


def test_a_share_is_of_all_cells():
    share = contributions.Formula(numerator="hangs", is_share=True)
    sums = np.array([[50.0, 30.0], [50.0, 10.0], [50.0, -5.0]])
    declared = make(values={"percent": share})
    result = query_answers.assemble(
        declared, [("a",), ("b",), ("c",)], sums, spread=0.0
    )
    assert result.rows == (("a", 75.0), ("b", 25.0), ("c", 0.0))


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("crashes: 5", "crashes: -1", "amounts.crashes must be"),
        ("[crashes, devices]", "[hangs, devices]", "none of"),
        ("devices.country", "devices.ram_gb", "no category column"),
        ("AS crashes", "AS other", "select gives"),
        ("JOIN crashes", "JOIN elsewhere", "does not run"),
        ("keys:", "key:", "must be a mapping"),
        ("  keys:", "  max_cells: 0\n  keys:", "max_cells=0"),
        ("  keys:", "  top: {by: nothing, limit: 1}\n  keys:", "top needs by"),
    ],
)
def test_a_faulty_declaration_is_refused(tmp_path, old, new, match):
    with pytest.raises(errors.InputError, match=match):
        query(DECLARED.replace(old, new), tmp_path)


def random_rows(column: schemas.Column, count: int, chance: random.Random) -> list:
    if column.is_number:
        values = [chance.uniform(*column.bounds) for _ in range(count)]
        return [int(v) for v in values] if column.kind == "integer" else values
    return [chance.choice(column.categories) for _ in range(count)]


@pytest.mark.parametrize("suite", SUITES)
def test_what_a_device_contributes_follows_from_its_own_rows(suite):
    # With one device taken out of all tables, no other device contributes otherwise.
    schema = paths.suite(suite).schema
    chance = random.Random(0)
    types = {"category": "VARCHAR", "integer": "BIGINT", "double": "DOUBLE"}
    with duckdb.connect() as connection:
        for table in schema.tables:
            per_device = 3 if table.role == "entity" else 1
            ids = [f"d{i}" for i in range(12) for _ in range(per_device)]
            columns = [ids] + [
                random_rows(column, len(ids), chance) for column in table.columns
            ]
            names = [f"{schema.device} VARCHAR"] + [
                f"{column.name} {types[column.kind]}" for column in table.columns
            ]
            connection.execute(f"CREATE TABLE {table.name} ({', '.join(names)})")
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table.name} VALUES ({marks})",  # noqa: S608
                [list(row) for row in zip(*columns, strict=True)],
            )
        selects = [
            found.contributions.select
            for queries in paths.queries(suite).values()
            for found in queries
            if found.contributions is not None
        ]
        before = [connection.execute(select).fetchall() for select in selects]
        for table in schema.tables:
            connection.execute(
                f"DELETE FROM {table.name} WHERE {schema.device} = 'd3'"  # noqa: S608
            )
        after = [connection.execute(select).fetchall() for select in selects]
    assert len(selects) >= 7
    for select, old, new in zip(selects, before, after, strict=True):
        rest = sorted((row for row in old if row[0] != "d3"), key=repr)
        assert sorted(new, key=repr) == rest, select


def test_files_declare_only_what_their_results_hold():
    for suite in SUITES:
        for queries in paths.queries(suite).values():
            for found in queries:
                if found.contributions is None:
                    continue
                given = {*found.contributions.keys, *found.contributions.values}
                needed = {v.column for v in found.values if v.metric != "row_count"}
                assert {*found.keys, *needed} <= given, found.path


def test_a_header_without_contributions_has_none(tmp_path):
    file = sqlfile.read_folder(fleet.suite(tmp_path / "suite").folder / "queries")[0]
    assert contributions.parse(file) is None
