import jax
import numpy as np
import pytest

from teledp_jax import arrays, base
from teledp_jax.methods import independent
from teledp_jax.privacy import accounting, mechanisms
from tests import toys


@pytest.fixture(scope="module")
def schema():
    kind = toys.category("kind", "a", "b")
    size = toys.number("size", 0, 1, 2)
    return toys.schema(toys.anchor("base", kind), toys.group("rare", size))


@pytest.fixture(scope="module")
def devices(schema):
    codes = np.array([[1, 0, 0], [2, 1, 1], [2, 1, 2], [2, 0, 0]] * 500)
    return arrays.unflatten(schema, codes)


_BUDGET = toys.budget(2.0, num_devices=2000)


@pytest.fixture(scope="module")
def made(schema):
    return independent.make(independent.Config(), schema, _BUDGET)


def test_the_event_meets_the_budget_and_little_less(made):
    epsilon = accounting.epsilon_pld(made.event, _BUDGET.delta)
    assert 1.98 < epsilon <= 2.0
    assert made.event.count == 3  # two columns and the number of rows of one table


def test_samples_are_near_the_data(schema, devices, made):
    fitted = made.fit(toys.KEYS, devices, toys.context())
    drawn = made.sample(jax.random.key(2), fitted, 1000)
    arrays.check(schema, drawn)
    codes = arrays.flatten(schema, drawn)
    assert abs((codes[:, 0] == 2).mean() - 0.75) < 0.02
    assert abs(codes[:, 1].mean() - 0.5) < 0.02


def test_noise_is_drawn_once_and_saved_before_it_is_used(devices, made):
    store, drawn = base.MemoryStore(), []

    def noise(key, values, sigma):
        assert store.load("noisy_counts") is None
        drawn.append(sigma)
        return mechanisms.seeded_integer_noise(key, values, sigma)

    context = toys.context(store, noise=noise)
    first = made.fit(toys.KEYS, devices, context)
    assert store.load("noisy_counts") is not None
    again = made.fit(toys.KEYS, devices, context)
    assert drawn == [made.facts["sigma"]]
    for name, shares in first.items():
        np.testing.assert_array_equal(shares, again[name])
