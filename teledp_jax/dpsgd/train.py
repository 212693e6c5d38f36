"""The loop of DP-SGD, which can be killed and resumed."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array

from teledp_jax import base, keys
from teledp_jax.dpsgd import (
    clipping,
    memory,
    parallel,
    recipes,
    sampling,
    states,
    steps,
    trainable,
)


def fit(
    model: trainable.Model,
    optimizer: optax.GradientTransformation,
    recipe: recipes.Recipe,
    streams: keys.Keys,
    codes: trainable.Codes,
    params: clipping.Params,
    context: base.Context,
    *,
    name: str = "dpsgd",
    memory_bytes: int | None = None,
) -> clipping.Params:
    """Trains by DP-SGD and returns the averaged parameters, safe to release.

    Resumes from the checkpoint `name` of the store; since each step's keys follow from
    its number, the result is bit for bit that of a run which was never killed. The
    noise key must serve nothing else.

    Args:
        model: What is trained.
        optimizer: Update rule, which sees noisy gradients only, as one vector.
        recipe: The run, as it was accounted.
        streams: Keys of the fit; training draws only from `batch` and `noise`.
        codes: `[device, head]`, small unsigned integers: the devices of
            `context.part`. Private.
        params: Starting parameters; must be the same when a run is resumed.
        context: Store and progress of the fit, and the mesh that the fleet is spread
            over, if any: every process of it calls this with its own devices and all
            else the same. The result is the same up to summation order.
        name: Name of the checkpoint.
        memory_bytes: Memory that a step may take; none: what is free.

    Returns:
        The running average of the parameters, in the shapes of `params`.

    Raises:
        InputError: If a micro-batch does not fit into memory.
    """
    mesh, num_devices = context.part.mesh, context.part.num_devices
    num_devices = codes.shape[0] if num_devices is None else num_devices
    state = states.start(params, optimizer)
    if (saved := context.store.load(name)) is not None:
        state = states.restored(state, saved)
    steps_done = int(state.step)
    size, scale = jnp.int32(num_devices), steps.scale(recipe, state.params.size)
    if mesh is None:
        codes = jnp.asarray(_filled_up(np.asarray(codes)))
    else:
        codes = parallel.place(
            np.asarray(codes),
            mesh,
            num_devices=num_devices,
            first=context.part.first,
        )
        state, streams, size, scale = parallel.replicate(
            (state, streams, size, scale), mesh
        )
    arguments = (state, streams, codes, size, scale)
    step = _compiled(
        lambda recipe: steps.make_step(model, optimizer, recipe, mesh=mesh),
        recipe,
        arguments,
        memory_bytes,
    )
    for done in range(steps_done + 1, recipe.num_steps + 1):
        state = step(state, streams, codes, size, scale)
        if done % recipe.checkpoint_every == 0 or done == recipe.num_steps:
            context.store.save(name, states.saved(state))
            context.progress(done, recipe.num_steps, {})
    found = states.unflatten(np.asarray(state.average), params)
    return jax.tree.map(jnp.asarray, found)


def _filled_up(codes: np.ndarray) -> np.ndarray:
    """The records with places that no step draws, up to the fleet's capacity."""
    more = sampling.capacity(len(codes)) - len(codes)
    return np.pad(codes, ((0, more), (0, 0)))


def _compiled(
    make: Callable[[recipes.Recipe], steps.StepFn],
    recipe: recipes.Recipe,
    arguments: tuple[states.State, keys.Keys, trainable.Codes, Array, steps.Scale],
    memory_bytes: int | None,
) -> jax.stages.Compiled:
    """The step, compiled, if it fits into memory."""
    compiled: dict[int, jax.stages.Compiled] = {}

    def needed(micro_batch: int) -> int:
        changed = dataclasses.replace(recipe, micro_batch=micro_batch)
        program = make(changed).lower(*arguments).compile()
        compiled[micro_batch], analysis = program, program.memory_analysis()
        return (
            0
            if analysis is None
            else analysis.temp_size_in_bytes + analysis.output_size_in_bytes
        )

    if memory_bytes is None:
        memory_bytes = memory.available_bytes(jax.local_devices()[0])
    memory.check(needed, recipe.micro_batch, memory_bytes)
    return compiled[recipe.micro_batch]
