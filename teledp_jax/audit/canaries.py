"""Whole trainings by DP-SGD, audited in one run by many canaries."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Integer

from teledp_jax import arrays, base, keys
from teledp_jax.audit import bounds, fleets, plain_model, transcript
from teledp_jax.dpsgd import train, trainable
from teledp_jax.privacy import accounting, findings

ONE_RUN = "canaries of one run"


def linear(
    *,
    num_canaries: int,
    num_steps: int,
    noise_multiplier: float = 1.0,
    l2_clip_norm: float = 1.0,
    seed: int = 0,
) -> findings.Finding:
    """Makes a training of only canaries, each with a direction of its own.

    Args:
        num_canaries: Canaries; half of them, drawn by coins, are in the fleet.
        num_steps: Steps of DP-SGD.
        noise_multiplier: Of each step.
        l2_clip_norm: Of each canary's gradient.
        seed: Of coins and training.

    Returns:
        Whether the lower bound on epsilon keeps the claim.
    """
    found = plain_model.line(
        num_heads=num_canaries,
        sampling_prob=0.25,
        noise_multiplier=noise_multiplier,
        num_steps=num_steps,
        micro_batch=64,
        l2_clip_norm=l2_clip_norm,
    )
    present = np.random.default_rng(seed).random(num_canaries) < 0.5
    codes = (200 * np.eye(num_canaries)).astype(np.uint8)[present]
    params = train.fit(
        found.model,
        optax.sgd(1.0),
        found.recipe,
        keys.split(*jax.random.split(jax.random.key(seed))),
        codes,
        found.model.init(jax.random.key(0)),
        base.Context(base.MemoryStore(), _silent, _no_integers),
    )
    scores = -np.asarray(params["w"], np.float64)
    event = plain_model.event_of(found.recipe)
    claimed = accounting.epsilon_pld(event, fleets.DELTA)
    name = f"DP-SGD, a direction each, noise {noise_multiplier}"
    return _finding(name, scores, present, claimed)


def of_method(
    case: fleets.Case,
    found: transcript.Transcript,
    canaries: arrays.DeviceArrays,
    present: Bool[np.ndarray, " canary"],
) -> list[findings.Finding]:
    """Measures the training of a method by its own loss of each device.

    Nothing is said of a method that does not train.

    Args:
        case: The method.
        found: Its fit, with its training, on those canaries that are present.
        canaries: Devices, each in the fleet with probability a half.
        present: Which are.

    Returns:
        One finding; none if the method does not train.
    """
    trained = [call for call in found.calls if call.training is not None]
    if not trained:
        return []
    training = trained[0].training
    assert training is not None
    codes = case.flat(canaries).astype(np.int32)
    scores = -_losses(training.model, trained[0].answer, codes)
    return [_finding(case.name, scores, present, fleets.EPSILON)]


def _losses(
    model: trainable.Model, params: dict, codes: Integer[np.ndarray, "device head"]
) -> Float[np.ndarray, " device"]:
    """Loss of each device, over a few draws of what it draws."""

    def one(record: Array) -> Array:
        def draw(number: Array) -> Array:
            batch = model.inputs(
                record[None], jax.random.fold_in(jax.random.key(0), number)
            )
            return model.losses(params, batch)[0]

        return jax.lax.map(draw, jnp.arange(4)).mean()

    found = jax.jit(lambda records: jax.lax.map(one, records))(jnp.asarray(codes))
    return np.asarray(found, np.float64)


def _finding(
    method: str, scores: np.ndarray, present: np.ndarray, claimed: float
) -> findings.Finding:
    """Guesses the upper tenth of scores in, the lower tenth out.

    Beside the bound stands the one that would be found if guesses were right as often
    as pure differential privacy of the claimed epsilon allows: what such a test can
    reach at best.
    """
    each = len(scores) // 10
    order = np.argsort(scores, kind="stable")
    correct = int(present[order[-each:]].sum() + (~present[order[:each]]).sum())
    most = int(2 * each / (1 + np.exp(-claimed)))
    epsilon, best = (
        bounds.one_run_epsilon(
            num_canaries=len(scores),
            guesses=2 * each,
            correct=right,
            delta=fleets.DELTA,
        )
        for right in (correct, most)
    )
    return findings.Finding(
        ONE_RUN,
        method,
        f"epsilon at least {epsilon:.3f} ({correct} of {2 * each} right; at best "
        f"{best:.3f})",
        f"epsilon {claimed:.3f}",
        findings.verdict(epsilon <= claimed),
    )


def _silent(done: int, total: int, facts: object) -> None:
    """Shows nothing."""


def _no_integers(key: object, values: np.ndarray, sigma: float) -> np.ndarray:
    """A training asks for no integers."""
    raise ValueError(f"Expected no integers, got {values.shape=}, {sigma=}.")
