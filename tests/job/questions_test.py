"""What devices add to the answers of a workload's queries."""

import dataclasses

import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax.job import questions, settings
from teledp_jax.queries import catalog
from tests.queries import fleet

CONTRIBUTIONS = """contributions:
  select: >-
    {select}
  keys: {{country: devices.country}}
  amounts: {{crashes: 10}}
  values:
    num_devices: devices
    mean_crashes: [crashes, devices]
*/"""
SELECT = (
    "SELECT guid, country, num_crashes AS crashes"
    " FROM devices JOIN crashes USING (guid)"
)
# Heads: country, ram_gb; apps: rows, three times app, hangs; crashes: rows, number.
# Country 1 is DE and 2 is US; 2 crashes fall in bin [1, 5), coded 2, 6 in [5, 10).
CODES = np.zeros((4, 11), int)
CODES[:, 0] = [1, 1, 2, 2]
CODES[:, 9:] = [[1, 2], [1, 3], [1, 2], [0, 0]]


@pytest.fixture(scope="module")
def devices():
    order = [head.table for head in fleet.SCHEMA.heads]
    assert order == ["devices"] * 2 + ["apps"] * 7 + ["crashes"] * 2
    return arrays.unflatten(fleet.SCHEMA, CODES)


def queries(folder, select=SELECT):
    header = CONTRIBUTIONS.format(select=select)
    text = fleet.BY_COUNTRY.replace("*/", header, 1)
    suite = fleet.suite(folder, by_country=text, top_apps=fleet.TOP_APPS)
    return suite, catalog.load(folder / "queries")["stability"]


def rows(asked):
    """Device, group and amounts of each row, in order."""
    named = [asked.groups[group] for group in asked.group]
    return sorted(
        zip(asked.device.tolist(), named, asked.amounts.tolist(), strict=True)
    )


def test_devices_add_their_own_rows(tmp_path, devices):
    _, found = queries(tmp_path)
    (asked,) = questions.ask(fleet.SCHEMA, found, devices, devices)
    assert asked.query == "by_country"  # the other declares nothing
    assert asked.ratios == ((1, 0),)
    low, high = asked.amounts[:2, 1]
    assert 1 <= low < 5 <= high < 10
    assert rows(asked) == [
        (0, ("DE",), [1.0, low]),
        (1, ("DE",), [1.0, high]),
        (2, ("US",), [1.0, low]),
    ]


def test_one_device_more_changes_nothing_of_the_others(tmp_path, devices):
    _, found = queries(tmp_path)
    fewer = arrays.take(devices, slice(0, 2))
    (asked,) = questions.ask(fleet.SCHEMA, found, devices, devices)
    (before,) = questions.ask(fleet.SCHEMA, found, fewer, devices)
    assert rows(before) == rows(asked)[:2]


def test_who_else_is_there_changes_no_bit_of_a_sum(tmp_path, devices):
    select = (
        "SELECT guid, country, sum(hangs * 0.1 + num_crashes / 3.0) AS crashes"
        " FROM apps JOIN crashes USING (guid) JOIN devices USING (guid) GROUP BY ALL"
    )
    codes = np.repeat(CODES[:3], 100, axis=0)
    codes[:, 2] = 3
    codes[:, 3:9] = np.random.default_rng(0).integers(1, 4, (300, 6))
    crowd = np.zeros((5000, 11), int)  # without apps or crashes: other sizes of tables
    crowd[:, 0] = 1
    few = arrays.unflatten(fleet.SCHEMA, codes)
    many = arrays.unflatten(fleet.SCHEMA, np.concatenate([codes, crowd]))
    _, found = queries(tmp_path, select)
    (alone,) = questions.ask(fleet.SCHEMA, found, few, few)
    (among,) = questions.ask(fleet.SCHEMA, found, many, few)
    assert len(alone.device) == 300 and rows(alone) == rows(among)


def test_a_device_that_makes_a_statement_fail_adds_nothing(tmp_path, devices):
    failing = SELECT.replace(
        "num_crashes AS", "CASE WHEN num_crashes > 5 THEN error('no') ELSE 1 END AS"
    )
    _, found = queries(tmp_path, failing)
    (asked,) = questions.ask(fleet.SCHEMA, found, devices, devices)
    assert rows(asked) == [(0, ("DE",), [1.0, 1.0]), (2, ("US",), [1.0, 1.0])]


def test_batches_and_an_empty_fleet_keep_positions(tmp_path, devices, monkeypatch):
    _, found = queries(tmp_path)
    (whole,) = questions.ask(fleet.SCHEMA, found, devices, devices)
    monkeypatch.setattr(questions, "_BATCH", 1)
    (apart,) = questions.ask(fleet.SCHEMA, found, devices, devices)
    assert rows(apart) == rows(whole)
    nobody = arrays.take(devices, slice(0, 0))
    (none,) = questions.ask(fleet.SCHEMA, found, nobody, devices)
    assert rows(none) == [] and none.amounts.shape == (0, 2)
    assert none.ratios == whole.ratios


def test_a_query_of_a_table_that_the_run_lacks_is_not_asked(tmp_path, devices):
    _, found = queries(tmp_path)
    tables = tuple(t for t in fleet.SCHEMA.tables if t.name != "crashes")
    schema = dataclasses.replace(fleet.SCHEMA, tables=tables)
    kept = {table.name: devices[table.name] for table in tables}
    assert questions.ask(schema, found, kept, kept) == []


def test_a_run_asks_the_queries_of_its_workloads(tmp_path, devices):
    suite, _ = queries(tmp_path)
    config = settings.default("dca")
    config.budget.epsilon, config.budget.delta = 4.0, 1e-5
    checked = dataclasses.replace(
        settings.resolve(config), suite_folder=tmp_path, workloads=("stability",)
    )
    (asked,) = questions.of(checked, suite)(devices, devices)
    assert asked.query == "by_country"
