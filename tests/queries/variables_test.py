import dataclasses
import pathlib

import pytest

from teledp_jax.methods import independent, pe_conditional
from teledp_jax.queries import catalog, variables
from tests import toys

COUNT = toys.whole("num", 1, 2, 9)
MEAN = toys.number("mean", 0, 1, 2)
APP = toys.category("app", "x", "y")
OS = toys.category("os", "a", "b")
SCHEMA = toys.schema(
    toys.anchor("info", OS, COUNT),
    toys.group("power", MEAN, COUNT),
    toys.group("heat", MEAN),
    toys.entity("apps", APP, COUNT, rows=2, by="num"),
)


def _query(tables, statement, keys=()):
    return catalog.Query(
        path=pathlib.Path("query.sql"),
        workload="w",
        name="query",
        question="",
        codename="",
        type="aggregate",
        rare=False,
        tables=tables,
        keys=keys,
        within=(),
        coverage=None,
        values=(),
        contributions=None,
        statement=statement,
    )


BY_OS = _query(
    ("info", "power"),
    "SELECT os, avg(mean) FROM info JOIN power USING (guid) -- not num\n"
    "WHERE os <> 'num' GROUP BY os",
    ("os",),
)
BY_APP = _query(("apps",), "SELECT app, sum(num) FROM apps GROUP BY app", ("app",))


def test_variables_are_the_columns_that_the_statement_names():
    assert variables.variables(SCHEMA, BY_OS) == ("info/os", "power/rows", "power/mean")


def test_a_key_is_paired_with_what_is_measured():
    assert variables.pairs(SCHEMA, [BY_OS, BY_OS]) == (("info/os", "power/mean"),)
    assert variables.pairs(SCHEMA, [BY_APP]) == (("apps/app", "apps/num"),)


def test_without_measured_columns_presence_is_paired():
    query = _query(("info", "power"), "SELECT os, count(*) FROM info JOIN power", ())
    assert variables.pairs(SCHEMA, [query]) == (("info/os", "power/rows"),)


def test_tables_that_no_key_ties_are_paired_whole_and_by_presence():
    query = _query(("power", "heat"), "SELECT corr(p.mean, h.mean) FROM power, heat")
    assert variables.pairs(SCHEMA, [query]) == (
        ("power/mean", "heat/mean"),
        ("power/rows", "heat/rows"),
    )


def test_features_are_the_variables_of_each_query_once():
    found = variables.features(SCHEMA, [BY_OS, BY_APP, BY_OS])
    assert found == (
        ("info/os", "power/rows", "power/mean"),
        ("apps/rows", "apps/app", "apps/num"),
    )


def test_what_a_config_leaves_open_is_filled():
    filled = variables.fill(pe_conditional.Config(), SCHEMA, [BY_OS])
    assert filled.pairs == (("info/os", "power/mean"),)
    stated = pe_conditional.Config(pairs=())
    assert variables.fill(stated, SCHEMA, [BY_OS]).pairs == ()
    plain = independent.Config()
    assert variables.fill(plain, SCHEMA, [BY_OS]) == plain


@pytest.mark.parametrize("config", [pe_conditional.Config()])
def test_nothing_else_changes(config):
    filled = variables.fill(config, SCHEMA, [BY_OS])
    known = {field.name for field in dataclasses.fields(config)} - {"pairs", "features"}
    assert all(getattr(filled, name) == getattr(config, name) for name in known)
