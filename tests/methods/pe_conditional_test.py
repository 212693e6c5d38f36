import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, errors
from teledp_jax.marginals import clipped, tilt
from teledp_jax.methods import pe_conditional
from teledp_jax.privacy import accounting, events, mechanisms
from tests import toys

_BUDGET = toys.budget(4.0, num_devices=3000)
_PAIRS = (("base/kind", "base/size"), ("base/kind", "rare/rows"))
_SMALL = {"num_iterations": 2, "num_candidates": 30, "pool": 1500}


@pytest.fixture(scope="module")
def schema():
    return toys.PAIR


@pytest.fixture(scope="module")
def devices(schema):
    # Kind says what size is and whether the rare table is there.
    return arrays.unflatten(schema, np.array([[1, 1, 0, 0], [3, 3, 1, 3]] * 1500))


def _make(schema, budget=_BUDGET, pairs=_PAIRS):
    config = pe_conditional.Config(pairs=pairs, **_SMALL)
    return pe_conditional.make(config, schema, budget)


@pytest.fixture(scope="module")
def made(schema):
    return _make(schema)


def test_the_event_states_all_that_is_released(schema, devices, made):
    released = []

    def noise(key, values, sigma):
        released.append((len(values), sigma))
        return mechanisms.seeded_integer_noise(key, values, sigma)

    made.fit(toys.KEYS, devices, toys.context(noise=noise))
    norms, sums, votes = made.event.events
    (_, norm_sigma), (num_cells, sigma), (_, vote_sigma), last = released
    assert norms.event == events.DiscreteGaussianDpEvent(norm_sigma)
    assert sums == events.VectorGaussianDpEvent(sigma, clipped.STEPS)
    assert votes.event == events.DiscreteGaussianDpEvent(vote_sigma)
    assert (norms.count, votes.count) == (1, 2)
    assert num_cells == made.facts["num_cells"] and last == (30, vote_sigma)
    assert 3.96 < accounting.epsilon_pld(made.event, _BUDGET.delta) <= 4.0


def _questions(devices, like):
    """Devices of each size, a column that no pair of the tilted method names."""
    del like
    sizes = arrays.flatten(toys.PAIR, devices)[:, 1].astype(int)
    ones = np.ones((len(sizes), 1))
    groups = tuple((size,) for size in range(5))
    return [base.Asked("sizes", np.arange(len(sizes)), sizes, groups, ones, ())]


def test_a_tilt_is_calibrated_with_the_rest_and_meets_the_queries(schema, devices):
    config = pe_conditional.Config(pairs=(), tilt_share=0.5, **_SMALL)
    budget = toys.budget(4.0, num_devices=2250)  # of the skewed fleet
    method = pe_conditional.make(config, schema, budget)
    *_, vector = method.event.events
    assert vector == events.VectorGaussianDpEvent(
        method.facts[tilt.SIGMA], clipped.STEPS
    )
    assert 3.96 < accounting.epsilon_pld(method.event, budget.delta) <= 4.0
    context = toys.context()._replace(questions=_questions)
    skewed = arrays.take(devices, np.r_[0:3000:2, 1:1500:2])  # size 1 in two of three
    fitted = method.fit(toys.KEYS, skewed, context)
    assert fitted[base.FACTS]["num_statistics"] > 0
    codes = arrays.flatten(schema, method.sample(jax.random.key(2), fitted, 4000))
    assert abs((codes[:, 1] == 1).mean() - 2 / 3) < 0.03
    alone = method.fit(toys.KEYS, skewed, toys.context())
    tilted = set(fitted[base.FACTS]) - set(alone[base.FACTS])
    assert "num_statistics" in tilted  # which a fit without a workload does not have


def test_pairs_are_kept(schema, devices, made):
    fitted = made.fit(toys.KEYS, devices, toys.context())
    codes = arrays.flatten(schema, made.sample(jax.random.key(2), fitted, 4000))
    assert (codes[:, 0] == codes[:, 1]).mean() > 0.98
    assert ((codes[:, 0] == 3) == (codes[:, 2] == 1)).mean() > 0.98
    assert abs((codes[:, 0] == 3).mean() - 0.5) < 0.02


def test_a_killed_fit_draws_no_noise_twice(schema, devices, made):
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
    assert len(calls) == 5  # norms, sums and two votes, one of them tried twice
    jax.tree.map(np.testing.assert_array_equal, whole, resumed)


def test_a_stratum_whose_noisy_count_is_zero_is_no_fault(schema, devices, made):
    emptied = toys.context(noise=lambda key, values, sigma: np.zeros_like(values))
    fitted = made.fit(toys.KEYS, devices, emptied)
    arrays.check(schema, made.sample(jax.random.key(2), fitted, 100))


def test_a_fleet_smaller_than_the_pool_is_no_fault(schema, devices, made):
    fitted = made.fit(toys.KEYS, arrays.take(devices, slice(0, 5)), toys.context())
    arrays.check(schema, made.sample(jax.random.key(2), fitted, 100))


def test_votes_weigh_devices_that_keep_all_rows():
    schema = toys.schema(
        toys.anchor("base", toys.KIND),
        toys.entity("apps", toys.KIND, rows=8, fixed=2, by="kind"),
    )
    offsets = np.arange(0, 6 * 500 + 1, 6)
    apps = arrays.TableArrays(np.ones((3000, 1), np.uint8), offsets)
    anchor = arrays.TableArrays(np.ones((500, 1), np.uint8), np.arange(501))
    config = pe_conditional.Config(num_candidates=20, pool=500)
    method = pe_conditional.make(config, schema, toys.budget(4.0, num_devices=500))
    fitted = method.fit(toys.KEYS, {"base": anchor, "apps": apps}, toys.context())
    drawn = method.sample(jax.random.key(2), fitted, 500)
    assert abs(arrays.num_rows(drawn["apps"]).mean() - 6) < 0.5


def test_an_unknown_pair_is_refused(schema):
    with pytest.raises(errors.InputError, match=r"pairs: .*base/none"):
        _make(schema, pairs=(("base/kind", "base/none"),))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("norm_share", 0.0),
        ("vote_share", 1.0),
        ("num_iterations", 0),
        ("vote_growth", 0.0),
        ("pool", -1),
        ("tilt_share", 1.0),
        ("focus", 2.0),
    ],
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(errors.InputError, match=f"pe_conditional.{field}"):
        pe_conditional.Config(**{field: value})


def test_the_chain_needs_a_share():
    with pytest.raises(errors.InputError, match="leave the chain a share"):
        pe_conditional.Config(vote_share=0.5, tilt_share=0.5)
