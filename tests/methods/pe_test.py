import dataclasses

import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, errors
from teledp_jax.methods import pe
from teledp_jax.privacy import accounting, events, mechanisms
from tests import toys

_BUDGET = toys.budget(4.0, num_devices=2000)
_NOISY = toys.budget(1.0, num_devices=2000)  # calibrated in half of the time
_PUBLISHED = {"selection": "published", "num_iterations": 3, "num_candidates": 40}
_LEAVES = {"num_rounds": 3, "pool": 1500}


@pytest.fixture(scope="module")
def schema():
    return toys.TRIPLE


@pytest.fixture(scope="module")
def devices(schema):
    # In one half everything is small, in the other large: no column is independent.
    low = [1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0]
    high = [3, 3, 1, 3, 2, 3, 3, 3, 2, 0, 0]
    return arrays.unflatten(schema, np.array([low, high] * 1000))


@pytest.fixture(scope="module")
def made(schema):
    return pe.make(pe.Config(**_LEAVES), schema, _BUDGET)


@pytest.mark.parametrize("choices", [_LEAVES, _PUBLISHED], ids=["leaves", "published"])
def test_every_recipe_meets_the_budget_and_keeps_the_schema(schema, devices, choices):
    made = pe.make(pe.Config(**choices), schema, _NOISY)
    epsilon = accounting.epsilon_pld(made.event, _NOISY.delta)
    assert 0.99 < epsilon <= 1.0
    fitted = made.fit(toys.KEYS, devices, toys.context())
    for count in (0, 1, 2000):
        drawn = made.sample(jax.random.key(2), fitted, count)
        arrays.check(schema, drawn)
        assert arrays.num_devices(drawn) == count


def test_the_event_states_all_that_is_released(schema, devices, made):
    released = []

    def noise(key, values, sigma):
        released.append((len(values), sigma))
        return mechanisms.seeded_integer_noise(key, values, sigma)

    made.fit(toys.KEYS, devices, toys.context(noise=noise))
    norms, sums, votes = made.event.events
    assert norms.count == 1
    assert norms.event == events.DiscreteGaussianDpEvent(released[0][1])
    assert sums.sigma == released[1][1]
    assert votes.count == len(released) - 2 == 3
    assert votes.event == events.DiscreteGaussianDpEvent(released[2][1])


def test_a_device_adds_one_to_one_leaf_whatever_it_holds(schema, devices, made):
    asked, answers = [], []

    def noise(key, values, sigma):
        asked.append(np.asarray(values))
        if len(answers) < 5:
            answers.append(mechanisms.seeded_integer_noise(key, values, sigma))
        return answers[(len(asked) - 1) % 5]

    for count in (2000, 1999):
        part = arrays.take(devices, slice(0, count))
        made.fit(toys.KEYS, part, toys.context(noise=noise))
    # Under the same answers the same trees grow, so counts differ by one device only.
    for whole, less in zip(asked[2:5], asked[7:], strict=True):
        assert whole.sum() == 2000
        assert sorted((whole - less)[whole != less]) == [1]


def test_votes_find_what_columns_have_in_common(schema, devices, made):
    fitted = made.fit(toys.KEYS, devices, toys.context())
    codes = arrays.flatten(schema, made.sample(jax.random.key(2), fitted, 2000))
    both = ((codes[:, 0] == 3) == (codes[:, 1] == 3)).mean()
    assert both > 0.9  # one half where columns are independent
    assert abs((codes[:, 0] == 3).mean() - 0.5) < 0.05


@pytest.mark.parametrize("choices", [_LEAVES, _PUBLISHED], ids=["leaves", "published"])
def test_a_killed_fit_goes_on_to_the_same_result(schema, devices, choices):
    made = pe.make(pe.Config(**choices), schema, _NOISY)
    whole = made.fit(toys.KEYS, devices, toys.context())
    store, calls = base.MemoryStore(), []

    def dies_once(key, values, sigma):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return mechanisms.seeded_integer_noise(key, values, sigma)

    with pytest.raises(KeyboardInterrupt):
        made.fit(toys.KEYS, devices, toys.context(store, noise=dies_once))
    resumed = made.fit(toys.KEYS, devices, toys.context(store, noise=dies_once))
    drawn = 3 if choices is _PUBLISHED else 5
    assert len(calls) == drawn + 1  # one of them tried twice
    jax.tree.map(np.testing.assert_array_equal, whole, resumed)


@pytest.mark.parametrize("count", [0, 3])
def test_a_fleet_smaller_than_the_pool_is_no_fault(schema, devices, made, count):
    few = arrays.take(devices, slice(0, count))
    fitted = made.fit(toys.KEYS, few, toys.context())
    arrays.check(schema, made.sample(jax.random.key(2), fitted, 10))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_candidates", -1),
        ("num_iterations", 0),
        ("start_share", 1.0),
        ("num_rounds", -1),
        ("max_rows", -1),
    ],
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(errors.InputError, match=f"pe.{field}"):
        pe.Config(**{field: value})


def test_votes_below_the_noise_warn_and_leave_a_usable_release(schema, devices, caplog):
    tight = dataclasses.replace(toys.budget(0.1, num_devices=30), delta=1e-7)
    made = pe.make(pe.Config(**_PUBLISHED), schema, tight)
    quiet = toys.context(noise=lambda key, values, sigma: np.zeros_like(values))
    with caplog.at_level("WARNING", logger="absl"):
        fitted = made.fit(toys.KEYS, arrays.take(devices, slice(0, 30)), quiet)
    assert "No candidate had votes above the noise" in caplog.text
    arrays.check(schema, made.sample(jax.random.key(2), fitted, 100))
