"""DP-SGD: one jitted step, and the loop that can be killed and resumed."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import serialization
from jaxtyping import Array, Bool, Float, Int, Key, Num, UInt

from teledp_jax import base, keys
from teledp_jax.dpsgd import clipping, hardened, memory, parallel, sampling
from teledp_jax.dpsgd.models import packing

NOISES = ("float32", "hardened")

_NOISE_ROW = 4096

Codes = UInt[Array, "device head"] | UInt[np.ndarray, "device head"]


def _none(codes: Int[Array, "device head"]) -> Int[Array, "device table"]:
    """No table is packed."""
    return jnp.zeros((codes.shape[0], 0), jnp.int32)


class Model(NamedTuple):
    """What training needs of a model.

    Attributes:
        init: Starting parameters.
        inputs: From codes and a key to a batch: what a device's loss reads, devices
            first, with the loss's own random draws in it, so that each clipping path
            sees the same ones. Training calls it for each device by itself (by `vmap`)
            with a key of its own, so that no draw depends on the micro-batch.
        losses: Loss of each device of such a batch.
        num_rows: From codes to the rows of each table that the loss packs; see
            `models.packing`.
        row_limits: From a number of devices to the slots of each such table.
    """

    init: Callable[[Key[Array, ""]], clipping.Params]
    inputs: Callable[[Int[Array, "device head"], Key[Array, ""]], clipping.Batch]
    losses: clipping.LossesFn
    num_rows: Callable[[Int[Array, "device head"]], Int[Array, "device table"]] = _none
    row_limits: Callable[[int], tuple[int, ...]] = lambda num_devices: ()


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
        noise: One of `NOISES`: drawn in float32 within the step, or on a grid by an
            exact discrete Gaussian on the host.
    """

    sampling_prob: float
    num_steps: int
    expected_batch_size: float
    noise_multiplier: float
    clip: clipping.Clip
    micro_batch: int
    averaging: float
    checkpoint_every: int
    noise: str = "float32"


class State(NamedTuple):
    """What a step changes; parameters lie in one vector, see `flatten`.

    Attributes:
        step: Number of steps done.
        params: Parameters.
        opt_state: State of the optimizer.
        average: Running average of the parameters.
    """

    step: Int[Array, ""]
    params: Float[Array, " parameter"]
    opt_state: optax.OptState
    average: Float[Array, " parameter"]


StepFn = jax.stages.Wrapped
"""A jitted function of a state, the keys of the fit and codes to the next state."""


def start(params: clipping.Params, optimizer: optax.GradientTransformation) -> State:
    """The state before the first step."""
    flat = flatten(params)
    return State(jnp.int32(0), flat, optimizer.init(flat), flat)


def flatten(params: clipping.Params) -> Num[Array, " parameter"]:
    """All parameters in one vector: an update compiles once, not once a leaf."""
    return jnp.concatenate([leaf.reshape(-1) for leaf in jax.tree.leaves(params)])


def unflatten(
    flat: Float[Array, " parameter"], like: clipping.Params
) -> clipping.Params:
    """Inverse of `flatten`, in the shapes of `like`."""
    leaves, structure = jax.tree.flatten(like)
    stops = np.cumsum([math.prod(leaf.shape) for leaf in leaves])
    parts = jnp.split(flat, stops[:-1])
    shaped = [p.reshape(x.shape) for p, x in zip(parts, leaves, strict=True)]
    return jax.tree.unflatten(structure, shaped)


def noisy_sum(key: Key[Array, ""], clipped_sum: Any, *, stddev: float) -> Any:
    """Adds Gaussian noise to each entry of a sum of clipped gradients.

    Args:
        key: The step's noise key, spent on this release and on nothing else.
        clipped_sum: Exact sum over the drawn devices, any tree of arrays. Private.
        stddev: Noise standard deviation.

    Returns:
        The noisy sum. Its noise is drawn in float32, whose finite grid the proof of
        the Gaussian mechanism does not know.

    References:
        Abadi et al. 2016 (arXiv:1607.00133), Algorithm 1.
    """
    leaves, structure = jax.tree.flatten(clipped_sum)
    sizes = [leaf.size for leaf in leaves]
    shape = (-(-sum(sizes) // _NOISE_ROW), _NOISE_ROW)
    # One draw compiles in a fifth of the time of one a leaf. Unless it is held whole,
    # each leaf would draw it again.
    noise = stddev * jax.random.normal(key, shape, jnp.float32)
    noise = jax.lax.optimization_barrier(noise).reshape(-1)
    parts = jnp.split(noise[: sum(sizes)], np.cumsum(sizes)[:-1])
    noisy = [
        leaf + part.reshape(leaf.shape)
        for leaf, part in zip(leaves, parts, strict=True)
    ]
    return jax.tree.unflatten(structure, noisy)


def drawn_sum(
    model: Model,
    params: clipping.Params,
    step_keys: keys.Keys,
    codes: Codes,
    plan: Plan,
    *,
    num_devices: int | None = None,
    first: int | Int[Array, ""] = 0,
) -> clipping.Params:
    """Exact sum of clipped gradients over a fresh Poisson draw of devices.

    Runs as many micro-batches as the draw fills; none, if it is empty. Codes rest in
    their small dtype and are cast here. The keys are the step's own.

    Args:
        model: What is trained.
        params: Its parameters.
        step_keys: Keys of the step.
        codes: Records of the devices, or those of a shard.
        plan: The run.
        num_devices: Size of the fleet, if codes are a shard or filled up.
        first: Position in the fleet of the first record of a shard.
    """
    num_devices = codes.shape[0] if num_devices is None else num_devices
    zeros = jax.tree.map(jnp.zeros_like, params)
    if not num_devices:
        return zeros
    # What a loss draws (latents) goes by position in the fleet, and a device that
    # leaves moves the positions of others: only under a secret key is its reach its
    # own gradient.
    draw_key, loss_key = jax.random.split(step_keys.batch)
    drawn = sampling.draw(
        draw_key,
        num_devices,
        sampling_prob=plan.sampling_prob,
        num_places=codes.shape[0],
        first=first,
    )

    def add(carry: tuple[Array, clipping.Params]) -> tuple[Array, clipping.Params]:
        start, total = carry
        index, mask = sampling.take(drawn, start, plan.micro_batch)
        records = codes[index].astype(jnp.int32)
        mask = mask & _fits(model, records)
        batch = _inputs(model, records, first + index, loss_key)
        part = clipping.clipped_sum(model.losses, params, batch, mask, clip=plan.clip)
        count = mask.sum(dtype=jnp.int32)
        return start + count, jax.tree.map(jnp.add, total, part)

    carry = (jnp.int32(0), zeros)
    return jax.lax.while_loop(lambda carry: carry[0] < drawn.num_drawn, add, carry)[1]


def _fits(model: Model, codes: Int[Array, "device head"]) -> Bool[Array, " device"]:
    """The first devices, as many as have all their rows in slots; at least one."""
    limits = jnp.array(model.row_limits(codes.shape[0]), jnp.int32)
    rows = packing.running_sums(model.num_rows(codes))
    return (rows <= limits[None]).all(1).at[0].set(True)


def _inputs(
    model: Model,
    codes: Int[Array, "device head"],
    positions: Int[Array, " device"],
    key: Key[Array, ""],
) -> clipping.Batch:
    """The batch of some devices, each with draws of its own."""

    def one(record: Array, position: Array) -> clipping.Batch:
        batch = model.inputs(record[None], jax.random.fold_in(key, position))
        return jax.tree.map(lambda leaf: leaf[0], batch)

    return jax.vmap(one)(codes, positions)


def make_step(
    model: Model,
    optimizer: optax.GradientTransformation,
    plan: Plan,
    *,
    mesh: parallel.Mesh | None = None,
    num_devices: int | None = None,
) -> StepFn:
    """One step of DP-SGD, jitted: draw, clip, add noise, update, average.

    Args:
        model: What is trained.
        optimizer: Update rule, of one vector.
        plan: The run.
        mesh: Where codes are spread, by `parallel.place`; none: on one accelerator.
        num_devices: Size of the fleet, if codes are filled up.
    """
    stddev = plan.noise_multiplier * plan.clip.l2_clip_norm
    sum_all = make_sum(model, plan, mesh=mesh, num_devices=num_devices)

    @jax.jit
    def step(state: State, fit_keys: keys.Keys, codes: Array) -> State:
        total = sum_all(state, fit_keys, codes)
        key = jax.random.fold_in(fit_keys.noise, state.step)
        return updated(optimizer, plan, state, noisy_sum(key, total, stddev=stddev))

    return step


def make_sum(
    model: Model,
    plan: Plan,
    *,
    mesh: parallel.Mesh | None = None,
    num_devices: int | None = None,
) -> StepFn:
    """The exact sum of a step, jitted: draw and clip. What it returns is private."""
    like = jax.eval_shape(model.init, jax.random.key(0))

    def sum_from(same: tuple[Array, keys.Keys], codes: Codes, first: Array) -> Array:
        params, step_keys = unflatten(same[0], like), same[1]
        total = drawn_sum(
            model, params, step_keys, codes, plan, num_devices=num_devices, first=first
        )
        return flatten(total)

    @jax.jit
    def sum_all(state: State, fit_keys: keys.Keys, codes: Array) -> Array:
        step_keys = keys.Keys(
            *(jax.random.fold_in(key, state.step) for key in fit_keys)
        )
        if mesh is None:
            return sum_from((state.params, step_keys), codes, jnp.int32(0))
        return parallel.summed(sum_from, mesh)((state.params, step_keys), codes)

    return sum_all


def updated(
    optimizer: optax.GradientTransformation,
    plan: Plan,
    state: State,
    noisy: Float[Array, " parameter"],
) -> State:
    """The state after a step, from its noisy sum."""
    grad = noisy / plan.expected_batch_size
    with jax.numpy_dtype_promotion("standard"):  # optax: float ** integer
        updates, opt_state = optimizer.update(grad, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    average = _averaged(state, params, plan.averaging)
    return State(state.step + 1, params, opt_state, average)


def _averaged(state: State, params: Array, keep: float) -> Array:
    """The running average, which forgets its start as a plain mean would."""
    step = state.step.astype(jnp.float32)
    share = jnp.minimum(keep, step / (step + 10.0))
    return share * state.average + (1.0 - share) * params


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
    memory_bytes: int | None = None,
) -> clipping.Params:
    """Trains by DP-SGD and returns the averaged parameters, safe to release.

    Resumes from the checkpoint `name` of the store; since each step's keys follow from
    its number, the result is bit for bit that of a run which was never killed. The
    noise key must serve nothing else. Hardened noise from the operating system differs
    in the steps that are run again; what they were before was never shown.

    Args:
        model: What is trained.
        optimizer: Update rule, which sees noisy gradients only, as one vector.
        plan: The run, as it was accounted.
        fit_keys: Keys of the fit; training draws from `batch` and `noise` alone.
        codes: `[device, head]`, small unsigned integers: the devices of
            `context.part`. Private.
        params: Starting parameters; must be the same when a run is resumed.
        context: Store and progress of the fit, and the mesh that the fleet is spread
            over, if any: every process of it calls this with its own devices and all
            else the same. The result is the same up to summation order.
        name: Name of the checkpoint.
        memory_bytes: Memory that a step may take; none: what is free.

    Raises:
        InputError: If a micro-batch does not fit into memory.
    """
    mesh, num_devices = context.part.mesh, context.part.num_devices
    num_devices = codes.shape[0] if num_devices is None else num_devices
    state = start(params, optimizer)
    if (saved := context.store.load(name)) is not None:
        state = _restored(state, saved)
    steps_done = int(state.step)
    if mesh is None:
        codes = jnp.asarray(codes)
    else:
        codes = parallel.place(
            np.asarray(codes),
            mesh,
            num_devices=num_devices,
            first=context.part.first,
        )
        state, fit_keys = parallel.replicate((state, fit_keys), mesh)
    arguments = (state, fit_keys, codes)
    step: Callable[[State, keys.Keys, Codes], State]
    if plan.noise == "hardened":
        total = _compiled(
            lambda plan: make_sum(model, plan, mesh=mesh, num_devices=num_devices),
            plan,
            arguments,
            memory_bytes,
        )
        step = _hardened_step(total, optimizer, plan, context)
    else:
        step = _compiled(
            lambda plan: make_step(
                model, optimizer, plan, mesh=mesh, num_devices=num_devices
            ),
            plan,
            arguments,
            memory_bytes,
        )
    for done in range(steps_done + 1, plan.num_steps + 1):
        state = step(state, fit_keys, codes)
        if done % plan.checkpoint_every == 0 or done == plan.num_steps:
            context.store.save(name, _saved(state))
            context.progress(done, plan.num_steps, {})
    return unflatten(jnp.asarray(np.asarray(state.average)), params)


def _hardened_step(
    total: jax.stages.Compiled,
    optimizer: optax.GradientTransformation,
    plan: Plan,
    context: base.Context,
) -> Callable[[State, keys.Keys, Codes], State]:
    """A step whose noise is drawn on the host, between sum and update."""
    update = jax.jit(lambda state, noisy: updated(optimizer, plan, state, noisy))

    def step(state: State, fit_keys: keys.Keys, codes: Codes) -> State:
        noisy = hardened.noisy_sum(
            jax.random.fold_in(fit_keys.noise, state.step),
            total(state, fit_keys, codes),
            l2_clip_norm=plan.clip.l2_clip_norm,
            noise_multiplier=plan.noise_multiplier,
            integer_noise=context.integer_noise,
        )
        if context.part.mesh is not None:
            noisy = parallel.replicate(noisy, context.part.mesh)
        return update(state, jnp.asarray(noisy))

    return step


def _compiled(
    make: Callable[[Plan], StepFn],
    plan: Plan,
    arguments: tuple[State, keys.Keys, Codes],
    memory_bytes: int | None,
) -> jax.stages.Compiled:
    """The step, compiled, if it fits into memory."""
    compiled: dict[int, jax.stages.Compiled] = {}

    def needed(micro_batch: int) -> int:
        changed = dataclasses.replace(plan, micro_batch=micro_batch)
        program = make(changed).lower(*arguments).compile()
        compiled[micro_batch], analysis = program, program.memory_analysis()
        return (
            0
            if analysis is None
            else analysis.temp_size_in_bytes + analysis.output_size_in_bytes
        )

    if memory_bytes is None:
        memory_bytes = memory.available_bytes(jax.local_devices()[0])
    memory.check(needed, plan.micro_batch, memory_bytes)
    return compiled[plan.micro_batch]


def _saved(state: State) -> base.Tree:
    """The state as nested dicts of numpy arrays."""
    return jax.tree.map(np.asarray, serialization.to_state_dict(state._asdict()))


def _restored(state: State, saved: Mapping[str, Any]) -> State:
    """A saved state, in the structure of a fresh one."""
    tree = serialization.from_state_dict(state._asdict(), saved)
    return State(**jax.tree.map(jnp.asarray, tree))
