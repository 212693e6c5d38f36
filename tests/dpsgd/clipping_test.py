import itertools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from teledp_jax.dpsgd import clipping
from teledp_jax.dpsgd.models import layers, packing

NUM_DEVICES = 3


class Mlp(nn.Module):
    @nn.compact
    def __call__(self, batch):
        x = nn.LayerNorm()(nn.Dense(7)(batch["x"]))
        return nn.Dense(3, use_bias=False)(nn.tanh(x)).sum(-1) ** 2


class SharedRows(nn.Module):
    """Weights shared over one and two axes of rows, and a mean over them."""

    @nn.compact
    def __call__(self, batch):
        x = nn.Embed(5, 4)(batch["codes"])
        x = nn.LayerNorm(use_fast_variance=False)(nn.silu(nn.Dense(6)(x)))
        pairs = x[:, :, None] * x[:, None]
        y = layers.Bias()(nn.Dense(2)(pairs))
        return jnp.sin(y).mean((1, 2, 3)) + x.sum((1, 2))


class CalledTwice(nn.Module):
    """One layer with two calls, whose gradients meet."""

    @nn.compact
    def __call__(self, batch):
        layer, norm = nn.Dense(8), nn.LayerNorm()
        embed = layers.CodeDense((5, 5, 5, 5), 8)
        x = embed(batch["codes"]) + embed(batch["codes"][:, ::-1] - 1)
        x = norm(layer(nn.silu(layer(x)))) + norm(x)
        return jnp.cos(x).sum(1)


class Transformer(nn.Module):
    """Attention over rows, made of dense layers."""

    @nn.compact
    def __call__(self, batch):
        x = nn.Embed(5, 8)(batch["codes"])
        y = nn.LayerNorm()(x)
        q, k, v = (nn.Dense(8, use_bias=False)(y) for _ in range(3))
        weights = nn.softmax(jnp.einsum("bri,bqi->brq", q, k))
        x = x + nn.Dense(8)(jnp.einsum("brq,bqi->bri", weights, v))
        return nn.Dense(1)(x)[..., 0].sum(1) ** 2


class Causal(nn.Module):
    """Weights in some places, on devices and on rows."""

    @nn.compact
    def __call__(self, batch):
        x = layers.CausalDense((-1, 0, 0, 1, 2), (2, 0, 0, 1, 1, 2))(batch["x"])
        rows = nn.Embed(5, 4)(batch["codes"])
        rows = layers.CausalDense((0, 1, 1, 2), (1, 0, 2, 2, 1, 0))(rows)
        return jnp.sin(x).sum(1) + (rows[:, :, :3] * rows[:, :, 3:]).sum((1, 2))


class Packs(nn.Module):
    """Rows that exist, side by side, through layers that devices go through too."""

    @nn.compact
    def __call__(self, batch):
        count = batch["num_rows"]
        slots = min(7, 4 * count.shape[0])
        packed = packing.pack(count, max_rows=4, num_slots=slots)
        dense, norm = nn.Dense(6), nn.LayerNorm()
        device = norm(dense(batch["x"]))
        with packing.layers_on(packed):
            rows = nn.Embed(5, 5)(packing.take(packed, batch["codes"]))
            rows = dense(rows + packing.take_device(packed, batch["x"]))
            rows = layers.CausalDense((0, 0, 1, 1, 2, 2), (0, 1, 2, 2))(norm(rows))
            rows = layers.Bias()(rows)
        return jnp.sin(device).sum(1) + packing.total([packed], [jnp.cos(rows)]).sum(1)


MODELS = [Mlp, SharedRows, CalledTwice, Transformer, Causal, Packs]


def make(model, seed=0):
    rng = np.random.default_rng(seed)
    batch = {
        "x": rng.normal(size=(NUM_DEVICES, 5)).astype(np.float32),
        "codes": rng.integers(0, 5, (NUM_DEVICES, 4), dtype=np.int32),
        "num_rows": np.array([2, 0, 4], np.int32),
    }
    shapes = jax.eval_shape(model().init, jax.random.key(0), batch)["params"]
    params = jax.tree.map(
        lambda leaf: (0.5 * rng.normal(size=leaf.shape)).astype(np.float32), shapes
    )
    return jax.tree.map(jnp.asarray, (params, batch))


def losses(model):
    return lambda params, batch: model().apply({"params": params}, batch)


def clipped(losses_fn, params, batch, mask, clip):
    def function(params, batch, mask):
        return clipping.clipped_sum(losses_fn, params, batch, mask, clip=clip)

    return jax.jit(function)(params, batch, mask)


def norm(tree):
    return float(jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree))))


def assert_close(found, expected, tolerance=1e-5):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    difference = jax.tree.map(jnp.subtract, found, expected)
    assert norm(difference) <= tolerance * norm(expected)


@pytest.mark.parametrize(
    ("model", "normalise"), zip(MODELS, itertools.cycle([False, True]), strict=False)
)
def test_paths_agree(model, normalise):
    mask = jnp.array([True, False, True])
    sums = []
    for path in clipping.PATHS:
        clip = clipping.Clip(l2_clip_norm=1.5, normalise=normalise, path=path)

        def function(params, batch, clip=clip):
            return clipping.clipped_sum(losses(model), params, batch, mask, clip=clip)

        function = jax.jit(function)
        sums.append([function(*make(model, seed)) for seed in range(3)])
    for other in sums[1:]:
        for found, expected in zip(other, sums[0], strict=True):
            assert_close(found, expected)


@pytest.mark.parametrize("model", MODELS)
def test_without_a_bound_the_sum_is_the_gradient(model):
    params, batch = make(model)
    mask = jnp.ones(NUM_DEVICES, bool)
    clip = clipping.Clip(l2_clip_norm=1e6)
    found = clipped(losses(model), params, batch, mask, clip)
    expected = jax.jit(jax.grad(lambda p: losses(model)(p, batch).sum()))
    expected = expected(params)
    assert_close(found, expected)


@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("path", clipping.PATHS)
def test_one_device_moves_the_sum_by_at_most_the_bound(path, normalise):
    params, batch = make(SharedRows)
    clip = clipping.Clip(l2_clip_norm=0.01, normalise=normalise, path=path)

    def total(mask):
        return clipping.clipped_sum(losses(SharedRows), params, batch, mask, clip=clip)

    function = jax.jit(total)
    for i in range(NUM_DEVICES):
        assert 0.005 < norm(function(jnp.arange(NUM_DEVICES) == i)) <= 0.01 * (1 + 1e-5)


def test_scales_by_hand():
    squared = jnp.array([0.0, 4.0, 100.0, jnp.nan, 4.0, 4.0])
    loss = jnp.array([1.0, 1.0, 1.0, 1.0, jnp.inf, 1.0])
    mask = jnp.array([True, True, True, True, True, False])
    flat = clipping.scales(squared, loss, mask, clipping.Clip(l2_clip_norm=5.0))
    np.testing.assert_allclose(flat, [1, 1, 0.5, 0, 0, 0])
    clip = clipping.Clip(l2_clip_norm=5.0, normalise=True)
    found = clipping.scales(squared, loss, mask, clip)
    np.testing.assert_allclose(found, [500, 5 / 2.01, 5 / 10.01, 0, 0, 0], rtol=1e-6)


@pytest.mark.parametrize("path", clipping.PATHS)
@pytest.mark.parametrize("value", [jnp.nan, 1e30])
def test_a_device_that_is_not_finite_contributes_zero(path, value):
    params, batch = make(Mlp)
    clip = clipping.Clip(l2_clip_norm=1.0, path=path)
    bad = {**batch, "x": batch["x"].at[1].set(value)}

    def losses_fn(params, batch):
        huge = jnp.where(jnp.abs(batch["x"]).max(1) > 1e20, jnp.inf, 1.0)
        return losses(Mlp)(params, batch) * huge

    everyone = jnp.ones(NUM_DEVICES, bool)
    others = everyone.at[1].set(False)
    found = clipped(losses_fn, params, bad, everyone, clip)
    expected = clipped(losses_fn, params, batch, others, clip)
    assert_close(found, expected)


class Scaled(nn.Module):
    @nn.compact
    def __call__(self, batch):
        scale = self.param("scale", nn.initializers.ones_init(), (5,))
        return nn.Dense(1)(batch["x"] * scale[None])[:, 0]


class Tied(nn.Module):
    @nn.compact
    def __call__(self, batch):
        embed = nn.Embed(5, 4)
        return embed.attend(embed(batch["codes"])).sum((1, 2))


class Merged(nn.Module):
    @nn.compact
    def __call__(self, batch):
        x = nn.Dense(1)(batch["x"].reshape(-1, 1))
        return x.reshape(batch["x"].shape).sum(1)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Scaled, "Parameter scale: its layer has no clipping rule"),
        (Tied, "no clipping rule for attend"),
        (Merged, "expected 3 devices, or slots"),
    ],
)
def test_what_has_no_rule_is_refused(model, message):
    params, batch = make(model)
    mask = jnp.ones(NUM_DEVICES, bool)
    clip = clipping.Clip(l2_clip_norm=1.0)
    with pytest.raises(ValueError, match=message):
        clipped(losses(model), params, batch, mask, clip)
