import dp_accounting
import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.methods import independent
from teledp_jax.privacy import accounting, budgets, mechanisms


@pytest.fixture(scope="module")
def schema():
    kind = schemas.Column(name="kind", kind="category", categories=("a", "b"))
    size = schemas.Column(name="size", kind="double", edges=(0.0, 1.0, 2.0))
    return schemas.Schema(
        suite="tiny",
        device="guid",
        tables=(
            schemas.Table(name="base", role="anchor", grain="g", columns=(kind,)),
            schemas.Table(name="rare", role="group", grain="g", columns=(size,)),
        ),
    )


@pytest.fixture(scope="module")
def devices(schema):
    codes = np.array([[1, 0, 0], [2, 1, 1], [2, 1, 2], [2, 0, 0]] * 500)
    return arrays.unflatten(schema, codes)


_BUDGET = budgets.Budget(
    epsilon=2.0, delta=1e-5, spent=dp_accounting.NoOpDpEvent(), num_devices=2000
)
_KEYS = keys.split(jax.random.key(0), jax.random.key(1))


@pytest.fixture(scope="module")
def made(schema):
    return independent.make(independent.Config(), schema, _BUDGET)


def test_the_event_meets_the_budget_and_little_less(made):
    epsilon = accounting.epsilon_pld(made.event, _BUDGET.delta)
    assert 1.98 < epsilon <= 2.0
    assert made.event.count == 3  # two columns and the number of rows of one table


def test_samples_are_near_the_data(schema, devices, made):
    context = base.Context(
        base.MemoryStore(), lambda *args: None, mechanisms.seeded_integer_noise
    )
    fitted = made.fit(_KEYS, devices, context)
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

    context = base.Context(store, lambda *args: None, noise)
    first = made.fit(_KEYS, devices, context)
    assert store.load("noisy_counts") is not None
    again = made.fit(_KEYS, devices, context)
    assert drawn == [made.facts["sigma"]]
    for name, shares in first.items():
        np.testing.assert_array_equal(shares, again[name])
