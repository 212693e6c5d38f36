"""Events that the ledger holds: what they refuse, groups, words and JSON."""

import dp_accounting
import pytest

from teledp_jax import errors
from teledp_jax.privacy import events

GAUSSIAN = dp_accounting.GaussianDpEvent(4.0)
EVENTS = [
    events.DiscreteGaussianDpEvent(3.0),
    events.DiscreteGaussianDpEvent(3.0, 2),
    events.VectorGaussianDpEvent(30.0, 20),
    events.DiscreteLaplaceDpEvent(0.5),
    events.ExponentialMechanismDpEvent(0.25),
    events.ThresholdDpEvent(1e-6),
    GAUSSIAN,
    dp_accounting.PoissonSampledDpEvent(0.01, GAUSSIAN),
    dp_accounting.SelfComposedDpEvent(GAUSSIAN, 250),
    dp_accounting.ComposedDpEvent([GAUSSIAN, dp_accounting.NoOpDpEvent()]),
]


@pytest.mark.parametrize("event", EVENTS, ids=events.describe)
def test_json_gives_an_equal_event(event):
    fields = events.to_json(event)
    assert events.from_json(fields) == event


def test_a_kind_that_no_accountant_takes_is_refused():
    with pytest.raises(errors.InputError, match="cannot take the event"):
        events.to_json(dp_accounting.NonPrivateDpEvent())
    with pytest.raises(errors.InputError, match="No event of kind 'other'"):
        events.from_json({"kind": "other"})


@pytest.mark.parametrize(
    ("make", "bad"),
    [
        (events.DiscreteGaussianDpEvent, 0.0),
        (events.DiscreteGaussianDpEvent, float("nan")),
        (lambda sigma: events.VectorGaussianDpEvent(sigma, 1), 3.0),
        (events.DiscreteLaplaceDpEvent, float("inf")),
        (events.ExponentialMechanismDpEvent, -1.0),
        (events.ThresholdDpEvent, 1.0),
    ],
)
def test_noise_that_protects_nobody_is_refused(make, bad):
    with pytest.raises((errors.InputError, ValueError)):
        make(bad)


def test_a_group_of_three_changes_a_vector_by_three_times_its_norm():
    event = events.VectorGaussianDpEvent(30.0, 20)
    assert events.grouped(event, 3) == events.VectorGaussianDpEvent(30.0, 60)


def test_a_group_of_three_changes_a_count_by_three():
    counts = dp_accounting.SelfComposedDpEvent(events.DiscreteGaussianDpEvent(6.0), 5)
    choice = events.ExponentialMechanismDpEvent(0.5)
    found = events.grouped(dp_accounting.ComposedDpEvent([counts, choice, GAUSSIAN]), 3)
    assert found == dp_accounting.ComposedDpEvent(
        [
            dp_accounting.SelfComposedDpEvent(
                events.DiscreteGaussianDpEvent(6.0, 3), 5
            ),
            events.ExponentialMechanismDpEvent(1.5),
            dp_accounting.GaussianDpEvent(4 / 3),
        ]
    )


def test_groups_of_a_sample_are_not_known():
    sampled = dp_accounting.PoissonSampledDpEvent(0.1, GAUSSIAN)
    assert events.grouped(sampled, 1) is sampled
    with pytest.raises(errors.InputError, match="No group privacy is known of Poisson"):
        events.grouped(sampled, 2)


def test_words_name_the_mechanism_and_its_noise():
    sampled = dp_accounting.PoissonSampledDpEvent(0.01, GAUSSIAN)
    assert (
        events.describe(dp_accounting.SelfComposedDpEvent(sampled, 250))
        == "250 times Poisson sample (0.01) of Gaussian (noise multiplier 4)"
    )
    assert events.describe(dp_accounting.NoOpDpEvent()) == "nothing read"
