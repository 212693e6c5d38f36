"""Replays of the methods that need no training; the others run in the audit itself."""

import dp_accounting
import numpy as np
import pytest

from teledp_jax.audit import fleets, replay, transcript
from teledp_jax.marginals import clipped
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


def test_the_fullest_device_adds_one_norm_and_one_clipped_vector(independent):
    pairs = replay.pairs(independent, fleet_sizes=(4,))
    fullest = next(pair for pair in pairs if pair.name.endswith("fullest"))
    norms, sums = (call.noise for call in fullest.first.calls)
    change = replay.changes(fullest, transcript.INTEGERS, norms)
    assert sorted(change[change != 0]) == [1]
    change = replay.changes(fullest, transcript.INTEGERS, sums)
    assert 0.99 * clipped.STEPS < (change**2).sum() ** 0.5 <= clipped.STEPS
    assert all(
        row.verdict == findings.HOLDS for row in replay.check(independent, pairs)
    )


def test_a_lower_declared_sensitivity_fails(independent):
    sigma = replay.pairs(independent, fleet_sizes=(0,))[0].first.calls[1].noise
    norms, _ = independent.method.event.events
    lower = dp_accounting.ComposedDpEvent(
        [norms, events.VectorGaussianDpEvent(sigma, clipped.STEPS // 2)]
    )
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
