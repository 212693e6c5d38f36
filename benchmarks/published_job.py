"""Times the published job: one million devices, 20 epochs, batches of 4,096.

    python benchmarks/published_job.py --hardware=cpu2             # from a few steps
    python benchmarks/published_job.py --hardware=cpu2 --full      # all of it

A step draws its devices by Poisson sampling from codes of one byte, clips, adds noise,
updates by Adam and averages: all that `train.fit` does. Without `--full`, the whole is
projected from the median of some steps and the time to compile. Writes
benchmarks/results/published_job_<hardware>.json.
"""

import itertools
import json
import pathlib
import shlex
import statistics
import sys
import time
from typing import Any

import jax
import machine
import optax
import published_vae
from absl import app, flags

from teledp_jax import base, keys
from teledp_jax.dpsgd import clipping, recipes, train
from teledp_jax.job import provenance

_DEVICES = flags.DEFINE_integer("num_devices", 1_000_000, "Devices.")
_EPOCHS = flags.DEFINE_integer("num_epochs", 20, "Expected draws of a device.")
_BATCH = flags.DEFINE_integer("batch", 4096, "Expected devices in a step.")
_MICRO_BATCH = flags.DEFINE_integer("micro_batch", 512, "Devices at once.")
_STEPS = flags.DEFINE_integer("steps", 20, "Steps to project from.")
_FULL = flags.DEFINE_bool("full", False, "Run all steps.")
_SHARDS = flags.DEFINE_integer("shards", 1, "Accelerators to spread the fleet over.")
_MATMUL = flags.DEFINE_integer("matmul", 2048, "Rows of the matrices of `matmul`.")
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the machine.", required=True)
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")

_EVERY = 10  # steps between two looks at the clock


def recipe(num_steps: int, micro_batch: int) -> recipes.Recipe:
    """The job, or its first steps."""
    return recipes.Recipe(
        sampling_prob=min(_BATCH.value / _DEVICES.value, 1.0),
        num_steps=num_steps,
        expected_batch_size=float(_BATCH.value),
        noise_multiplier=1.0,
        clip=clipping.Clip(l2_clip_norm=1.0),
        micro_batch=micro_batch,
        averaging=0.98,
        checkpoint_every=_EVERY,
    )


def measure(num_steps: int) -> dict[str, Any]:
    """Seconds of a fit, in all and by step once it is compiled."""
    codes = published_vae.records(_DEVICES.value)
    model = published_vae.model()
    params = model.init(jax.random.key(0))
    mesh = None
    if _SHARDS.value > 1:
        mesh = jax.make_mesh((_SHARDS.value,), ("shard",))
    start = time.perf_counter()
    clock = [start]

    def look(done: int, total: int, facts: Any) -> None:
        clock.append(time.perf_counter())

    machine.forget_peak()
    _, micro_batch = machine.with_micro_batch(
        lambda size: train.fit(
            model,
            optax.adam(1e-3),
            recipe(num_steps, size),
            keys.split(jax.random.key(1), jax.random.key(2)),
            codes,
            params,
            machine.context(look)._replace(part=base.Part(mesh=mesh)),
        ),
        _MICRO_BATCH.value,
    )
    each = [(b - a) / _EVERY for a, b in itertools.pairwise(clock[1:])]
    return {
        "seconds": time.perf_counter() - start,
        "step_seconds": statistics.median(each),
        "fastest_step_seconds": min(each),
        "start_seconds": clock[1] - start - _EVERY * statistics.median(each),
        "micro_batch": micro_batch,
        "peak_bytes": machine.resident_bytes(peak=True),
        "accelerator_bytes": machine.accelerator_bytes(),
        "codes_bytes": codes.nbytes,
    }


def main(argv: list[str]) -> None:
    """Measures, prints and writes the JSON."""
    del argv
    num_steps = round(_EPOCHS.value * _DEVICES.value / _BATCH.value)
    timed = num_steps if _FULL.value else max(_STEPS.value, 1) + _EVERY
    timed = -(-timed // _EVERY) * _EVERY if not _FULL.value else timed
    hardware = machine.describe(_HARDWARE.value)
    found = measure(timed)
    matmul = max(machine.matmul(_MATMUL.value) for _ in range(5))
    minutes = (found["start_seconds"] + num_steps * found["step_seconds"]) / 60
    if _FULL.value:
        minutes = found["seconds"] / 60
    rate = _BATCH.value / found["step_seconds"]
    flops = rate * published_vae.matmul_flops()
    result = {
        "command": shlex.join(["python", *sys.argv]),
        "versions": machine.versions(),
        "code": provenance.code_of("teledp_jax.dpsgd.train"),
        "hardware": hardware,
        "num_devices": _DEVICES.value,
        "num_epochs": _EPOCHS.value,
        "num_parameters": published_vae.num_parameters(),
        "num_steps": num_steps,
        "steps_timed": timed,
        **found,
        "minutes": minutes,
        "projected": not _FULL.value,
        "examples_per_second": rate,
        "flops_per_second": flops,
        "matmul_flops_per_second": matmul,
        "share_of_matmul": flops / matmul,
    }
    print(json.dumps(result, indent=1))
    path = pathlib.Path(_OUTPUT.value) / f"published_job_{_HARDWARE.value}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(path)


if __name__ == "__main__":
    app.run(main)
