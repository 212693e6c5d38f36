"""Negative controls: faults planted on purpose, each to be caught by a named audit.

An audit that passes everything shows nothing. Each control runs an audit just as it is
run on the methods, with one fault in its way; the rest of the package knows no such
faults.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jaxtyping import Array, Int, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.audit import (
    fleets,
    floats,
    plain_model,
    replay,
    trainings,
    transcript,
    whitebox,
)
from teledp_jax.dpsgd import clipping, gaussian, recipes, sampling, steps, trainable
from teledp_jax.marginals import clipped, vectors
from teledp_jax.pe import embedding, voting
from teledp_jax.privacy import findings, mechanisms, release

"""How the audit of a row about a planted fault begins."""


class Control(NamedTuple):
    """One planted fault.

    Attributes:
        name: The fault.
        audit: Name of the audit that has to catch it.
        run: Runs the audit with the fault in place.
    """

    name: str
    audit: str
    run: Callable[[], Sequence[findings.Finding]]


def controls(cases: dict[str, fleets.Case], *, num_draws: int) -> list[Control]:
    """Makes all controls.

    Args:
        cases: Methods to plant faults in: `independent`, and `pe` with published
            selection.
        num_draws: Draws of white-box audits.
    """
    plain, votes = cases["independent"], cases["pe"]
    step = plain_model.line(
        num_heads=len(plain.fixed.heads), sampling_prob=0.5, noise_multiplier=1.0
    )

    def replayed(case: fleets.Case, fault: contextlib.AbstractContextManager) -> list:
        with fault:
            return replay.check(case, replay.pairs(case, fleet_sizes=(3,)))

    def counted(noise: base.IntegerNoise) -> list[findings.Finding]:
        found = replay.pairs(plain, fleet_sizes=(3,), noise=noise)
        return whitebox.integers(plain, found, num_draws=num_draws, noise=noise)

    def stepped(fault: contextlib.AbstractContextManager) -> list[findings.Finding]:
        with fault:
            return [step_reach(step, plain.fixed)]

    patch = mock.patch.object
    return [
        Control("noise halved", whitebox.INTEGERS, lambda: counted(_halved)),
        Control(
            "clip skipped",
            trainings.SHARE,
            lambda: stepped(patch(clipping, "clipped_sum", _unclipped_sum)),
        ),
        Control(
            "one table left out of the clip",
            trainings.SHARE,
            lambda: stepped(patch(clipping, "clipped_sum", _leaving_out(plain.fixed))),
        ),
        Control(
            "votes normalised per table",
            replay.SENSITIVITY,
            lambda: replayed(votes, patch(voting, "nearest", _by_table(votes.fixed))),
        ),
        Control(
            "shuffling accounted as Poisson",
            f"worst case {whitebox.EPOCH}",
            lambda: [whitebox.epoch(num_draws=num_draws, batch=_shuffled_batch)],
        ),
        Control(
            "division by the drawn batch",
            trainings.SHARE,
            lambda: stepped(patch(steps, "drawn_sum", _mean_of_drawn)),
        ),
        Control(
            "noise drawn as floats",
            floats.LOW_BITS,
            _float_noise,
        ),
        Control(
            "a bound from the data",
            replay.METADATA,
            lambda: replayed(_with_bounds(plain), contextlib.nullcontext()),
        ),
        Control(
            "a reused noise key",
            replay.KEYS,
            lambda: replayed(_with_one_key(votes), contextlib.nullcontext()),
        ),
        Control(
            "counts of a device left as long as they are",
            replay.SENSITIVITY,
            lambda: replayed(plain, patch(vectors, "_clip", _unclipped_steps)),
        ),
    ]


def check(planted: Sequence[Control]) -> list[findings.Finding]:
    """Runs controls; each is caught if the audit that it names fails."""
    found = []
    for control in planted:
        rows = [row for row in control.run() if row.audit == control.audit]
        caught = [row for row in rows if row.verdict == findings.FAILS]
        row = (caught or rows)[0]
        found.append(
            findings.Finding(
                f"{findings.CONTROL}{control.audit}",
                control.name,
                row.measured,
                row.claimed,
                findings.CAUGHT if caught else findings.MISSED,
            )
        )
    return found


def step_reach(found: plain_model.Line, schema: schemas.Schema) -> findings.Finding:
    """Returns what the fullest device changes of the sum of a step, against the bound.

    It joins nobody, and a few others.
    """
    device = fleets.extreme_devices(schema)["fullest"]
    streams = keys.split(*jax.random.split(jax.random.key(0)))

    def training(devices: arrays.DeviceArrays) -> transcript.Training:
        codes = arrays.flatten(schema, devices)
        params = found.model.init(jax.random.key(0))
        return transcript.Training(found.model, found.recipe, streams, codes, params)

    rows = []
    for size in (0, 3):
        fleet = fleets.random_devices(schema, size, 0)
        joined = training(arrays.concatenate([fleet, device]))
        name = "DP-SGD, a linear model"
        rows.append(trainings.reach(training(fleet), joined, method=name))
    return max(rows, key=lambda row: (row.is_bad, row.measured))


def _halved(key: Key[Array, ""], values: np.ndarray, sigma: float) -> np.ndarray:
    """Half of the noise that was asked for."""
    return release.add_noise(
        key, values, sigma / 2, integer_noise=mechanisms.seeded_integer_noise
    )


def _float_noise() -> list[findings.Finding]:
    """The attack on low bits, of noise that is drawn in float32."""

    def noisy_sum(
        key: Key[Array, ""],
        clipped_sum: Array,
        *,
        l2_clip_norm: float,
        noise_multiplier: float,
        expected_batch_size: float,
    ) -> Array:
        del expected_batch_size
        stddev = l2_clip_norm * noise_multiplier
        return clipped_sum + stddev * jax.random.normal(key, clipped_sum.shape)

    with mock.patch.object(gaussian, "noisy_sum", noisy_sum):
        return [floats.low_bits(num_draws=200)]


def _unclipped_sum(
    losses_fn: clipping.LossesFn,
    params: clipping.Params,
    batch: Any,
    mask: Array,
    *,
    clip: clipping.Clip,
) -> clipping.Params:
    """The sum of gradients as they are."""
    del clip

    def total(params: clipping.Params) -> Array:
        return jnp.where(mask, losses_fn(params, batch), 0.0).sum()

    return jax.grad(total)(params)


def _leaving_out(schema: schemas.Schema) -> Callable[..., clipping.Params]:
    """A clipped sum that bounds all but the gradients of the last table."""
    last = schema.tables[-1].name
    kept = np.array([[head.table != last for head in schema.heads]], np.float32)

    def clipped(
        losses_fn: clipping.LossesFn,
        params: clipping.Params,
        batch: Any,
        mask: Array,
        *,
        clip: clipping.Clip,
    ) -> clipping.Params:
        rest = _true_sum(losses_fn, params, batch * kept, mask, clip=clip)
        free = _unclipped_sum(losses_fn, params, batch * (1 - kept), mask, clip=clip)
        return jax.tree.map(jnp.add, rest, free)

    return clipped


_true_sum = clipping.clipped_sum
_true_drawn = steps.drawn_sum
_true_nearest = voting.nearest


def _by_table(schema: schemas.Schema) -> Callable[..., np.ndarray]:
    """Votes in each table, a whole one each."""

    def nearest(
        distance: embedding.Embedding,
        devices: np.ndarray,
        candidates: np.ndarray,
    ) -> np.ndarray:
        votes = []
        for table in schema.tables:
            own = np.array([head.table == table.name for head in schema.heads])
            parts = (np.where(own, codes, 0) for codes in (devices, candidates))
            votes.append(_true_nearest(distance, *parts))
        return np.concatenate(votes)

    return nearest


def _shuffled_batch(
    found: plain_model.Line, key: Key[Array, ""], number: Int[Array, ""], codes: Array
) -> clipping.Params:
    """Each device in exactly one step of the epoch."""
    turn = jax.random.randint(key, codes.shape[:1], 0, found.recipe.num_steps)
    return clipping.clipped_sum(
        found.model.losses,
        found.model.init(key),
        codes.astype(jnp.float32),
        turn == number,
        clip=found.recipe.clip,
    )


def _mean_of_drawn(
    model: trainable.Model,
    params: clipping.Params,
    step_keys: keys.Keys,
    codes: Array,
    recipe: recipes.Recipe,
) -> clipping.Params:
    """A sum that, divided by the expected batch, is the mean of those drawn."""
    draw_key, _ = jax.random.split(step_keys.batch)
    drawn = sampling.draw(
        draw_key, codes.shape[0], sampling_prob=recipe.sampling_prob
    ).num_drawn
    scale = recipe.expected_batch_size / jnp.maximum(drawn, 1).astype(jnp.float32)
    total = _true_drawn(model, params, step_keys, codes, recipe)
    return jax.tree.map(lambda leaf: scale * leaf, total)


def _with_bounds(case: fleets.Case) -> fleets.Case:
    """A method that notes the largest code of each table, to decode within it."""

    def fit(
        streams: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        fitted = case.method.fit(streams, devices, context)
        largest = {
            name: np.asarray(table.codes).max(initial=0)
            for name, table in devices.items()
        }
        return dict(fitted) | {"largest": largest}

    return case._replace(method=case.method._replace(fit=fit))


def _with_one_key(case: fleets.Case) -> fleets.Case:
    """A method all of whose noise comes from one key."""

    def fit(
        streams: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        def noise(key: Key[Array, ""], values: np.ndarray, sigma: float) -> np.ndarray:
            del key
            return release.add_noise(
                streams.noise, values, sigma, integer_noise=context.integer_noise
            )

        return case.method.fit(streams, devices, context._replace(integer_noise=noise))

    return case._replace(method=case.method._replace(fit=fit))


def _unclipped_steps(
    rows: scipy.sparse.csr_array, is_total: np.ndarray, norm: float
) -> clipped.Clipped:
    """Statistics of devices in whole steps, as long as they are."""
    del is_total
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    steps = np.trunc(rows.data * (clipped.STEPS / norm)).astype(np.int64)
    return clipped.Clipped(owner, rows.indices.astype(np.int64), steps)
