"""Times a step without privacy, `fast` and `vmap` clipping, and peers, side by side.

All run in one process on the same network, data and batch: a VAE-shaped network of
dense layers with a binary cross-entropy for each input. A step is gradient, clip,
noise and Adam's update. Peers run where they are installed.

    python benchmarks/dpsgd_step.py --batch=4096 --hardware=cpu2
"""

import functools
import importlib.metadata
import importlib.util
import itertools
import json
import os
import pathlib
import platform
import resource
import shlex
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from absl import app, flags

from teledp_jax.dpsgd import clipping, train

_BATCH = flags.DEFINE_integer("batch", 4096, "Devices in a step.")
_MICRO_BATCH = flags.DEFINE_integer("micro_batch", 512, "Devices of `fast` at once.")
_VMAP_MICRO_BATCH = flags.DEFINE_integer(
    "vmap_micro_batch", 16, "Devices at once where gradients are formed."
)
_VMAP_BATCH = flags.DEFINE_integer(
    "vmap_batch", 512, "Devices in a step of `vmap` and jax-privacy."
)
_INPUTS = flags.DEFINE_integer("inputs", 307, "Input size.")
_HIDDEN = flags.DEFINE_list("hidden", ["512", "256"], "Widths of the encoder.")
_LATENT = flags.DEFINE_integer("latent", 128, "Size of the latent.")
_REPEATS = flags.DEFINE_integer("repeats", 7, "Timed steps; the median counts.")
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the machine.", required=True)
_OUTPUT = flags.DEFINE_string("output", "benchmarks/results", "Folder of the result.")

_CLIP_NORM, _STDDEV, _RATE = 1.0, 1.0, 1e-3


class Network(nn.Module):
    """A VAE of flat features; the loss of each device."""

    hidden: tuple[int, ...]
    latent: int

    @nn.compact
    def __call__(self, x: jax.Array, noise: jax.Array) -> jax.Array:
        """Cross-entropy of each device's features, and its divergence."""
        y = x
        for width in self.hidden:
            y = nn.silu(nn.Dense(width)(y))
        mean, log_variance = jnp.split(nn.Dense(2 * self.latent)(y), 2, axis=-1)
        y = mean + jnp.exp(0.5 * log_variance) * noise
        for width in reversed(self.hidden):
            y = nn.silu(nn.Dense(width)(y))
        logits = nn.Dense(x.shape[1])(y)
        entropy = optax.sigmoid_binary_cross_entropy(logits, x).sum(1)
        divergence = mean**2 + jnp.exp(log_variance) - 1.0 - log_variance
        return entropy + 0.5 * divergence.sum(1)


Sum = Callable[[Any, Any], Any]


def in_micro_batches(part_fn: Sum, micro_batch: int) -> Sum:
    """Sums `part_fn` over micro-batches, in a loop as training has it."""

    def total(params: Any, batch: Any) -> Any:
        size = batch[0].shape[0]

        def add(i: jax.Array, total: Any) -> Any:
            part = jax.tree.map(
                lambda leaf: jax.lax.dynamic_slice_in_dim(
                    leaf, i * micro_batch, micro_batch
                ),
                batch,
            )
            return jax.tree.map(jnp.add, total, part_fn(params, part))

        zeros = jax.tree.map(jnp.zeros_like, params)
        return jax.lax.fori_loop(0, size // micro_batch, add, zeros)

    return total


def clipped(losses_fn: clipping.LossesFn, path: str) -> Sum:
    """Sum of clipped gradients of one micro-batch."""
    clip = clipping.Clip(l2_clip_norm=_CLIP_NORM, path=path)
    return lambda params, batch: clipping.clipped_sum(
        losses_fn, params, batch, jnp.ones(batch[0].shape[0], bool), clip=clip
    )


def time_jax(sum_fn: Sum, params: Any, batch: Any, *, private: bool) -> dict:
    """Compiles and times one step; the state goes from step to step."""
    optimizer = optax.adam(_RATE)
    size = batch[0].shape[0]

    @jax.jit
    def step(state: Any, key: jax.Array, batch: Any) -> Any:
        params, opt_state = state
        total = sum_fn(params, batch)
        if private:
            total = train.noisy_sum(key, total, stddev=_STDDEV)
        grad = jax.tree.map(lambda leaf: leaf / size, total)
        updates, opt_state = optimizer.update(grad, opt_state)
        return optax.apply_updates(params, updates), opt_state

    state = (params, optimizer.init(params))
    start = time.perf_counter()
    compiled = step.lower(state, jax.random.key(0), batch).compile()
    compile_seconds = time.perf_counter() - start
    state = jax.block_until_ready(compiled(state, jax.random.key(0), batch))
    seconds = []
    for i in range(_REPEATS.value):
        key = jax.random.key(i)
        start = time.perf_counter()
        state = jax.block_until_ready(compiled(state, key, batch))
        seconds.append(time.perf_counter() - start)
    memory = compiled.memory_analysis()
    return {
        **rates(seconds, size),
        "compile_seconds": compile_seconds,
        "compiled_temp_bytes": getattr(memory, "temp_size_in_bytes", None),
    }


def rates(seconds: list[float], size: int) -> dict:
    """Numbers of one row; the peak is that of the process until now."""
    return {
        "batch": size,
        "step_seconds": statistics.median(seconds),
        "step_seconds_each": seconds,
        "examples_per_second": size / statistics.median(seconds),
        "peak_rss_bytes_so_far": 1024
        * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def jax_privacy_sum(losses_fn: clipping.LossesFn, micro_batch: int) -> Sum:
    """The peer's sum of clipped gradients."""
    import jax_privacy

    def loss(params: Any, batch: Any) -> jax.Array:
        return losses_fn(params, batch).sum()

    return jax_privacy.clipped_grad(
        loss,
        l2_clip_norm=_CLIP_NORM,
        batch_argnums=1,
        keep_batch_dim=True,
        microbatch_size=micro_batch,
    )


def time_opacus(mode: str, x: np.ndarray, micro_batch: int) -> dict:
    """A peer's step on the same network and data, forward to update."""
    import opacus
    import torch
    from opacus.utils.fast_gradient_clipping_utils import DPLossFastGradientClipping

    torch.manual_seed(0)
    hidden, latent = [int(width) for width in _HIDDEN.value], _LATENT.value

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            widths = [x.shape[1], *hidden]
            pairs = list(itertools.pairwise(widths))
            self.down = torch.nn.ModuleList(torch.nn.Linear(*p) for p in pairs)
            self.both = torch.nn.Linear(hidden[-1], 2 * latent)
            widths = [latent, *reversed(hidden)]
            pairs = list(itertools.pairwise(widths))
            self.up = torch.nn.ModuleList(torch.nn.Linear(*p) for p in pairs)
            self.out = torch.nn.Linear(hidden[0], x.shape[1])

        def forward(self, x: Any) -> Any:
            y = x
            for layer in self.down:
                y = torch.nn.functional.silu(layer(y))
            mean, log_variance = self.both(y).chunk(2, dim=1)
            y = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
            for layer in self.up:
                y = torch.nn.functional.silu(layer(y))
            divergence = mean**2 + torch.exp(log_variance) - 1 - log_variance
            return torch.cat([self.out(y), 0.5 * divergence], dim=1)

    def losses(output: Any, x: Any) -> Any:
        logits, divergence = output[:, : x.shape[1]], output[:, x.shape[1] :]
        entropy = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, x, reduction="none"
        )
        return entropy.sum(1) + divergence.sum(1)

    class Criterion:
        reduction = "mean"

        def __call__(self, output: Any, x: Any) -> Any:
            each = losses(output, x)
            return each if self.reduction == "none" else each.mean()

    criterion: Any = Criterion()
    net = opacus.GradSampleModule(Net())
    if mode == "ghost":
        net = opacus.grad_sample.GradSampleModuleFastGradientClipping(
            Net(), max_grad_norm=_CLIP_NORM, use_ghost_clipping=True
        )
    kind = (
        opacus.optimizers.DPOptimizerFastGradientClipping
        if mode == "ghost"
        else opacus.optimizers.DPOptimizer
    )
    optimizer = kind(
        torch.optim.Adam(net.parameters(), lr=_RATE),
        noise_multiplier=_STDDEV / _CLIP_NORM,
        max_grad_norm=_CLIP_NORM,
        expected_batch_size=len(x),
    )
    if mode == "ghost":
        criterion = DPLossFastGradientClipping(net, optimizer, Criterion(), "mean")
    data, seconds = torch.from_numpy(x), []
    for _ in range(_REPEATS.value + 1):
        start = time.perf_counter()
        for i in range(0, len(x), micro_batch):
            part = data[i : i + micro_batch]
            optimizer.signal_skip_step(do_skip=i + micro_batch < len(x))
            criterion(net(part), part).backward()
            optimizer.step()
            optimizer.zero_grad()
        seconds.append(time.perf_counter() - start)
    return rates(seconds[1:], len(x))


def measure() -> tuple[dict, int]:
    """All rows, and the size of the network."""
    rng = np.random.default_rng(0)
    x = (rng.random((_BATCH.value, _INPUTS.value)) < 0.1).astype(np.float32)
    noise = rng.standard_normal((_BATCH.value, _LATENT.value)).astype(np.float32)
    network = Network(tuple(int(width) for width in _HIDDEN.value), _LATENT.value)
    params = network.init(jax.random.key(0), x[:1], noise[:1])["params"]
    batch = (jnp.asarray(x), jnp.asarray(noise))
    less = tuple(array[: _VMAP_BATCH.value] for array in batch)

    def losses_fn(params: Any, batch: Any) -> jax.Array:
        return network.apply({"params": params}, *batch)

    plain = jax.grad(lambda params, batch: losses_fn(params, batch).sum())
    micro, small = _MICRO_BATCH.value, _VMAP_MICRO_BATCH.value
    fast = clipped(losses_fn, "fast")
    jobs: dict[str, Callable[[], dict]] = {
        "non_private_whole_batch": lambda: time_jax(
            plain, params, batch, private=False
        ),
        "non_private": lambda: time_jax(
            in_micro_batches(plain, micro), params, batch, private=False
        ),
        "fast": lambda: time_jax(
            in_micro_batches(fast, micro), params, batch, private=True
        ),
        "fast_whole_batch": lambda: time_jax(fast, params, batch, private=True),
        "vmap": lambda: time_jax(
            in_micro_batches(clipped(losses_fn, "vmap"), small),
            params,
            less,
            private=True,
        ),
    }
    if importlib.util.find_spec("jax_privacy"):
        jobs["jax_privacy"] = lambda: time_jax(
            jax_privacy_sum(losses_fn, small), params, less, private=True
        )
    if importlib.util.find_spec("opacus"):
        jobs["opacus_ghost"] = functools.partial(time_opacus, "ghost", x, micro)
        jobs["opacus_hooks"] = functools.partial(time_opacus, "hooks", x, small)
    rows = {name: job() for name, job in jobs.items()}
    best = max(
        rows[name]["examples_per_second"]
        for name in ("non_private", "non_private_whole_batch")
    )
    for row in rows.values():
        row["ratio_to_non_private"] = row["examples_per_second"] / best
    return rows, sum(leaf.size for leaf in jax.tree.leaves(params))


def versions() -> dict[str, str]:
    """Versions of what took part."""
    names = (
        "jax",
        "jaxlib",
        "flax",
        "optax",
        "numpy",
        "jax-privacy",
        "opacus",
        "torch",
    )
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def main(argv: list[str]) -> None:
    """Measures, prints a table and writes the JSON."""
    del argv
    load = os.getloadavg()[0]
    rows, num_parameters = measure()
    result = {
        "command": shlex.join(["python", *sys.argv]),
        "versions": versions(),
        "hardware": {
            "name": _HARDWARE.value,
            "accelerators": [device.device_kind for device in jax.devices()],
            "cores": len(os.sched_getaffinity(0)),
            "machine": platform.machine(),
            "load_average_before": load,
        },
        "num_parameters": num_parameters,
        "micro_batch": _MICRO_BATCH.value,
        "vmap_micro_batch": _VMAP_MICRO_BATCH.value,
        "rows": rows,
    }
    print(f"{'':24} {'examples/s':>12} {'ratio':>7} {'compile s':>10}")
    for name, row in rows.items():
        print(
            f"{name:24} {row['examples_per_second']:12.0f} "
            f"{row['ratio_to_non_private']:7.3f} {row.get('compile_seconds', 0):10.1f}"
        )
    path = pathlib.Path(_OUTPUT.value) / f"dpsgd_step_{_HARDWARE.value}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(path)


if __name__ == "__main__":
    app.run(main)
