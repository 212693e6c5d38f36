"""Fits on a mesh in a process of its own: `parallel_worker.py OUT [PORT COUNT ID]`."""

import pathlib
import sys

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from teledp_jax import base, keys
from teledp_jax.dpsgd import clipping, parallel, recipes, train, trainable

RECIPE = recipes.Recipe(
    sampling_prob=0.2,
    num_steps=4,
    expected_batch_size=200.0,
    noise_multiplier=0.5,
    clip=clipping.Clip(l2_clip_norm=1.0),
    micro_batch=16,
    averaging=0.9,
    checkpoint_every=2,
)


class Net(nn.Module):
    @nn.compact
    def __call__(self, codes, noise):
        x = nn.Dense(4)(codes.astype(jnp.float32)) + noise
        return nn.Dense(1)(jnp.tanh(x))[:, 0] ** 2


def fit(mesh=None, store=None, progress=lambda *args: None):
    """Fits on the own devices of 1,000; each process holds no other."""
    part, start, stop = base.Part(), 0, 1000
    if mesh is not None:
        start, stop = parallel.own_range(1000, mesh)
        part = base.Part(first=start, num_devices=1000, mesh=mesh)
    codes = np.random.default_rng(0).integers(0, 4, (1000, 3)).astype(np.uint8)
    net = Net()
    model = trainable.Model(
        lambda key: net.init(key, codes[:1], np.zeros((1, 4), np.float32))["params"],
        lambda codes, key: (codes, jax.random.normal(key, (codes.shape[0], 4))),
        lambda params, batch: net.apply({"params": params}, *batch),
    )
    return train.fit(
        model,
        optax.adam(0.1),
        RECIPE,
        keys.split(jax.random.key(1), jax.random.key(2)),
        codes[start:stop],
        model.init(jax.random.key(0)),
        base.Context(store or base.MemoryStore(), progress, None, part),
    )


def main(out, port="", count="1", process="0"):
    if port:
        jax.distributed.initialize(f"localhost:{port}", int(count), int(process))
    leaves = jax.tree.leaves(fit(parallel.make_mesh()))
    np.savez(pathlib.Path(out), *(np.asarray(leaf) for leaf in leaves))


if __name__ == "__main__":
    main(*sys.argv[1:])
