import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from teledp_jax.dpsgd import clipping
from teledp_jax.dpsgd.models import (
    relational,
    relational_bases,
    relational_calibrate,
    relational_features,
    relational_layout,
    relational_sample,
    relational_training,
)
from tests import toys

SCHEMA = toys.schema(
    toys.anchor("info", toys.category("a", "x", "y")),
    toys.group("power", toys.whole("n", *range(9), has_zero=True)),
    toys.entity(
        "errors",
        toys.category("e", "p", "q"),
        toys.whole("m", 0, 1, 2, has_zero=True),
        rows=2,
        by="m",
    ),
)
LAYOUT = relational_layout.layout(SCHEMA)
HEADS = ("a", "power", "n", "errors", "e0", "m0", "e1", "m1")


def make_shares(seed=0):
    generator = np.random.default_rng(seed)
    return tuple(
        tuple(
            generator.dirichlet(np.full(variable.num_codes, 3.0))
            for variable in group.variables
        )
        for group in LAYOUT.groups
    )


SHARES = make_shares()
BASES = relational_bases.all_bases(LAYOUT, SHARES)
NETWORK = relational.Relational(LAYOUT, lambda count: (count, count, 2 * count, count))
MODEL = relational_training.model(NETWORK, BASES, SHARES, ((), (-4.0,)))
LOSSES = jax.jit(MODEL.losses)


@pytest.fixture(scope="module")
def params():
    """Parameters far from the start."""
    leaves, structure = jax.tree.flatten(MODEL.init(jax.random.key(0)))
    keys = jax.random.split(jax.random.key(1), len(leaves))
    moved = [
        leaf + 0.4 * jax.random.normal(key, leaf.shape, jnp.float32)
        for leaf, key in zip(leaves, keys, strict=True)
    ]
    return jax.tree.unflatten(structure, moved)


def records():
    """Every device that there can be; zeros where a row does not exist."""
    rows = list(itertools.product(range(3), range(4)))
    tables = [(0,) * 5]
    tables += [(1, *row, 0, 0) for row in rows]
    tables += [(2, *one, *other) for one in rows for other in rows]
    powers = [(0, 0)] + [(1, n) for n in range(10)]
    found = [
        (a, *power, *table) for a in range(3) for power in powers for table in tables
    ]
    return np.array(found, np.int32)


def test_variables_come_in_order():
    assert [v.head for v in LAYOUT.device.variables] == [0, 1, 3]
    assert [[v.head for v in group.variables] for group in LAYOUT.tables] == [
        [2],
        [4, 5],
    ]
    assert [group.owner for group in LAYOUT.tables] == [1, 3]
    assert [group.rows for group in LAYOUT.tables] == [1, 2]
    assert LAYOUT.num_heads == len(HEADS)


def test_functions_are_centred_and_uncorrelated():
    group, shares = LAYOUT.tables[0], SHARES[1]
    (functions,) = relational_bases.bases(group, shares)
    weights = np.zeros(functions.valid.shape[1])
    weights[: len(shares[0])] = shares[0]
    np.testing.assert_allclose(weights @ functions.inputs[0], 0.0, atol=1e-6)
    np.testing.assert_allclose(functions.outputs[0] @ weights, 0.0, atol=1e-6)
    curves = functions.outputs[0][2:] * np.array([[1.0], [2.0], [4.0]])
    inside = weights / weights[2:].sum()
    found = (curves * inside) @ curves.T
    np.testing.assert_allclose(found, np.eye(3), atol=0.02)


def test_the_start_is_the_product_of_the_shares():
    codes = jnp.asarray(records())
    found = np.asarray(LOSSES(MODEL.init(jax.random.key(0)), codes))[::97]
    device, power, errors = SHARES
    expected = []
    for a, p, n, e, e0, m0, e1, m1 in np.asarray(codes)[::97]:
        loss = -sum(np.log(s[c]) for s, c in zip(device, (a, p, e), strict=True))
        loss -= np.log(power[0][n]) if p else 0.0
        loss -= np.log(errors[0][e0] * errors[1][m0]) if e else 0.0
        if e == 2:
            repeat = errors[0] * np.exp(-4.0 * (np.arange(3) == e0))
            loss -= np.log(repeat[e1] / repeat.sum() * errors[1][m1])
        expected.append(loss)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_probabilities_sum_to_one(params):
    losses = LOSSES(params, jnp.asarray(records()))
    np.testing.assert_allclose(np.exp(-np.asarray(losses)).sum(), 1.0, rtol=1e-4)


def test_samples_have_the_probabilities_of_the_loss(params):
    everything = records()
    losses = LOSSES(params, jnp.asarray(everything))
    shifts = tuple(
        tuple(jnp.zeros(v.num_codes, jnp.float32) for v in group.variables)
        for group in LAYOUT.groups
    )
    count = 200_000
    drawn = relational_sample.draw(
        LAYOUT, count, params, BASES, shifts, jax.random.key(2)
    )
    sizes = everything.max(0) + 1
    index = np.ravel_multi_index(np.asarray(drawn).T, sizes)
    known = np.ravel_multi_index(everything.T, sizes)
    observed = np.bincount(index, minlength=np.prod(sizes))[known]
    assert observed.sum() == count
    expected = count * np.exp(-np.asarray(losses, np.float64))
    large = expected > 10
    deviation = (observed - expected)[large] / np.sqrt(expected[large])
    assert large.sum() > 500
    assert abs(np.mean(deviation)) < 0.1
    # Draws are spread evenly, so counts deviate less than those of independent ones.
    assert np.mean(deviation**2) < 1.05


def test_rows_that_do_not_exist_do_not_count(params):
    codes = records()
    few = codes[:, 3] < 2
    junk = codes.copy()
    junk[few, 6:] = 1
    found, expected = (
        np.asarray(LOSSES(params, jnp.asarray(c))) for c in (junk, codes)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_slots_follow_the_rows():
    own = (SHARES[0][0], np.array([0.9, 0.1]), np.array([0.5, 0.3, 0.2]))
    count = relational_training.slots(LAYOUT, (own, *SHARES[1:]))
    # 40 + 3 * 6 + 8, 280 + 3 * 15.6 + 8 and 200 + 3 * 10 + 8, in multiples of 64
    assert count(400) == (128, 128, 384, 256)
    assert count(1) == (1, 1, 2, 1)


def test_training_draws_the_order_of_rows():
    record = jnp.asarray([[1, 0, 0, 2, 1, 2, 2, 3]], jnp.int32)
    orders = {
        tuple(np.asarray(MODEL.inputs(record, jax.random.key(seed)))[0])
        for seed in range(20)
    }
    assert orders == {(1, 0, 0, 2, 1, 2, 2, 3), (1, 0, 0, 2, 2, 3, 1, 2)}
    single = record.at[0, 3].set(1)
    for seed in range(5):
        kept = MODEL.inputs(single, jax.random.key(seed))
        assert np.asarray(kept)[0, 4:6].tolist() == [1, 2]


def test_clipping_paths_agree(params):
    codes = jnp.asarray(records()[::53][:16])
    codes = codes.at[:2, 3].set(2)
    mask = jnp.arange(16) != 3
    sums = []
    for path in ("fast", "vmap"):
        clip = clipping.Clip(l2_clip_norm=1.0, normalise=True, path=path)
        function = jax.jit(
            lambda p, c, m, clip=clip: clipping.clipped_sum(
                MODEL.losses, p, c, m, clip=clip
            )
        )
        sums.append(function(params, codes, mask))
    for found, expected in zip(*map(jax.tree.leaves, sums), strict=True):
        scale = max(float(jnp.abs(expected).max()), 1e-3)
        np.testing.assert_allclose(found / scale, expected / scale, atol=2e-5)


def test_calibration_meets_the_goals(params):
    goals = tuple(
        relational_calibrate.Goal(
            tuple(1e6 * share for share in own), tuple(1.0 for _ in own)
        )
        for own in make_shares(seed=3)
    )
    shifts = relational_calibrate.calibrate(
        LAYOUT, params, BASES, goals, jax.random.key(4), num_samples=20_000
    )
    compiled: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **facts: compiled.append(str(facts.get("fun_name")))
    )
    relational_sample.draw(LAYOUT, 20_000, params, BASES, shifts, jax.random.key(4))
    assert not [name for name in compiled if "draw_" in name], "calibration has them"
    drawn = relational_sample.draw(
        LAYOUT, 50_000, params, BASES, shifts, jax.random.key(5)
    )
    drawn = np.asarray(drawn)
    columns = [drawn[:, [0]], drawn[:, [1]], drawn[:, [3]], drawn[:, [2]]]
    columns += [drawn[:, [4, 6]], drawn[:, [5, 7]]]
    exist = [np.ones((len(drawn), 1), bool)] * 3 + [drawn[:, [1]] > 0]
    exist += [drawn[:, [3]] > np.arange(2)[None]] * 2
    counts = [counts for goal in goals for counts in goal.counts]
    for column, mask, wanted in zip(columns, exist, counts, strict=True):
        found = np.bincount(column[mask], minlength=len(wanted)) / mask.sum()
        np.testing.assert_allclose(found, wanted / wanted.sum(), atol=0.015)


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_entropies_and_their_gradients_are_those_of_a_softmax(scale):
    group, bases = LAYOUT.tables[1], BASES[2]
    logits = scale * jax.random.normal(
        jax.random.key(0), (6, group.num_codes), jnp.float32
    )
    codes = jnp.asarray([[0, 0], [1, 3], [2, 1], [0, 2], [1, 1], [2, 3]], jnp.int32)
    weights = jnp.arange(1.0, 7.0, dtype=jnp.float32)

    def plain(logits):
        total = jnp.zeros(6, jnp.float32)
        for place, span in enumerate(group.spans):
            stop = span.start + group.variables[place].num_codes
            shares = jax.nn.log_softmax(logits[:, span.start : stop])
            total = total - shares[jnp.arange(6), codes[:, place]]
        return total

    def ours(logits):
        hot = relational_features.hot(group, codes)
        return relational_features.entropies(group, bases, logits, hot)

    np.testing.assert_allclose(ours(logits), plain(logits), rtol=2e-5, atol=1e-5)
    found, expected = (
        jax.grad(lambda x, f=f: weights @ f(x))(logits) for f in (ours, plain)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
