"""Checks and times on an accelerator what no other benchmark does.

    python benchmarks/accelerator_part.py --part=correctness --hardware=h100
    python benchmarks/accelerator_part.py --part=relational_fit --hardware=h100

`correctness` computes one clipped sum, noise, draws and votes on the accelerator and on
the CPU of the machine and compares them; status 1 if any differs. `relational_fit` fits
the model of `dpsgd_relational` to random records and draws as many devices from it.
`accelerator.py` runs these and the others. Writes benchmarks/results/
<part>_<hardware>.json.
"""

import pathlib
import shlex
import sys
import time
from collections.abc import Callable
from typing import Any

import fleet
import jax
import jax.numpy as jnp
import machine
import numpy as np
import published_vae
from absl import app, flags

from teledp_jax import arrays, keys, runs
from teledp_jax.dpsgd import clipping, gaussian, recipes, trainable
from teledp_jax.dpsgd.models import (
    relational_fit,
    relational_layout,
    relational_sample,
)
from teledp_jax.job import provenance
from teledp_jax.pe import embedding, voting

_PARTS = {
    "correctness": ("teledp_jax.dpsgd.train", "teledp_jax.pe.voting"),
    "relational_fit": ("teledp_jax.dpsgd.models.relational_fit",),
}
_PART = flags.DEFINE_enum("part", None, sorted(_PARTS), "What to do.", required=True)
_DEVICES = flags.DEFINE_integer("num_devices", 1_000_000, "Devices of the fit.")
_STEPS = flags.DEFINE_integer("num_steps", 250, "Steps of the fit.")
_CHECKED = flags.DEFINE_integer("num_checked", 512, "Devices that are compared.")
_TABLES = flags.DEFINE_integer("tables", None, "Tables; none: all.")
_MICRO_BATCH = flags.DEFINE_integer("micro_batch", 8192, "Devices at once.")
_SAMPLES = flags.DEFINE_integer("num_samples", 16_384, "Devices drawn at once.")
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the machine.", required=True)
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")

_CLIP_NORM = 1.0
_SINGLE = 8  # devices whose own gradient is bounded
_ROUNDING = 1e-4  # of a norm that is computed in float32
_CLOSE = 0.02  # of a sum: losses round products to fewer bits, clips do not
_SAME = 0.999  # share of draws: rounding may move one that lies on an edge


def on_cpu(call: Callable[[], Any]) -> Any:
    """What a call returns where all of it runs on the CPU of the machine."""
    if jax.default_backend() == "cpu":
        return jax.tree.map(np.asarray, call())
    jax.config.update("jax_default_device", jax.devices("cpu")[0])
    try:
        return jax.tree.map(np.asarray, call())
    finally:
        jax.config.update("jax_default_device", None)


def check_sums(model: trainable.Model, codes: np.ndarray) -> dict[str, Any]:
    """How far the clipped sum is from the CPU's, and the largest clipped norm."""
    params = on_cpu(lambda: model.init(jax.random.key(0)))
    clip = clipping.Clip(l2_clip_norm=_CLIP_NORM, normalise=True)

    @jax.jit
    def total(params: Any, batch: Any, mask: jax.Array) -> jax.Array:
        found = clipping.clipped_sum(model.losses, params, batch, mask, clip=clip)
        return jnp.concatenate([leaf.reshape(-1) for leaf in jax.tree.leaves(found)])

    everyone = np.ones(len(codes), bool)
    alone = [np.arange(len(codes)) == i for i in range(min(_SINGLE, len(codes)))]

    def sums() -> list[np.ndarray]:
        batch = model.inputs(jnp.asarray(codes, jnp.int32), jax.random.key(1))
        own = jax.tree.map(jnp.asarray, params)
        masks = map(jnp.asarray, (everyone, *alone))
        return [np.asarray(total(own, batch, mask)) for mask in masks]

    here, there = sums(), on_cpu(sums)
    apart = float(np.linalg.norm(here[0] - there[0]) / np.linalg.norm(there[0]))
    largest = max(float(np.linalg.norm(alone)) for alone in here[1:])
    holds = apart <= _CLOSE and largest <= _CLIP_NORM * (1 + _ROUNDING)
    return {"relative_difference": apart, "largest_norm": largest, "holds": holds}


def check_noise() -> dict[str, Any]:
    """Share of noisy numbers that are the CPU's, bit for bit."""

    def noise() -> jax.Array:
        return gaussian.noisy_sum(
            jax.random.key(3),
            jnp.zeros(100_000, jnp.float32),
            l2_clip_norm=_CLIP_NORM,
            noise_multiplier=1.0,
            expected_batch_size=4096.0,
        )

    same = float((np.asarray(noise()) == on_cpu(noise)).mean())
    return {"share_same": same, "holds": same == 1.0}


def check_draws(schema: Any, model: trainable.Model) -> dict[str, Any]:
    """Share of codes drawn from a model without training that are the CPU's."""
    layout, shares, bases = fleet.relational(schema)
    params = on_cpu(lambda: model.init(jax.random.key(0)))

    def draw() -> np.ndarray:
        shifts = jax.tree.map(lambda share: jnp.zeros(len(share), jnp.float32), shares)
        here = jax.tree.map(jnp.asarray, params)
        return relational_sample.draw(
            layout, _CHECKED.value, here, bases, shifts, jax.random.key(5)
        )

    same = float((draw() == on_cpu(draw)).mean())
    return {"share_same": same, "holds": same >= _SAME}


def check_votes(schema: Any, codes: np.ndarray) -> dict[str, Any]:
    """Share of votes, by products on the accelerator, that are the CPU's sums."""
    metric = embedding.make(schema, np.ones(len(schema.heads)))
    candidates = codes[: max(len(codes) // 4, 1)]
    voters = codes[len(candidates) :]
    here = voting.nearest(metric, voters, candidates, use_matmul=True)
    there = on_cpu(lambda: voting.nearest(metric, voters, candidates, use_matmul=False))
    same = float((here == there).mean())
    return {"share_same": same, "holds": same == 1.0}


def correctness() -> dict[str, Any]:
    """Compares both families on the accelerator with the CPU."""
    schema = fleet.like_dca(_TABLES.value)
    codes = arrays.flatten(schema, fleet.records(schema, _CHECKED.value))
    relational = fleet.relational_model(schema)
    wide = published_vae.records(_CHECKED.value)
    checks = {
        "dpsgd_vae_sum": check_sums(published_vae.model(), wide),
        "dpsgd_relational_sum": check_sums(relational, codes),
        "noise": check_noise(),
        "relational_draws": check_draws(schema, relational),
        "pe_votes": check_votes(schema, codes),
    }
    return {"num_checked": _CHECKED.value, "checks": checks}


def fit(schema: Any, codes: np.ndarray) -> tuple[Any, int]:
    """Fits by DP-SGD; the marginals are those that records are drawn from."""
    layout, shares = relational_layout.layout(schema), fleet.shares(schema)
    marginals = relational_fit.Marginals(
        shares=shares,
        totals={name: (share * len(codes), 1.0) for name, share in shares.items()},
        repeats=dict.fromkeys(shares, 1.0),
    )
    options = relational_fit.Options(num_samples=_SAMPLES.value)
    probability = 0.04

    def run(size: int) -> Any:
        recipe = recipes.Recipe(
            sampling_prob=probability,
            num_steps=_STEPS.value,
            expected_batch_size=probability * len(codes),
            noise_multiplier=1.0,
            clip=clipping.Clip(l2_clip_norm=_CLIP_NORM, normalise=True),
            micro_batch=size,
            averaging=0.98,
            checkpoint_every=50,
        )
        streams = keys.split(jax.random.key(1), jax.random.key(2))
        context = machine.context(lambda done, total, facts: None)
        return relational_fit.fit(
            schema, layout, marginals, recipe, options, streams, codes, context
        )

    return machine.with_micro_batch(run, _MICRO_BATCH.value)


def drawn(schema: Any, fitted: Any, count: int) -> arrays.DeviceArrays:
    """Draws devices from what was fitted."""
    layout, chunk = relational_layout.layout(schema), min(_SAMPLES.value, count)
    key = jax.random.key(5)
    return relational_fit.draw_devices(schema, layout, chunk, key, fitted, count)


def relational_fit_and_sample() -> dict[str, Any]:
    """Times a fit and as many draws, each a second time without compilation."""
    schema = fleet.like_dca(_TABLES.value)
    codes = arrays.flatten(schema, fleet.records(schema, _DEVICES.value))
    clock = [time.perf_counter()]

    def lap() -> float:
        clock.append(time.perf_counter())
        return clock[-1] - clock[-2]

    fitted, size = fit(schema, codes)
    fit_seconds = lap()
    drawn(schema, fitted, min(_SAMPLES.value, _DEVICES.value))
    compile_seconds = lap()
    drawn(schema, fitted, _DEVICES.value)
    return {
        "num_devices": _DEVICES.value,
        "num_steps": _STEPS.value,
        "num_tables": len(schema.tables),
        "micro_batch": size,
        "fit_seconds": fit_seconds,
        "first_sample_seconds": compile_seconds,
        "sample_seconds": lap(),
        "codes_bytes": codes.nbytes,
        "peak_bytes": machine.resident_bytes(peak=True),
    }


def main(argv: list[str]) -> None:
    """Measures, prints and writes the JSON; status 1 if a check does not hold."""
    del argv
    call = {
        "correctness": correctness,
        "relational_fit": relational_fit_and_sample,
    }[_PART.value]
    result = {
        "command": shlex.join(["python", *sys.argv]),
        "versions": machine.versions(),
        "code": provenance.code_of(*_PARTS[_PART.value]),
        "hardware": machine.describe(_HARDWARE.value),
        **call(),
        "accelerator_bytes": machine.accelerator_bytes(),
    }
    folder = pathlib.Path(_OUTPUT.value)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_PART.value}_{_HARDWARE.value}.json"
    runs.write_json(path, result)
    print(path)
    if wrong := [n for n, c in result.get("checks", {}).items() if not c["holds"]]:
        sys.exit(f"Not as on the CPU: {', '.join(wrong)}; see {path}.")


if __name__ == "__main__":
    app.run(main)
