"""Worst-case audits: many draws of a mechanism at two neighbouring fleets."""

import functools
from collections.abc import Callable, Sequence

import dp_accounting
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key

from teledp_jax import base, keys
from teledp_jax.audit import (
    accountants,
    bounds,
    declared,
    fleets,
    plain_model,
    replay,
    transcript,
)
from teledp_jax.dpsgd import clipping, gaussian, states, steps
from teledp_jax.privacy import accounting, findings, mechanisms, release

INTEGERS, STEP, EPOCH = "worst case of counts", "worst case of a step", "of an epoch"
_CHUNK = 250  # draws of a step at once
_DELTAS = (1e-5, 1e-2, 0.1)  # where a step is set against its curve
_GRID = 1e-3  # steps of the discretised privacy loss; a coarser one claims more
_LARGE = 0.7  # where a shuffled epoch is furthest beyond the curve of Poisson draws

Draws = Float[np.ndarray, " draw"]


def integers(
    case: fleets.Case,
    found: Sequence[replay.Pair],
    *,
    num_draws: int,
    seed: int = 0,
    noise: base.IntegerNoise = mechanisms.seeded_integer_noise,
) -> list[findings.Finding]:
    """Tells neighbouring fleets apart by all noisy integers of a method.

    The pair is the one in which the device changes most; the test is the likelihood
    ratio, which no other test beats.

    Args:
        case: The method.
        found: Its replays.
        num_draws: Draws at each fleet.
        seed: Of the draws.
        noise: Sampler of the discrete Gaussian.

    Returns:
        One finding; none if the method claims no noisy integers.
    """
    claimed = declared.read(case.method.event).mu
    if not claimed:
        return []
    statistics = np.zeros((2, num_draws))
    for index, (absent, present, sigma) in enumerate(_worst_cells(found)):
        for number, exact in enumerate((absent, present)):
            key = jax.random.fold_in(jax.random.key(seed), 2 * index + number)
            drawn = release.add_noise(
                key, np.tile(exact, (num_draws, 1)), sigma, integer_noise=noise
            )
            statistics[number] += (drawn - absent) @ (present - absent) / sigma**2
    rates = bounds.threshold_test(*statistics)
    return [
        findings.Finding(
            INTEGERS,
            case.name,
            f"mu at least {rates.mu:.3f}",
            f"mu {claimed:.3f}",
            findings.verdict(rates.mu <= claimed),
        )
    ]


def _worst_cells(
    found: Sequence[replay.Pair],
) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Cells that the device changes, without it and with it, and their noise.

    Of the pair in which it changes most.
    """

    def reach(pair: replay.Pair) -> float:
        return sum(
            float(((after.exact - before.exact) ** 2).sum()) / before.noise**2
            for before, after in _integer_calls(pair)
        )

    cells = []
    for before, after in _integer_calls(max(found, key=reach)):
        changed = before.exact != after.exact
        cells.append((before.exact[changed], after.exact[changed], before.noise))
    return cells


def _integer_calls(
    pair: replay.Pair,
) -> list[tuple[transcript.Call, transcript.Call]]:
    """The questions for noisy integers of both fits that have one form."""
    return [
        (before, after)
        for before, after in zip(pair.first.calls, pair.second.calls, strict=False)
        if before.kind == transcript.INTEGERS
        and before.exact.shape == after.exact.shape
    ]


@functools.lru_cache(maxsize=8)
def _claimed(event: dp_accounting.DpEvent, delta: float) -> float:
    """Epsilon of an event, by a grid that is finer than draws can tell."""
    return accounting.epsilon_on(event, delta, _GRID)


def step_draws(
    found: plain_model.Line, num_draws: int, seed: int
) -> tuple[Draws, Draws]:
    """Draws noisy sums of a step along a device's gradient, without it and with it.

    It is read from the parameters after one real step of plain gradient descent. The
    device's gradient is far above the bound; those of three others are zero.
    """
    step = steps.make_step(found.model, optax.sgd(1.0), found.recipe)
    state = states.start(found.model.init(jax.random.key(0)), optax.sgd(1.0))
    codes = np.zeros((4, 1), np.uint8)

    def draws(records: np.ndarray, number: int) -> Draws:
        placed = jnp.asarray(records)

        def one(key: Key[Array, ""]) -> Float[Array, ""]:
            after = step(state, keys.Keys(*jax.random.split(key, 4)), placed)
            return -after.params[0] * found.recipe.expected_batch_size

        return _many(one, jax.random.fold_in(jax.random.key(seed), number), num_draws)

    present = codes.copy()
    present[-1] = 200
    return draws(codes[:-1], 0), draws(present, 1)


def _many(
    one: Callable[[Key[Array, ""]], Float[Array, ""]],
    key: Key[Array, ""],
    num_draws: int,
) -> Draws:
    """Draws of a statistic, each under a key of its own."""
    some = jax.jit(lambda key: jax.vmap(one)(jax.random.split(key, _CHUNK)))
    parts = [
        np.asarray(some(jax.random.fold_in(key, i)), np.float64)
        for i in range(-(-num_draws // _CHUNK))
    ]
    return np.concatenate(parts)[:num_draws]


def step(*, num_draws: int, seed: int = 0) -> list[findings.Finding]:
    """Audits a step of everyone, against mu; one of a Poisson draw, its curve."""
    whole = plain_model.line(num_heads=1, sampling_prob=1.0, noise_multiplier=0.8)
    rates = bounds.threshold_test(*step_draws(whole, num_draws, seed))
    mu = 1 / whole.recipe.noise_multiplier
    part = plain_model.line(num_heads=1, sampling_prob=0.25, noise_multiplier=0.5)
    draws = step_draws(part, num_draws, seed + 1)
    rate, noise = part.recipe.sampling_prob, part.recipe.noise_multiplier
    claims = {d: accountants.exact_sampled_step(rate, noise, d) for d in _DELTAS}
    curve = bounds.against_curve(*draws, claims)
    return [
        findings.Finding(
            STEP,
            "DP-SGD, everyone drawn",
            f"mu at least {rates.mu:.3f}",
            f"mu {mu:.3f}",
            findings.verdict(rates.mu <= mu),
        ),
        curve_finding(STEP, "DP-SGD, Poisson draw of 0.25", curve),
    ]


def curve_finding(audit: str, method: str, curve: bounds.Curve) -> findings.Finding:
    """Writes a point of a curve as a row."""
    return findings.Finding(
        audit,
        method,
        f"epsilon at least {curve.measured:.3f} (delta {curve.delta:g})",
        f"epsilon {curve.claimed:.3f} (delta {curve.delta:g})",
        findings.verdict(curve.measured <= curve.claimed),
    )


Batch = Callable[
    [plain_model.Line, Key[Array, ""], Int[Array, ""], Array], clipping.Params
]
"""Exact sum of a step: of a run, its epoch key, the number of the step and codes."""


def poisson_batch(
    found: plain_model.Line, key: Key[Array, ""], number: Int[Array, ""], codes: Array
) -> clipping.Params:
    """Computes the sum of a step, as training draws it.

    Args:
        found: The linear model.
        key: Of the draws.
        number: Number of the step.
        codes: Codes of the devices.

    Returns:
        The clipped sum of the drawn devices.
    """
    step_keys = keys.Keys(*jax.random.split(jax.random.fold_in(key, number), 4))
    params = found.model.init(key)
    return steps.drawn_sum(found.model, params, step_keys, codes, found.recipe)


def epoch(
    *, num_draws: int, seed: int = 0, batch: Batch = poisson_batch
) -> findings.Finding:
    """Tells neighbouring fleets apart by all noisy sums of an epoch.

    The claim is that of Poisson draws. The test is the likelihood ratio of a device
    that is in exactly one of the steps, which is how a shuffled epoch would have it.

    References:
        Chua et al. 2024 (arXiv:2403.17673).
    """
    num_steps = 4
    found = plain_model.line(
        num_heads=1,
        sampling_prob=1 / num_steps,
        noise_multiplier=0.25,
        num_steps=num_steps,
        micro_batch=4,
    )
    clip_norm, multiplier = (
        found.recipe.clip.l2_clip_norm,
        found.recipe.noise_multiplier,
    )
    stddev = multiplier * clip_norm

    def draws(codes: np.ndarray, number: int) -> Draws:
        placed = jnp.asarray(codes)

        def one(key: Key[Array, ""]) -> Float[Array, ""]:
            batch_key, noise_key = jax.random.split(key)

            def noisy(number: Int[Array, ""]) -> Float[Array, ""]:
                total = batch(found, batch_key, number, placed)
                own = jax.random.fold_in(noise_key, number)
                return gaussian.noisy_sum(
                    own,
                    total,
                    l2_clip_norm=clip_norm,
                    noise_multiplier=multiplier,
                    expected_batch_size=found.recipe.expected_batch_size,
                )["w"][0]

            sums = jax.lax.map(noisy, jnp.arange(num_steps, dtype=jnp.int32))
            return jax.nn.logsumexp((sums - 0.5) / stddev**2)

        return _many(one, jax.random.fold_in(jax.random.key(seed), number), num_draws)

    present = np.zeros((4, 1), np.uint8)
    present[-1] = 200
    claims = {_LARGE: _claimed(plain_model.event_of(found.recipe), _LARGE)}
    curve = bounds.against_curve(draws(present[:-1], 0), draws(present, 1), claims)
    return curve_finding(f"worst case {EPOCH}", "DP-SGD, Poisson draws", curve)
