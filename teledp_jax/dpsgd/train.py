"""DP-SGD: one jitted step, and the loop that can be killed and resumed."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import serialization
from jaxtyping import Array, Int, Key, UInt

from teledp_jax import base, keys
from teledp_jax.dpsgd import clipping, sampling

Codes = UInt[Array, "device head"] | UInt[np.ndarray, "device head"]


class Model(NamedTuple):
    """What training needs of a model.

    Attributes:
        init: Starting parameters.
        inputs: From codes and a key to a batch: what a device's loss reads, devices
            first, with the loss's own random draws in it, so that each clipping path
            sees the same ones.
        losses: Loss of each device of such a batch.
    """

    init: Callable[[Key[Array, ""]], clipping.Params]
    inputs: Callable[[Int[Array, "device head"], Key[Array, ""]], clipping.Batch]
    losses: clipping.LossesFn


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run of DP-SGD does, all of it public.

    Attributes:
        sampling_prob: Probability of a device to be in a step: see
            `sampling.exact_probability`, which is what to account.
        num_steps: Number of steps.
        expected_batch_size: What the noisy sum is divided by.
        noise_multiplier: Noise standard deviation per unit of `clip.l2_clip_norm`.
        clip: How gradients are bounded.
        micro_batch: Devices whose activations are in memory at once.
        averaging: Share of the old average that a step keeps in the average of
            parameters; 0 gives the last parameters.
        checkpoint_every: Steps between two checkpoints.
    """

    sampling_prob: float
    num_steps: int
    expected_batch_size: float
    noise_multiplier: float
    clip: clipping.Clip
    micro_batch: int
    averaging: float
    checkpoint_every: int


class State(NamedTuple):
    """What a step changes.

    Attributes:
        step: Number of steps done.
        params: Parameters.
        opt_state: State of the optimizer.
        average: Running average of the parameters.
    """

    step: Int[Array, ""]
    params: clipping.Params
    opt_state: optax.OptState
    average: clipping.Params


StepFn = Callable[[State, keys.Keys, Codes], State]


def start(params: clipping.Params, optimizer: optax.GradientTransformation) -> State:
    """The state before the first step."""
    return State(jnp.int32(0), params, optimizer.init(params), params)


def noisy_sum(
    key: Key[Array, ""], clipped_sum: clipping.Params, *, stddev: float
) -> clipping.Params:
    """Adds Gaussian noise to each entry of a sum of clipped gradients.

    Args:
        key: The step's noise key, spent on this release and on nothing else.
        clipped_sum: Exact sum over the drawn devices. Private.
        stddev: Noise standard deviation.

    Returns:
        The noisy sum. Its noise is drawn in float32, whose finite grid the proof of
        the Gaussian mechanism does not know.

    References:
        Abadi et al. 2016 (arXiv:1607.00133), Algorithm 1.
    """
    leaves, structure = jax.tree.flatten(clipped_sum)
    noisy = [
        leaf + stddev * jax.random.normal(leaf_key, leaf.shape, jnp.float32)
        for leaf, leaf_key in zip(
            leaves, jax.random.split(key, len(leaves)), strict=True
        )
    ]
    return jax.tree.unflatten(structure, noisy)


def drawn_sum(
    model: Model,
    params: clipping.Params,
    step_keys: keys.Keys,
    codes: Codes,
    plan: Plan,
) -> clipping.Params:
    """Exact sum of clipped gradients over a fresh Poisson draw of devices.

    Runs as many micro-batches as the draw fills; none, if it is empty. Codes rest in
    their small dtype and are cast here. The keys are the step's own.
    """
    if not codes.shape[0]:
        return jax.tree.map(jnp.zeros_like, params)
    # What a loss draws (latents) goes by place in the draw, and a device that joins
    # moves the places of others: only under a secret key is its reach its own gradient.
    draw_key, loss_key = jax.random.split(step_keys.batch)
    drawn = sampling.draw(
        draw_key,
        codes.shape[0],
        sampling_prob=plan.sampling_prob,
        micro_batch=plan.micro_batch,
    )

    def add(position: Array, total: clipping.Params) -> clipping.Params:
        index, mask = sampling.take(drawn, position, plan.micro_batch)
        batch = model.inputs(
            codes[index].astype(jnp.int32),
            jax.random.fold_in(loss_key, position),
        )
        part = clipping.clipped_sum(model.losses, params, batch, mask, clip=plan.clip)
        return jax.tree.map(jnp.add, total, part)

    count = sampling.num_micro_batches(drawn, plan.micro_batch)
    return jax.lax.fori_loop(
        jnp.int32(0), count, add, jax.tree.map(jnp.zeros_like, params)
    )


def make_step(
    model: Model, optimizer: optax.GradientTransformation, plan: Plan
) -> StepFn:
    """One step of DP-SGD, jitted: draw, clip, add noise, update, average."""
    stddev = plan.noise_multiplier * plan.clip.l2_clip_norm

    @jax.jit
    def step(state: State, fit_keys: keys.Keys, codes: Codes) -> State:
        step_keys = keys.Keys(
            *(jax.random.fold_in(key, state.step) for key in fit_keys)
        )
        total = drawn_sum(model, state.params, step_keys, codes, plan)
        noisy = noisy_sum(step_keys.noise, total, stddev=stddev)
        grad = jax.tree.map(lambda leaf: leaf / plan.expected_batch_size, noisy)
        with jax.numpy_dtype_promotion("standard"):  # optax: float ** integer
            updates, opt_state = optimizer.update(grad, state.opt_state, state.params)
        params = optax.apply_updates(state.params, updates)
        average = _averaged(state, params, plan.averaging)
        return State(state.step + 1, params, opt_state, average)

    return step


def _averaged(state: State, params: clipping.Params, keep: float) -> clipping.Params:
    """The running average, which forgets its start as a plain mean would."""
    step = state.step.astype(jnp.float32)
    share = jnp.minimum(keep, step / (step + 10.0))
    return jax.tree.map(
        lambda old, new: share * old + (1.0 - share) * new, state.average, params
    )


def fit(
    model: Model,
    optimizer: optax.GradientTransformation,
    plan: Plan,
    fit_keys: keys.Keys,
    codes: Codes,
    params: clipping.Params,
    context: base.Context,
    *,
    name: str = "dpsgd",
) -> clipping.Params:
    """Trains by DP-SGD and returns the averaged parameters, safe to release.

    Resumes from the checkpoint `name` of the store; since each step's keys follow from
    its number, the result is bit for bit that of a run which was never killed. The
    noise key must serve nothing else.

    Args:
        model: What is trained.
        optimizer: Update rule, which sees noisy gradients only.
        plan: The run, as it was accounted.
        fit_keys: Keys of the fit.
        codes: `[device, head]`, small unsigned integers. Private.
        params: Starting parameters; must be the same when a run is resumed.
        context: Store and progress of the fit.
        name: Name of the checkpoint.
    """
    step = make_step(model, optimizer, plan)
    state = start(params, optimizer)
    if (saved := context.store.load(name)) is not None:
        state = _restored(state, saved)
    codes = jnp.asarray(codes)
    for done in range(int(state.step) + 1, plan.num_steps + 1):
        state = step(state, fit_keys, codes)
        if done % plan.checkpoint_every == 0 or done == plan.num_steps:
            context.store.save(name, _saved(state))
            context.progress(done, plan.num_steps, {})
    return state.average


def _saved(state: State) -> base.Tree:
    """The state as nested dicts of numpy arrays."""
    return jax.tree.map(np.asarray, serialization.to_state_dict(state._asdict()))


def _restored(state: State, saved: Mapping[str, Any]) -> State:
    """A saved state, in the structure of a fresh one."""
    tree = serialization.from_state_dict(state._asdict(), saved)
    return State(**jax.tree.map(jnp.asarray, tree))
