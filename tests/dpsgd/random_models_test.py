"""The clipping paths agree on models drawn at random from all layer types."""

import dataclasses

import flax.linen as nn
import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies

from teledp_jax.dpsgd import clipping, rules
from teledp_jax.dpsgd.models import layers, packing

NUM_DEVICES, ROWS, VOCABULARY = 4, 3, 5
WIDTHS = strategies.integers(1, 6)


@dataclasses.dataclass(frozen=True)
class Spec:
    """A model: layers by device, then rows that share weights, then both together."""

    devices: tuple[tuple[str, int], ...]
    rows: tuple[tuple[str, int], ...]
    packed: bool
    shared: bool
    context: bool


BLOCKS = strategies.lists(
    strategies.tuples(
        strategies.sampled_from(["dense", "bare", "norm", "bias", "causal"]), WIDTHS
    ),
    min_size=1,
    max_size=3,
).map(tuple)
SPECS = strategies.builds(
    Spec,
    devices=BLOCKS,
    rows=BLOCKS,
    packed=strategies.booleans(),
    shared=strategies.booleans(),
    context=strategies.booleans(),
)


def layer(kind, width, size):
    if kind == "causal":
        places = tuple(i % 3 - 1 for i in range(size))
        return layers.CausalDense(places, tuple(i % 3 for i in range(width)))
    if kind in ("dense", "bare"):
        return nn.Dense(width, use_bias=kind == "dense")
    return nn.LayerNorm() if kind == "norm" else layers.Bias()


class Random(nn.Module):
    spec: Spec

    @nn.compact
    def __call__(self, batch):
        spec = self.spec
        x = layers.CodeDense((VOCABULARY,) * 2, 4)(batch["codes"][:, 0])
        for kind, width in spec.devices:
            x = jnp.tanh(layer(kind, width, x.shape[-1])(x))
        count = batch["num_rows"]
        num_devices = count.shape[0]
        embed, shared = nn.Embed(VOCABULARY, 4), nn.Dense(3)
        packed = packing.pack(
            count, max_rows=ROWS, num_slots=min(8, ROWS * num_devices)
        )
        codes = batch["codes"][..., 0]
        if spec.packed:
            with packing.layers_on(packed):
                y = embed(packing.take(packed, codes))
                if spec.context:
                    context = packing.take_device(packed, x)
                    y = jnp.concatenate([y, context], axis=-1)
                y = self.through_rows(y, shared)
            y = packing.total([packed], [jnp.sin(y)])
        else:
            y = embed(codes)
            if spec.context:
                context = jnp.broadcast_to(x[:, None], (*codes.shape, x.shape[-1]))
                y = jnp.concatenate([y, context], axis=-1)
            y = jnp.sin(self.through_rows(y, shared))
            exists = jnp.arange(ROWS)[None] < count[:, None]
            y = jnp.where(exists[..., None], y, 0.0).sum(1)
        if spec.shared:
            y = y.sum(1) + shared(jnp.zeros_like(y[:, :1])).sum(1)
        else:
            y = y.sum(1)
        return y + jnp.cos(x).sum(1)

    def through_rows(self, y, shared):
        for kind, width in self.spec.rows:
            y = jnp.tanh(layer(kind, width, y.shape[-1])(y))
        return shared(y[..., :1])


def data(seed):
    rng = np.random.default_rng(seed)
    batch = {
        "codes": rng.integers(0, VOCABULARY, (NUM_DEVICES, ROWS, 2), dtype=np.int32),
        "num_rows": np.array([2, 0, 3, 1], np.int32)[rng.permutation(NUM_DEVICES)],
    }
    return rng, jax.tree.map(jnp.asarray, batch)


@hypothesis.settings(max_examples=6, deadline=None, derandomize=True)
@hypothesis.given(
    spec=SPECS,
    seed=strategies.integers(0, 2**16),
    norm=strategies.sampled_from([0.1, 1.0, 10.0]),
    normalise=strategies.booleans(),
)
def test_paths_agree(spec, seed, norm, normalise):
    rng, batch = data(seed)
    model = Random(spec)
    shapes = jax.eval_shape(model.init, jax.random.key(0), batch)["params"]
    params = jax.tree.map(
        lambda leaf: jnp.asarray(rng.normal(size=leaf.shape), jnp.float32), shapes
    )
    mask = jnp.asarray(rng.random(NUM_DEVICES) < 0.8)
    sums = []
    for path in ("fast", "vmap"):
        clip = clipping.Clip(l2_clip_norm=norm, normalise=normalise, path=path)
        function = jax.jit(
            lambda params, batch, clip=clip: clipping.clipped_sum(
                lambda p, b: model.apply({"params": p}, b),
                params,
                batch,
                mask,
                clip=clip,
            )
        )
        sums.append(jax.tree.map(np.asarray, function(params, batch)))
    difference = jax.tree.map(np.subtract, *sums)
    size, apart = (
        np.sqrt(sum(np.square(leaf).sum() for leaf in jax.tree.leaves(tree)))
        for tree in (sums[1], difference)
    )
    assert apart <= 1e-5 * size


def test_the_models_hold_every_layer_type_that_has_a_rule():
    used = {nn.Dense, nn.Embed, nn.LayerNorm}
    used |= {layers.CodeDense, layers.CausalDense, layers.Bias}
    assert used == set(rules.RULES)
