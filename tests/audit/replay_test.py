"""Replays of the methods that need no training; the others run in the audit itself."""

import dp_accounting
import numpy as np
import pytest

from teledp_jax.audit import fleets, replay, transcript
from teledp_jax.privacy import events, findings


@pytest.fixture(scope="module")
def independent() -> fleets.Case:
    return fleets.case("independent")


def test_a_second_fit_is_told_what_the_first_was(independent):
    fleet = fleets.random_devices(fleets.SCHEMA, 5, 0)
    first = transcript.record(independent.method, fleet, seed=0)
    other = fleets.random_devices(fleets.SCHEMA, 9, 1)
    second = transcript.record(independent.method, other, seed=0, answers=first.calls)
    assert not second.strayed
    assert replay.same(first.fitted, second.fitted)
    assert (first.calls[0].exact != second.calls[0].exact).any()
    assert first.calls[0].exact.sum() < second.calls[0].exact.sum()


def test_the_fullest_device_changes_one_cell_of_each_vector(independent):
    pairs = replay.pairs(independent, fleet_sizes=(4,))
    fullest = next(pair for pair in pairs if pair.name.endswith("fullest"))
    sigma = fullest.first.calls[0].noise
    change = replay.changes(fullest, transcript.INTEGERS, sigma)
    # Two anchor columns, power and its rows, crashes' rows and two columns.
    assert sorted(change[change != 0]) == [1] * 7
    assert all(
        row.verdict == findings.HOLDS for row in replay.check(independent, pairs)
    )


def test_a_lower_declared_sensitivity_fails(independent):
    sigma = replay.pairs(independent, fleet_sizes=(0,))[0].first.calls[0].noise
    lower = dp_accounting.SelfComposedDpEvent(events.DiscreteGaussianDpEvent(sigma), 6)
    case = independent._replace(method=independent.method._replace(event=lower))
    rows = replay.check(case, replay.pairs(case, fleet_sizes=(0,)))
    failed = [row.audit for row in rows if row.is_bad]
    assert failed == [replay.SENSITIVITY]


def test_trees_are_the_same_bit_for_bit():
    tree = {"a": np.zeros(2), "b": 1.0}
    assert replay.same(tree, {"a": np.zeros(2), "b": 1.0})
    assert not replay.same(tree, {"a": -np.zeros(2), "b": 1.0})
    assert not replay.same(tree, {"a": np.zeros(2)})
    assert not replay.same(tree, {"a": np.zeros((2, 1)), "b": 1.0})
    assert not replay.same(tree, None)
