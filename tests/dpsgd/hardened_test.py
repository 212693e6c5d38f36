import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.stats

from teledp_jax import base, keys
from teledp_jax.dpsgd import (
    clipping,
    hardened,
    recipes,
    states,
    steps,
    train,
    trainable,
)
from teledp_jax.privacy import mechanisms

RECIPE = recipes.Recipe(
    sampling_prob=0.3,
    num_steps=7,
    expected_batch_size=6.0,
    noise_multiplier=0.5,
    clip=clipping.Clip(l2_clip_norm=1.0, path="vmap"),
    micro_batch=4,
    averaging=0.9,
    checkpoint_every=2,
    noise="hardened",
)
KEYS = keys.split(jax.random.key(1), jax.random.key(2))
CODES = np.random.default_rng(0).integers(0, 4, (20, 3)).astype(np.uint8)
MODEL = trainable.Model(
    init=lambda key: {"w": jnp.zeros(3, jnp.float32), "b": jnp.float32(0)},
    inputs=lambda codes, key: codes.astype(jnp.float32),
    losses=lambda params, x: (x @ params["w"] + params["b"] - x.sum(1)) ** 2,
)


def fit(recipe, *, store=None, progress=lambda *args: None, fit_keys=KEYS, mesh=None):
    context = base.Context(
        store or base.MemoryStore(),
        progress,
        mechanisms.seeded_integer_noise,
        base.Part(mesh=mesh),
    )
    start = MODEL.init(jax.random.key(0))
    return train.fit(MODEL, optax.adam(0.1), recipe, fit_keys, CODES, start, context)


def leaves(params):
    return np.concatenate(
        [np.asarray(leaf).ravel() for leaf in jax.tree.leaves(params)]
    )


def test_a_grid_worked_by_hand():
    grid = hardened.grid(4, l2_clip_norm=2.0, noise_multiplier=3.0)
    assert grid == (1 / 512, 1028.0, 3084.0)
    # In the unit of gradients: 0.4 % above 3 times the bound.
    assert grid.sigma * grid.width == 3 * 2 * 514 / 512


def test_a_device_moves_the_rounded_sum_by_the_stated_sensitivity_at_most():
    rng = np.random.default_rng(0)
    grid = hardened.grid(64, l2_clip_norm=1.0, noise_multiplier=1.0)
    most = 0.0
    for _ in range(200):
        total = rng.normal(0, 3, 64)
        # Just below and just above a half: rounding moves each entry by a whole step.
        total = (np.round(total / grid.width) + 0.5 - 1e-6) * grid.width
        share = np.abs(rng.normal(size=64)) + 1e-3
        share /= np.linalg.norm(share)
        moved = hardened.rounded({"w": total + share}, grid.width)
        change = moved - hardened.rounded({"w": total}, grid.width)
        most = max(most, float(np.linalg.norm(change)))
    assert 512 * 8 < most <= grid.sensitivity == 514 * 8


def test_rounding_in_float32_takes_a_tenth_of_what_is_granted_to_it():
    model = trainable.Model(  # a record is its own gradient; all are aligned
        init=lambda key: {"w": jnp.zeros(64, jnp.float32)},
        inputs=lambda codes, key: codes.astype(jnp.float32),
        losses=lambda params, records: records @ params["w"],
    )
    recipe = dataclasses.replace(RECIPE, sampling_prob=1.0, micro_batch=512)
    state = states.start(model.init(jax.random.key(0)), optax.sgd(1.0))
    record = np.random.default_rng(0).integers(150, 200, 64).astype(np.uint8)
    codes = np.tile(record, (4001, 1))
    exact_sum = steps.make_sum(model, recipe)
    fleets = (codes, codes[:-1])
    after, before = (
        np.asarray(exact_sum(state, KEYS, jnp.asarray(fleet)), np.float64)
        for fleet in fleets
    )
    moved = np.linalg.norm(after - before)
    assert 0.999 < moved < 1 + 0.2 / 512
    rounded = [
        hardened.rounded({"w": total}, 1 / (512 * 8)) for total in (after, before)
    ]
    assert np.linalg.norm(rounded[0] - rounded[1]) <= 514 * 8


def test_what_is_released_is_a_whole_number_of_steps_with_the_stated_spread():
    total = {"a": jnp.full((32, 32), 1 / 3, jnp.float32), "b": jnp.zeros(3072)}
    noisy = hardened.noisy_sum(
        jax.random.key(0),
        total,
        l2_clip_norm=1.0,
        noise_multiplier=2.0,
        integer_noise=mechanisms.seeded_integer_noise,
    )
    assert noisy["a"].shape == (32, 32) and noisy["a"].dtype == np.float32
    width = 2.0**-15  # of 4096 entries, exact in float32
    steps = leaves(noisy) / width
    assert (steps == np.round(steps)).all()
    noise = leaves(noisy) - leaves(total)
    for stddev, holds in ((1.8, False), (2 * 514 / 512, True), (2.2, False)):
        test = scipy.stats.kstest(noise, scipy.stats.norm(scale=stddev).cdf)
        assert (test.pvalue > 0.01) == holds


@pytest.mark.parametrize("noise_multiplier", [0.5, 1.0, 4.0])
def test_so_wide_a_discrete_gaussian_has_the_curve_of_the_continuous_one(
    noise_multiplier,
):
    shift = 514
    sigma = shift * noise_multiplier
    reach = int(14 * sigma)
    support = np.arange(-reach, reach + shift + 1)
    mass = np.exp(-(support**2) / (2 * sigma**2))
    shifted = np.exp(-((support - shift) ** 2) / (2 * sigma**2))
    total = mass.sum()
    cdf, mu = scipy.stats.norm.cdf, 1 / noise_multiplier
    for epsilon in (0.1, 1.0, 3.0, 7.0):
        found = np.maximum(mass - np.exp(epsilon) * shifted, 0).sum() / total
        expected = cdf(mu / 2 - epsilon / mu)
        expected -= np.exp(epsilon) * cdf(-mu / 2 - epsilon / mu)
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-12)


def test_hardened_training_is_float_training_up_to_rounding():
    small = {"noise_multiplier": 1e-3, "averaging": 0.0}
    hard = fit(dataclasses.replace(RECIPE, **small))
    soft = fit(dataclasses.replace(RECIPE, noise="float32", **small))
    assert leaves(hard) == pytest.approx(leaves(soft), abs=0.02)
    assert (leaves(hard) != leaves(soft)).any()


def test_discrete_training_is_float_training_up_to_its_noise():
    small = {"noise_multiplier": 0.02, "averaging": 0.0}
    found = fit(dataclasses.replace(RECIPE, noise="discrete", **small))
    soft = fit(dataclasses.replace(RECIPE, noise="float32", **small))
    assert leaves(found) == pytest.approx(leaves(soft), abs=0.1)
    assert (leaves(found) != leaves(soft)).any()
    again = fit(dataclasses.replace(RECIPE, noise="discrete", **small))
    assert (leaves(found) == leaves(again)).all()


def test_a_killed_hardened_fit_with_a_seed_resumes_to_the_same_bits():
    whole, store = fit(RECIPE), base.MemoryStore()

    def stop(done, total, facts):
        if done == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fit(RECIPE, store=store, progress=stop)
    assert (leaves(fit(RECIPE, store=store)) == leaves(whole)).all()
    other = keys.split(jax.random.key(1), jax.random.key(3))
    assert (leaves(fit(RECIPE, fit_keys=other)) != leaves(whole)).any()


def test_hardened_noise_is_drawn_once_for_a_mesh():
    found = fit(RECIPE, mesh=jax.make_mesh((1,), ("shard",)))
    np.testing.assert_allclose(leaves(found), leaves(fit(RECIPE)), rtol=1e-5)
