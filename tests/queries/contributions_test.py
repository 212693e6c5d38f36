import pathlib

import duckdb
import pytest

from teledp_jax import errors
from teledp_jax.data import sqlfile
from teledp_jax.queries import contributions
from tests import toys

SCHEMA = toys.schema(toys.anchor("base", toys.KIND, toys.SIZE))
DECLARED = {
    "select": "SELECT guid, kind, sum(size) AS total FROM base GROUP BY ALL",
    "keys": {"kind": "base.kind"},
    "amounts": {"total": 100},
    "values": {"num": "devices", "mean": ["total", "devices", 2]},
    "at_least": 50,
}


def parse(**changes):
    header = {"contributions": {**DECLARED, **changes}}
    file = sqlfile.SqlFile(path=pathlib.Path("q.sql"), header=header, statement="")
    return contributions.parse(file)


def check(declared) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE base (guid TEXT, kind TEXT, size DOUBLE)")
        contributions.check(connection, declared, SCHEMA)


def test_a_header_states_amounts_values_and_keys():
    found = parse()
    assert found.amounts == {"devices": (0.0, 1.0), "total": (0.0, 100.0)}
    assert found.values["num"] == contributions.Formula(numerator="devices")
    assert found.values["mean"] == contributions.Formula(
        numerator="total", denominator="devices", factor=2.0
    )
    assert (found.max_cells, found.at_least, found.top) == (1, 50.0, None)
    assert contributions.resolve(found, SCHEMA) == {"kind": ("a", "b", "c")}
    check(found)


def test_keys_may_be_listed_or_private():
    found = parse(keys={"kind": ["a", 7], "other": "private"})
    assert contributions.resolve(found, SCHEMA) == {"kind": ("a", 7), "other": None}


def test_a_query_need_not_declare_them():
    file = sqlfile.SqlFile(path=pathlib.Path("q.sql"), header={}, statement="")
    assert contributions.parse(file) is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"select": 1}, "lacks its select"),
        ({"values": {}}, "lacks its values"),
        ({"values": {"v": "sizes"}}, "none of"),
        ({"values": {"v": ["total"]}}, "no sum, ratio or share"),
        ({"amounts": {"total": 0}}, "must be high > 0"),
        ({"amounts": {"total": [1, 2]}}, "must be high > 0"),
        ({"amounts": {"total": float("nan")}}, "must be high > 0"),
        ({"max_cells": True}, "max_cells=True"),
        ({"max_cells": 0}, "max_cells=0"),
        ({"at_least": "many"}, "must be a number"),
        ({"keys": {"kind": [["a"]]}}, "texts or numbers"),
        ({"keys": {"kind": [False]}}, "texts or numbers; quote"),
        ({"keys": {"kind": "kinds"}}, "table.column or private"),
        ({"top": {"by": ["num"], "limit": 3}}, "top needs by"),
        ({"top": {"by": "num", "limit": 0}}, "top needs by"),
        ({"top": {"by": "num", "limit": 3, "within": [["kind"]]}}, "list of keys"),
        ({"top": {"by": "num", "limit": 3, "ascending": "no"}}, "true or false"),
        ({"wrong": 1}, "must be a mapping of"),
    ],
)
def test_a_fault_names_the_file_and_the_field(changes, text):
    with pytest.raises(errors.InputError, match=text) as caught:
        parse(**changes)
    assert str(caught.value).startswith("q.sql: contributions")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"keys": {"kind": "base.size"}}, "no category column"),
        ({"keys": {"kind": "base.none"}}, "no category column"),
        ({"select": "SELECT guid, kind FROM base"}, "the header states"),
        ({"select": "SELECT 1; SELECT 2"}, "expected one SELECT"),
        ({"select": "SELECT guid FROM nothing"}, "does not run"),
    ],
)
def test_a_select_that_differs_is_found_over_empty_tables(changes, text):
    with pytest.raises(errors.InputError, match=text):
        check(parse(**changes))
