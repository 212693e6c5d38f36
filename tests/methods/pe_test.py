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
_SMALL = {"num_iterations": 3, "num_candidates": 40, "pool": 1500}


@pytest.fixture(scope="module")
def schema():
    return toys.TRIPLE


@pytest.fixture(scope="module")
def devices(schema):
    # In one half everything is small, in the other large: no column is independent.
    low = [1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0]
    high = [3, 3, 1, 3, 2, 3, 3, 3, 2, 0, 0]
    return arrays.unflatten(schema, np.array([low, high] * 1500))


@pytest.fixture(scope="module")
def made(schema):
    return pe.make(pe.Config(**_SMALL), schema, _BUDGET)


@pytest.mark.parametrize("start", ["marginals", "uniform"])
@pytest.mark.parametrize("selection", ["self_normalised", "published"])
def test_every_recipe_meets_the_budget_and_keeps_the_schema(
    schema, devices, start, selection
):
    config = pe.Config(start=start, selection=selection, **_SMALL)
    made = pe.make(config, schema, _NOISY)
    epsilon = accounting.epsilon_pld(made.event, _NOISY.delta)
    assert 0.99 < epsilon <= 1.0
    fitted = made.fit(toys.KEYS, devices, toys.context())
    for count in (0, 1, 5000):
        drawn = made.sample(jax.random.key(2), fitted, count)
        arrays.check(schema, drawn)
        assert arrays.num_devices(drawn) == count


def test_the_event_states_all_that_is_released(schema, devices, made):
    released = []

    def noise(key, values, sigma):
        released.append((len(values), sigma))
        return mechanisms.seeded_integer_noise(key, values, sigma)

    made.fit(toys.KEYS, devices, toys.context(noise=noise))
    marginals, votes = made.event.events
    assert marginals.count == 7  # five columns, two numbers of rows
    assert votes.count == 3
    assert votes.event == events.DiscreteGaussianDpEvent(released[1][1])
    assert marginals.event == events.DiscreteGaussianDpEvent(released[0][1])
    assert [size for size, _ in released[1:]] == [40, 40, 40]


def test_votes_find_what_columns_have_in_common(schema, devices, made):
    fitted = made.fit(toys.KEYS, devices, toys.context())
    codes = arrays.flatten(schema, made.sample(jax.random.key(2), fitted, 4000))
    both = ((codes[:, 0] == 3) == (codes[:, 1] == 3)).mean()
    assert both > 0.7  # one half where columns are independent
    assert abs((codes[:, 0] == 3).mean() - 0.5) < 0.05


def test_a_killed_fit_goes_on_to_the_same_result(schema, devices, made):
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
    assert len(calls) == 5  # the marginals and three votes, one of them tried twice
    jax.tree.map(np.testing.assert_array_equal, whole, resumed)


def test_a_fleet_smaller_than_the_candidates_is_no_fault(schema, devices, made):
    fitted = made.fit(toys.KEYS, arrays.take(devices, slice(0, 3)), toys.context())
    arrays.check(schema, made.sample(jax.random.key(2), fitted, 10))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_candidates", -1),
        ("num_iterations", 0),
        ("start_share", 1.0),
        ("varied", 1.5),
        ("last_degree", 0.9),
    ],
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(errors.InputError, match=f"pe.{field}"):
        pe.Config(**{field: value})


def test_an_uneven_split_of_the_budget_meets_it_too(schema, devices):
    config = pe.Config(vote_growth=2.0, **_SMALL)
    made = pe.make(config, schema, _NOISY)
    assert 0.99 < accounting.epsilon_pld(made.event, _NOISY.delta) <= 1.0
    sigmas = [vote.sigma for vote in made.event.events[1].events]
    np.testing.assert_allclose(
        [sigmas[0] / sigmas[1], sigmas[1] / sigmas[2]], 2**0.5, rtol=1e-6
    )
    fitted = made.fit(toys.KEYS, devices, toys.context())
    np.testing.assert_allclose(fitted["convergence"]["sigma"], sigmas)


def test_votes_below_the_noise_warn_and_leave_a_usable_release(schema, devices, caplog):
    tight = dataclasses.replace(toys.budget(0.1, num_devices=30), delta=1e-7)
    made = pe.make(pe.Config(**_SMALL), schema, tight)
    quiet = toys.context(noise=lambda key, values, sigma: np.zeros_like(values))
    with caplog.at_level("WARNING", logger="absl"):
        fitted = made.fit(toys.KEYS, arrays.take(devices, slice(0, 30)), quiet)
    assert "No candidate had votes above the noise" in caplog.text
    arrays.check(schema, made.sample(jax.random.key(2), fitted, 100))
