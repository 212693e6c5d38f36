"""Times a step without privacy, `fast` and `vmap` clipping, and peers, side by side.

    python benchmarks/dpsgd_step.py --hardware=cpu2
    python benchmarks/dpsgd_step.py --hardware=cpu2 --model=relational

All run in one process on the same network, data and batch: the published kind of VAE,
or the model of `dpsgd_relational` on tables of the size of suite dca (which Opacus
cannot run).
A step is gradient, clip, noise and Adam's update. All are compiled first and then take
turns, so that what else the machine does hits them alike; the fastest repeat counts.
Peers run where they are installed (`pip install opacus jax-privacy`, in an environment
of its own: neither is needed for anything else). The achieved rate of operations counts
those that a gradient needs, without privacy; `matmul` is the fastest float32 product of
square matrices seen in the same turns. Writes benchmarks/results/
dpsgd_step_<hardware>.json; `relational` and `batch65536` come before the hardware
where model and batch are not the default ones.
"""

import functools
import importlib.util
import json
import pathlib
import shlex
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import machine
import numpy as np
import opacus_step
import optax
import published_vae
from absl import app, flags

from teledp_jax import arrays
from teledp_jax.dpsgd import clipping, gaussian, memory, states, trainable
from teledp_jax.job import provenance

_MODEL = flags.DEFINE_enum("model", "vae", ["vae", "relational"], "What is trained.")
_BATCH = flags.DEFINE_integer("batch", 4096, "Devices in a step.")
_MICRO_BATCH = flags.DEFINE_integer("micro_batch", 512, "Devices of `fast` at once.")
_SLOW_MICRO_BATCH = flags.DEFINE_integer(
    "slow_micro_batch", 16, "Devices at once where gradients are formed."
)
_SLOW_BATCH = flags.DEFINE_integer(
    "slow_batch", 256, "Devices in a step where gradients are formed."
)
_SLOW = flags.DEFINE_bool("slow", True, "Whether to time what forms gradients.")
_JOBS = flags.DEFINE_list("jobs", [], "What to time; none: all that runs here.")
_TABLES = flags.DEFINE_integer("tables", None, "Tables of `relational`; none: all.")
_REPEATS = flags.DEFINE_integer("repeats", 7, "Turns that are timed.")
_MATMUL = flags.DEFINE_integer("matmul", 2048, "Rows of the matrices of `matmul`.")
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the machine.", required=True)
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")

_CLIP_NORM, _STDDEV, _RATE = 1.0, 1.0, 1e-3
_CODE = {
    "vae": "teledp_jax.dpsgd.models.vae",
    "relational": "teledp_jax.dpsgd.models.relational",
}
_PLAIN = ("non_private", "non_private_whole_batch")

Sum = Callable[[Any, Any], Any]


class Job(NamedTuple):
    """What is timed.

    Attributes:
        step: Takes one step and waits for it.
        batch: Devices in a step.
        facts: What is known before it runs.
    """

    step: Callable[[], None]
    batch: int
    facts: dict[str, float]


Make = Callable[[int], Job]
"""From the devices at once to what is timed."""


def in_micro_batches(part_fn: Sum, micro_batch: int) -> Sum:
    """Sums `part_fn` over micro-batches, in a loop as training has it."""

    def total(params: Any, batch: Any) -> Any:
        size = jax.tree.leaves(batch)[0].shape[0]

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
        losses_fn, params, batch, everyone(batch), clip=clip
    )


def everyone(batch: Any) -> jax.Array:
    """A mask that leaves out none."""
    return jnp.ones(jax.tree.leaves(batch)[0].shape[0], bool)


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


def jax_job(sum_fn: Sum, params: Any, batch: Any, *, private: bool) -> Job:
    """Compiles one step; the state goes from step to step.

    That of a private step is one vector, as `train.fit` has it.
    """
    optimizer = optax.adam(_RATE)
    size = everyone(batch).size
    like = jax.eval_shape(lambda: params)

    @jax.jit
    def step(state: Any, key: jax.Array, batch: Any) -> Any:
        held, opt_state = state
        params = states.unflatten(held, like) if private else held
        total = sum_fn(params, batch)
        if private:
            total = gaussian.noisy_sum(
                key,
                states.flatten(total),
                l2_clip_norm=_CLIP_NORM,
                noise_multiplier=_STDDEV / _CLIP_NORM,
                expected_batch_size=size,
            )
        grad = jax.tree.map(lambda leaf: leaf / size, total)
        updates, opt_state = optimizer.update(grad, opt_state)
        return optax.apply_updates(held, updates), opt_state

    held = states.flatten(params) if private else params
    state: list[Any] = [(held, optimizer.init(held)), jax.random.key(0)]
    start = time.perf_counter()
    compiled = step.lower(*state, batch).compile()
    seconds = time.perf_counter() - start

    def take() -> None:
        key, use = jax.random.split(state[1])
        state[:] = [jax.block_until_ready(compiled(state[0], use, batch)), key]

    facts = {"compile_seconds": seconds}
    if (analysis := compiled.memory_analysis()) is not None:
        facts["program_bytes"] = analysis.temp_size_in_bytes
    return Job(take, size, facts)


def that_fits(make: Make, micro_batch: int) -> Job:
    """Makes a job with the micro-batch that was asked for, or with one that fits."""
    available = memory.available_bytes(jax.local_devices()[0])
    made: dict[int, Job] = {}

    def needed_bytes(size: int) -> int:
        made[size] = make(size)
        return int(made[size].facts.get("program_bytes", 0))

    def checked(size: int) -> Job:
        memory.check(needed_bytes, size, available)
        return made[size]

    job, size = machine.with_micro_batch(checked, micro_batch)
    return job._replace(facts={**job.facts, "micro_batch": size})


def subject() -> tuple[trainable.Model, np.ndarray]:
    """The model, and records of a batch."""
    if _MODEL.value == "vae":
        return published_vae.model(), published_vae.records(_BATCH.value)
    import fleet

    schema = fleet.like_dca(_TABLES.value)
    records = fleet.records(schema, _BATCH.value)
    return fleet.relational_model(schema), arrays.flatten(schema, records)


def jobs() -> dict[str, Callable[[], Job]]:
    """All that can run here."""
    model, codes = subject()
    params = model.init(jax.random.key(0))
    batch = model.inputs(jnp.asarray(codes, jnp.int32), jax.random.key(1))
    less = jax.tree.map(lambda array: array[: _SLOW_BATCH.value], batch)
    micro, small = _MICRO_BATCH.value, _SLOW_MICRO_BATCH.value
    plain = jax.grad(lambda params, batch: model.losses(params, batch).sum())
    fast, vmap = (clipped(model.losses, path) for path in ("fast", "vmap"))
    private = functools.partial(jax_job, params=params, private=True)
    public = functools.partial(jax_job, params=params, batch=batch, private=False)
    found: dict[str, Callable[[], Job]] = {
        "non_private": lambda: that_fits(
            lambda size: public(in_micro_batches(plain, size)), micro
        ),
        "non_private_whole_batch": lambda: public(plain),
        "fast": lambda: that_fits(
            lambda size: private(in_micro_batches(fast, size), batch=batch), micro
        ),
        "fast_whole_batch": lambda: private(fast, batch=batch),
    }
    if _SLOW.value:
        found["vmap"] = lambda: private(in_micro_batches(vmap, small), batch=less)
    if _SLOW.value and importlib.util.find_spec("jax_privacy"):
        peer = jax_privacy_sum
        found["jax_privacy"] = lambda: private(peer(model.losses, small), batch=less)
    if importlib.util.find_spec("opacus") and _MODEL.value == "vae":
        facts = {"clip_norm": _CLIP_NORM, "stddev": _STDDEV, "rate": _RATE}
        modes = [("ghost", _BATCH.value, micro), ("hooks", _SLOW_BATCH.value, small)]
        for mode, size, part in modes if _SLOW.value else modes[:1]:
            found[f"opacus_{mode}"] = functools.partial(
                opacus_job, mode, codes[:size], micro_batch=part, **facts
            )
    return {name: found[name] for name in _JOBS.value or found}


def opacus_job(mode: str, codes: np.ndarray, **options: Any) -> Job:
    """A step of the other peer; arguments are those of `opacus_step.make`."""
    return Job(opacus_step.make(mode, codes, **options), len(codes), {})


def measure() -> tuple[dict[str, dict], float]:
    """A row for each job, and the rate of the fastest matrix product."""
    made: dict[str, Job] = {}
    rows: dict[str, dict] = {}
    for name, make in jobs().items():
        made[name] = make()
        machine.forget_peak()
        before = machine.resident_bytes(peak=False)
        made[name].step()
        peak = machine.resident_bytes(peak=True) - before
        rows[name] = {"batch": made[name].batch, **made[name].facts}
        rows[name]["peak_bytes_above_rest"] = peak
    seconds: dict[str, list[float]] = {name: [] for name in made}
    matmul = 0.0
    for _ in range(_REPEATS.value):
        for name, job in made.items():
            start = time.perf_counter()
            job.step()
            seconds[name].append(time.perf_counter() - start)
        matmul = max(matmul, machine.matmul(_MATMUL.value))
    for name, row in rows.items():
        rate = made[name].batch / min(seconds[name])
        row["step_seconds"] = min(seconds[name])
        row["step_seconds_median"] = statistics.median(seconds[name])
        row["step_seconds_each"] = seconds[name]
        row["examples_per_second"] = rate
        if _MODEL.value == "vae":
            row["flops_per_second"] = rate * published_vae.matmul_flops()
            row["share_of_matmul"] = row["flops_per_second"] / matmul
    best = max(rows[name]["examples_per_second"] for name in _PLAIN if name in rows)
    for row in rows.values():
        row["ratio_to_non_private"] = row["examples_per_second"] / best
    return rows, matmul


def show(rows: dict[str, dict]) -> None:
    """Prints the table."""
    print(
        f"{'':24}{'examples/s':>11}{'ratio':>7}{'compile s':>10}{'peak MB':>9}"
        f"{'GFLOP/s':>9}{'of matmul':>10}"
    )
    for name, row in rows.items():
        print(
            f"{name:24}{row['examples_per_second']:11.0f}"
            f"{row['ratio_to_non_private']:7.3f}{row.get('compile_seconds', 0):10.1f}"
            f"{row['peak_bytes_above_rest'] / 1e6:9.0f}"
            f"{row.get('flops_per_second', 0) / 1e9:9.1f}"
            f"{row.get('share_of_matmul', 0):10.2f}"
        )


def file_name() -> str:
    """Name of the result, without its ending."""
    parts = ["dpsgd_step"]
    if _MODEL.value != _MODEL.default:
        parts.append(_MODEL.value)
    if _BATCH.value != _BATCH.default:
        parts.append(f"batch{_BATCH.value}")
    return "_".join([*parts, _HARDWARE.value])


def main(argv: list[str]) -> None:
    """Measures, prints a table and writes the JSON."""
    del argv
    rows, matmul = measure()
    result = {
        "command": shlex.join(["python", *sys.argv]),
        "versions": machine.versions(),
        "code": provenance.code_of("teledp_jax.dpsgd.train", _CODE[_MODEL.value]),
        "hardware": machine.describe(_HARDWARE.value),
        "model": _MODEL.value,
        "micro_batch": _MICRO_BATCH.value,
        "slow_micro_batch": _SLOW_MICRO_BATCH.value,
        "matmul_flops_per_second": matmul,
        "accelerator_bytes": machine.accelerator_bytes(),
        "rows": rows,
    }
    show(rows)
    path = pathlib.Path(_OUTPUT.value) / f"{file_name()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(path)


if __name__ == "__main__":
    app.run(main)
