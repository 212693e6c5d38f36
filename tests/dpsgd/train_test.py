import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from teledp_jax import base, errors, keys
from teledp_jax.dpsgd import (
    clipping,
    recipes,
    sampling,
    states,
    steps,
    train,
    trainable,
)

RECIPE = recipes.Recipe(
    sampling_prob=0.3,
    num_steps=7,
    expected_batch_size=6.0,
    noise_multiplier=0.5,
    clip=clipping.Clip(l2_clip_norm=1.0),
    micro_batch=4,
    averaging=0.9,
    checkpoint_every=2,
)
KEYS = keys.split(jax.random.key(1), jax.random.key(2))
CODES = jnp.asarray(np.random.default_rng(0).integers(0, 4, (20, 3)), dtype=jnp.uint8)


class Model(nn.Module):
    """Wraps the layer, so that its parameters have a path."""

    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(x)[:, 0]


def model():
    net = Model()

    def losses(params, batch):
        codes, noise = batch
        x = codes.astype(jnp.float32)
        return (net.apply({"params": params}, x) + 0.1 * noise - x.sum(1)) ** 2

    return trainable.Model(
        lambda key: net.init(key, jnp.zeros((1, 3), jnp.float32))["params"],
        lambda codes, key: (codes, jax.random.normal(key, codes.shape[:1])),
        losses,
    )


def context(store=None, progress=lambda *args: None):
    return base.Context(store or base.MemoryStore(), progress, None)


def fit(recipe=RECIPE, store=None, progress=lambda *args: None, codes=CODES):
    made = model()
    return train.fit(
        made,
        optax.adam(0.1),
        recipe,
        KEYS,
        codes,
        made.init(jax.random.key(0)),
        context(store, progress),
    )


def test_programs_tell_no_size_but_a_rounded_one(monkeypatch):
    shapes = []

    class Stop(Exception):
        pass

    def keep(make, recipe, arguments, memory_bytes):
        shapes.append([(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(arguments)])
        raise Stop

    monkeypatch.setattr(train, "_compiled", keep)
    for num_devices in (1, 20, 21):
        with pytest.raises(Stop):
            fit(codes=np.zeros((num_devices, 3), np.uint8))
    assert shapes[0] == shapes[1] == shapes[2]


def test_programs_hold_neither_noise_nor_expected_batch(monkeypatch):
    texts = []

    def keep(make, recipe, arguments, memory_bytes):
        texts.append(make(recipe).lower(*arguments).as_text())
        return make(recipe)

    monkeypatch.setattr(train, "_compiled", keep)
    quiet = dataclasses.replace(
        RECIPE, noise_multiplier=0.1, expected_batch_size=5.0, num_steps=1
    )
    first, other = (fit(recipe) for recipe in (RECIPE, quiet))
    assert texts[0] == texts[1]
    assert not same(first, other)


def test_a_fit_takes_the_step_of_its_recipe():
    recipe = dataclasses.replace(RECIPE, num_steps=1, averaging=0.0)
    made, optimizer = model(), optax.adam(0.1)
    state = states.start(made.init(jax.random.key(0)), optimizer)
    codes = jnp.pad(CODES, ((0, sampling.capacity(20) - 20), (0, 0)))
    step = steps.make_step(made, optimizer, recipe)
    after = step(state, KEYS, codes, jnp.int32(20))
    np.testing.assert_allclose(states.flatten(fit(recipe)), after.params, atol=1e-6)


@pytest.fixture(scope="module")
def whole():
    return fit()


def same(a, b):
    return all(
        np.array_equal(x, y)
        for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    )


def test_a_step_divides_by_the_expected_batch():
    recipe = dataclasses.replace(RECIPE, noise_multiplier=1e-3, averaging=0.0)
    made, optimizer = model(), optax.sgd(1.0)
    state = states.start(made.init(jax.random.key(0)), optimizer)
    after = steps.make_step(made, optimizer, recipe)(state, KEYS, CODES)
    step_keys = keys.Keys(*(jax.random.fold_in(key, jnp.int32(0)) for key in KEYS))
    params = made.init(jax.random.key(0))
    total = steps.drawn_sum(made, params, step_keys, CODES, recipe)
    moved = states.unflatten(after.params, params)
    for old, new, summed in zip(
        *map(jax.tree.leaves, (params, moved, total)), strict=True
    ):
        np.testing.assert_allclose(new, old - summed / 6.0, atol=1e-3)


def test_the_sum_runs_over_the_drawn_devices_each_once():
    recipe = dataclasses.replace(RECIPE, clip=clipping.Clip(l2_clip_norm=1e6))
    made = model()._replace(
        inputs=lambda codes, key: (codes, jnp.zeros(codes.shape[:1]))
    )
    params = made.init(jax.random.key(0))
    found = steps.drawn_sum(made, params, KEYS, CODES, recipe)
    draw_key, _ = jax.random.split(KEYS.batch)
    drawn = sampling.draw(draw_key, 20, sampling_prob=0.3)
    codes = CODES[np.flatnonzero(drawn.drawn)]
    expected = jax.grad(lambda p: made.losses(p, (codes, jnp.zeros(len(codes)))).sum())(
        params
    )
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_an_empty_draw_is_a_step_of_noise():
    recipe = dataclasses.replace(RECIPE, sampling_prob=1e-12)
    made, optimizer = model(), optax.sgd(1.0)
    state = states.start(made.init(jax.random.key(0)), optimizer)
    after = steps.make_step(made, optimizer, recipe)(state, KEYS, CODES)
    assert int(after.step) == 1
    assert not same(after.params, state.params)
    quiet = dataclasses.replace(recipe, noise_multiplier=1e-6)
    after = steps.make_step(made, optimizer, quiet)(state, KEYS, CODES)
    np.testing.assert_allclose(after.params, state.params, atol=1e-5)


@pytest.mark.parametrize("killed_at", [2, 6])
def test_a_killed_fit_resumes_to_the_same_bits(whole, killed_at):
    class Killed(Exception):
        pass

    def progress(done, total, facts):
        if done == killed_at:
            raise Killed

    store = base.MemoryStore()
    with pytest.raises(Killed):
        fit(store=store, progress=progress)
    assert int(store.load("dpsgd")["step"]) == killed_at
    assert same(fit(store=store), whole)


def test_clipping_paths_train_alike():
    fits = [
        fit(
            dataclasses.replace(
                RECIPE, clip=clipping.Clip(l2_clip_norm=1.0, path=path), averaging=0.0
            )
        )
        for path in clipping.PATHS
    ]
    for other in fits[1:]:
        for a, b in zip(jax.tree.leaves(fits[0]), jax.tree.leaves(other), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_step_follows_secret_keys_alone():
    made, optimizer = model(), optax.adam(0.1)
    step = steps.make_step(made, optimizer, RECIPE)
    first = states.start(made.init(jax.random.key(0)), optimizer)

    def result(streams):
        return step(step(first, streams, CODES), streams, CODES).params

    whole = result(KEYS)
    assert same(whole, result(KEYS))
    for name, matters in (
        ("batch", True),
        ("noise", True),
        ("sample", False),
        ("init", False),
    ):
        other = KEYS._replace(**{name: jax.random.key(9)})
        assert same(whole, result(other)) != matters


@pytest.mark.parametrize("micro_batch", [1, 20])
def test_the_micro_batch_changes_rounding_alone(whole, micro_batch):
    other = fit(dataclasses.replace(RECIPE, micro_batch=micro_batch))
    for a, b in zip(*map(jax.tree.leaves, (whole, other)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_a_micro_batch_is_closed_before_its_rows_overflow():
    seen = []

    def losses(params, batch):
        jax.debug.callback(lambda codes: seen.append(np.array(codes)), batch[0])
        return model().losses(params, batch)

    def fitted(limit):
        seen.clear()
        made = model()._replace(
            losses=losses,
            num_rows=lambda codes: codes[:, :1],
            row_limits=lambda num_devices: (limit,),
        )
        params = made.init(jax.random.key(0))
        total = steps.drawn_sum(made, params, KEYS, CODES, RECIPE)
        jax.effects_barrier()
        return total, len(seen)

    few, many = fitted(100), fitted(4)
    assert many[1] > few[1]
    for a, b in zip(*map(jax.tree.leaves, (few[0], many[0])), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_micro_batch_larger_than_memory_names_the_one_to_use():
    wide = dataclasses.replace(RECIPE, micro_batch=1 << 16)
    made = model()
    with pytest.raises(
        errors.InputError, match=r"micro_batch=65536 needs .* GB"
    ) as info:
        train.fit(
            made,
            optax.adam(0.1),
            wide,
            KEYS,
            CODES,
            made.init(jax.random.key(0)),
            context(),
            memory_bytes=1_000_000,
        )
    named = int(str(info.value).split("set micro_batch to ")[1].split()[0])
    assert 1 <= named < 1 << 16
    recipe = dataclasses.replace(RECIPE, micro_batch=named)
    train.fit(
        made,
        optax.adam(0.1),
        recipe,
        KEYS,
        CODES,
        made.init(jax.random.key(0)),
        context(),
        memory_bytes=1_000_000,
    )


def test_training_without_noise_lowers_the_loss():
    recipe = dataclasses.replace(RECIPE, noise_multiplier=1e-3, num_steps=150)
    made = model()
    batch = (CODES.astype(jnp.int32), jnp.zeros(20))
    start = made.losses(made.init(jax.random.key(0)), batch).mean()
    assert made.losses(fit(recipe), batch).mean() < 0.1 * start
