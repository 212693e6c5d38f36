import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, errors
from teledp_jax.marginals import clipped, tilt
from teledp_jax.methods import chain
from teledp_jax.privacy import accounting, events, mechanisms
from tests import toys

_SCHEMA = toys.PAIR
_BUDGET = toys.budget(2.0, num_devices=3000)
_PAIRS = (("base/kind", "rare/size"),)


@pytest.fixture(scope="module")
def made():
    return chain.make(chain.Config(pairs=_PAIRS), _SCHEMA, _BUDGET)


@pytest.fixture(scope="module")
def devices():
    # Kind says what size is and whether the rare table is there.
    return arrays.unflatten(_SCHEMA, np.array([[1, 1, 0, 0], [3, 3, 1, 3]] * 1500))


def test_the_event_states_all_that_is_released(made, devices):
    released = []

    def noise(key, values, sigma):
        released.append((len(values), sigma))
        return mechanisms.seeded_integer_noise(key, values, sigma)

    made.fit(toys.KEYS, devices, toys.context(noise=noise))
    norms, sums = made.event.events
    (_, norm_sigma), (num_cells, sigma) = released
    assert norms.event == events.DiscreteGaussianDpEvent(norm_sigma)
    assert (norms.count, num_cells) == (1, made.facts["num_cells"])
    assert sums == events.VectorGaussianDpEvent(sigma, clipped.STEPS)
    assert 1.96 < accounting.epsilon_pld(made.event, _BUDGET.delta) <= 2.0


def test_pairs_are_kept(made, devices):
    fitted = made.fit(toys.KEYS, devices, toys.context())
    codes = arrays.flatten(_SCHEMA, made.sample(jax.random.key(2), fitted, 4000))
    assert (codes[:, 0] == codes[:, 1]).mean() > 0.95
    assert ((codes[:, 0] == 3) == (codes[:, 2] == 1)).mean() > 0.95
    assert abs((codes[:, 0] == 3).mean() - 0.5) < 0.03


def test_a_killed_fit_draws_no_noise_twice(made, devices):
    whole = made.fit(toys.KEYS, devices, toys.context())
    store, calls = base.MemoryStore(), []

    def dies_once(key, values, sigma):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return mechanisms.seeded_integer_noise(key, values, sigma)

    with pytest.raises(KeyboardInterrupt):
        made.fit(toys.KEYS, devices, toys.context(store, noise=dies_once))
    resumed = made.fit(toys.KEYS, devices, toys.context(store, noise=dies_once))
    assert len(calls) == 3  # norms, and sums tried twice
    jax.tree.map(np.testing.assert_array_equal, whole, resumed)


def test_counts_of_zero_are_no_fault(made, devices):
    emptied = toys.context(noise=lambda key, values, sigma: np.zeros_like(values))
    fitted = made.fit(toys.KEYS, devices, emptied)
    arrays.check(_SCHEMA, made.sample(jax.random.key(2), fitted, 100))


def _questions(devices, like):
    """Devices of each size."""
    del like
    sizes = arrays.flatten(toys.PAIR, devices)[:, 1].astype(int)
    ones = np.ones((len(sizes), 1))
    groups = tuple((size,) for size in range(5))
    return [base.Asked("sizes", np.arange(len(sizes)), sizes, groups, ones, ())]


def test_a_tilt_is_calibrated_with_the_rest_and_meets_the_queries(devices):
    # What the chain measures costs a thousandth, so that only the tilt can tell.
    config = chain.Config(norm_share=5e-4, tilt_share=0.999)
    method = chain.make(config, _SCHEMA, _BUDGET)
    *_, vector = method.event.events
    assert vector == events.VectorGaussianDpEvent(
        method.facts[tilt.SIGMA], clipped.STEPS
    )
    assert 1.96 < accounting.epsilon_pld(method.event, _BUDGET.delta) <= 2.0
    skewed = arrays.take(devices, np.r_[0:3000:2, 1:1500:2])  # size 1 in two of three
    context = toys.context()._replace(questions=_questions)
    fitted = method.fit(toys.KEYS, skewed, context)
    assert fitted[base.FACTS]["num_statistics"] > 0
    codes = arrays.flatten(_SCHEMA, method.sample(jax.random.key(2), fitted, 4000))
    assert abs((codes[:, 1] == 1).mean() - 2 / 3) < 0.05


def test_the_chain_needs_a_share_beside_the_tilt():
    with pytest.raises(errors.InputError, match="leave the chain a share"):
        chain.Config(norm_share=0.5, tilt_share=0.5)


def test_an_unknown_pair_is_refused():
    config = chain.Config(pairs=(("base/kind", "base/none"),))
    with pytest.raises(errors.InputError, match=r"pairs: .*base/none"):
        chain.make(config, _SCHEMA, _BUDGET)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_share_out_of_range_is_refused(value):
    with pytest.raises(errors.InputError, match=r"chain\.norm_share"):
        chain.Config(norm_share=value)
