"""Path `fast` keeps the bound whatever the rows: cancelling, repeated, huge or tiny."""

import functools

import flax.linen as nn
import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies

from teledp_jax.dpsgd import clipping, rules
from teledp_jax.dpsgd.models import layers, packing

ROWS, INPUTS, OUTPUTS = 16, 512, 64
HEADS, CODES = 4, 3
CLIP = clipping.Clip(l2_clip_norm=1.0)
LAYERS = {
    nn.Dense: lambda: nn.Dense(OUTPUTS),
    nn.Embed: lambda: nn.Embed(CODES, OUTPUTS),
    nn.LayerNorm: lambda: nn.LayerNorm(),
    layers.CodeDense: lambda: layers.CodeDense((CODES,) * HEADS, OUTPUTS),
    layers.CausalDense: lambda: layers.CausalDense(
        tuple(i % 4 - 1 for i in range(INPUTS)), tuple(i % 3 for i in range(OUTPUTS))
    ),
    layers.Bias: lambda: layers.Bias(),
}


class Rows(nn.Module):
    """One layer on rows, whose signals are numbers of the batch."""

    kind: type[nn.Module]
    packed: bool

    @nn.compact
    def __call__(self, batch):
        layer = LAYERS[self.kind]()
        if not self.packed:
            outputs = self.by_row(layer, batch["x"])
            signals = batch["signals"][:, : outputs.shape[1]]
            exists = jnp.arange(outputs.shape[1])[None] < batch["num_rows"][:, None]
            return jnp.where(exists[..., None], outputs * signals, 0.0).sum((1, 2))
        slots = packing.pack(batch["num_rows"], max_rows=ROWS, num_slots=2 * ROWS)
        with packing.layers_on(slots):
            outputs = layer(packing.take(slots, batch["x"]))
        products = outputs * packing.take(slots, batch["signals"])
        return packing.total([slots], [products.sum(1)])

    def by_row(self, layer, x):
        if self.kind is not layers.CodeDense:
            return layer(x)
        # It takes one row per device: each call is a row, and three show enough.
        return jnp.stack([layer(x[:, i]) for i in range(3)], axis=1)


@functools.cache
def program(kind, packed, path):
    model = Rows(kind, packed)

    def contribution(params, batch):
        return clipping.clipped_sum(
            lambda p, b: model.apply({"params": p}, b),
            params,
            batch,
            jnp.array([True, False]),
            clip=clipping.Clip(l2_clip_norm=CLIP.l2_clip_norm, path=path),
        )

    return jax.jit(contribution)


def width(kind):
    return INPUTS if kind in (nn.LayerNorm, layers.Bias) else OUTPUTS


def params_of(kind, packed, batch):
    init = Rows(kind, packed).init
    shapes = jax.eval_shape(init, jax.random.key(0), batch)["params"]
    return jax.tree.map(lambda leaf: np.ones(leaf.shape, np.float32), shapes)


def norm(tree):
    return np.sqrt(
        sum(np.square(np.asarray(x, np.float64)).sum() for x in jax.tree.leaves(tree))
    )


def exact(kind, packed, params, batch):
    """The contribution by `vmap` in 64 bits."""
    wide = jax.tree.map(
        lambda x: x.astype(np.float64) if x.dtype == np.float32 else x, (params, batch)
    )
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        return jax.tree.map(np.asarray, program(kind, packed, "vmap")(*wide))


@strategies.composite
def data(draw, kind):
    """Rows of two devices, the first of which is an adversary."""
    rng = np.random.default_rng(draw(strategies.integers(0, 2**32 - 1)))
    count = draw(strategies.sampled_from([1, 2, 3, ROWS, ROWS]))
    rows = rng.random((ROWS, INPUTS)) + draw(strategies.sampled_from([-0.5, 0.5]))
    signals = rng.random((ROWS, width(kind))) + 0.5
    codes = rng.integers(0, CODES, (2, ROWS, HEADS), dtype=np.int32)
    noise = draw(strategies.sampled_from([0.0, 0.0, 1e-7, 1e-4, 1e-2]))
    attack = draw(strategies.sampled_from(["none", "repeat", "signs", "sum", "sum_x"]))
    if attack in ("repeat", "signs", "sum"):  # rows that are equal, up to noise
        rows = rows[0] + noise * rng.normal(size=rows.shape)
        codes[0] = codes[0, 0]
    if attack in ("repeat", "signs", "sum_x"):
        signals = signals[0] * (1 + noise * rng.normal(size=(ROWS, 1)))
    if attack == "signs":
        signals[1::2] *= -1.0
    if attack == "sum":
        signals[count - 1] = -signals[: count - 1].sum(0)
    if attack == "sum_x":
        rows[count - 1] = -rows[: count - 1].sum(0)
    share = 10.0 ** (draw(strategies.sampled_from([0, 3, 20])) * rng.uniform(-1, 1))
    rows, signals = rows * share, signals / share
    part, whole = draw(strategies.integers(-20, 16)), draw(strategies.integers(-3, 15))
    rows, signals = rows * 10.0**part, signals * 10.0 ** (whole - part)
    return batch_of(
        kind,
        np.stack([rows, rng.normal(size=rows.shape)]),
        np.stack([signals, rng.normal(size=signals.shape)]),
        codes,
        count,
    )


def batch_of(kind, rows, signals, codes, count):
    inputs = {nn.Embed: codes[..., 0], layers.CodeDense: codes}
    with np.errstate(over="ignore"):  # then a device must count for nothing
        rows, signals = rows.astype(np.float32), signals.astype(np.float32)
    return {
        "x": inputs.get(kind, rows),
        "signals": signals,
        "num_rows": np.array([count, 2], np.int32),
    }


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
def test_no_rows_carry_a_device_over_the_bound(kind, packed):
    @hypothesis.settings(max_examples=25, deadline=None, derandomize=True)
    @hypothesis.given(batch=data(kind))
    def check(batch):
        params = params_of(kind, packed, batch)
        found = program(kind, packed, "fast")(params, batch)
        assert norm(found) <= CLIP.l2_clip_norm * (1 + 1e-3)

    check()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
def test_the_bound_is_tight_where_rows_do_not_cancel(kind, packed):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        batch = batch_of(
            kind,
            rng.normal(size=(2, ROWS, INPUTS)),
            rng.normal(size=(2, ROWS, width(kind))),
            rng.integers(0, CODES, (2, ROWS, HEADS), dtype=np.int32),
            ROWS,
        )
        params = params_of(kind, packed, batch)
        found = program(kind, packed, "fast")(params, batch)
        expected = exact(kind, packed, params, batch)
        assert norm(expected) > 1 - 1e-6
        apart = jax.tree.map(
            lambda a, b: np.asarray(a, np.float64) - b, found, expected
        )
        assert norm(apart) < 1e-3
        assert 0.999 < norm(found) <= 1 + 1e-6


def test_every_layer_type_that_has_a_rule_is_attacked():
    assert set(LAYERS) == set(rules.RULES)
