import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, errors
from teledp_jax.marginals import clipped
from teledp_jax.methods import independent
from teledp_jax.privacy import accounting, events, mechanisms
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
    norms, sums = made.event.events
    assert norms.event == events.DiscreteGaussianDpEvent(made.facts["norm_sigma"])
    assert sums == events.VectorGaussianDpEvent(made.facts["sigma"], clipped.STEPS)


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
        assert store.load(("noisy_norms", "noisy_sums")[len(drawn)]) is None
        drawn.append(sigma)
        return mechanisms.seeded_integer_noise(key, values, sigma)

    context = toys.context(store, noise=noise)
    first = made.fit(toys.KEYS, devices, context)
    assert store.load("noisy_sums") is not None
    again = made.fit(toys.KEYS, devices, context)
    assert drawn == [made.facts["norm_sigma"], made.facts["sigma"]]
    jax.tree.map(np.testing.assert_array_equal, first, again)


def test_all_rows_count_and_the_table_that_few_have_keeps_its_share():
    schema = toys.schema(
        toys.anchor("base", toys.KIND),
        toys.entity("apps", toys.KIND, rows=40, by="kind"),
    )
    # One device in five has 20 rows, three in four of the kind 2; the others none.
    rows = np.where(np.arange(2000) % 5, 0, 20)
    edges = np.append(0, np.cumsum(rows))
    codes = np.tile([[2], [2], [2], [1]], (edges[-1] // 4, 1)).astype(np.uint8)
    devices = {
        "base": arrays.TableArrays(np.ones((2000, 1), np.uint8), np.arange(2001)),
        "apps": arrays.TableArrays(codes, edges),
    }
    made = independent.make(independent.Config(), schema, _BUDGET)
    drawn = made.sample(
        jax.random.key(2), made.fit(toys.KEYS, devices, toys.context()), 2000
    )
    num_rows = arrays.num_rows(drawn["apps"])
    assert abs((num_rows > 0).mean() - 0.2) < 0.02
    assert abs(num_rows[num_rows > 0].mean() - 20) < 1
    assert abs((drawn["apps"].codes == 2).mean() - 0.75) < 0.03


def test_a_share_out_of_range_is_refused():
    with pytest.raises(errors.InputError, match=r"independent\.norm_share"):
        independent.Config(norm_share=1.0)
