"""Methods whose fits take seconds ask their mechanisms what their event states."""

import pytest

from teledp_jax.audit import declared, fleets, replay, trainings, transcript
from teledp_jax.dpsgd import gaussian, sampling
from teledp_jax.marginals import clipped
from teledp_jax.privacy import findings


@pytest.mark.parametrize("name", ["aim", "chain", "mst", "pe_conditional"])
def test_counts_and_choices_are_those_of_the_event(name):
    case = fleets.case(name)
    # The pool of noise that a tilt asks has few codes, none of the fullest device.
    size = 3 if name == "pe_conditional" else 0
    rows = replay.check(case, replay.pairs(case, fleet_sizes=(size,)))
    assert {replay.FLOW, replay.METADATA, replay.KEYS} < {row.audit for row in rows}
    assert not [row for row in rows if row.verdict != findings.HOLDS]


def test_the_fullest_device_reaches_the_clip_of_the_chain():
    case = fleets.case("chain")
    (pair,) = replay.pairs(case, fleet_sizes=(0,))
    (sigma,) = [s for s, square in declared.read(case.method.event).squares.items()
                if square > 1]  # fmt: skip
    change = replay.changes(pair, transcript.INTEGERS, sigma)
    assert 0.99 * clipped.STEPS < (change**2).sum() ** 0.5 <= clipped.STEPS


@pytest.mark.parametrize("name", ["dpsgd_relational", "dpsgd_vae"])
def test_steps_are_those_of_the_event(name):
    case = fleets.case(name)
    fleet = fleets.random_devices(case.schema, 6, seed=0)
    said = declared.read(case.method.event)
    found = transcript.record(case.method, fleet, seed=0)
    (training,) = [call.training for call in found.calls if call.training]
    recipe = training.recipe
    rate = sampling.exact_probability(recipe.sampling_prob)
    assert said.steps == {(rate, recipe.noise_multiplier): recipe.num_steps}
    size = trainings.num_parameters(training)
    assert said.inexactness >= gaussian.failure_probability(size, recipe.num_steps) > 0
