"""One step of DP-SGD: draw devices, clip, add noise, update, average."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from teledp_jax import keys
from teledp_jax.dpsgd import (
    clipping,
    gaussian,
    parallel,
    recipes,
    sampling,
    states,
    trainable,
)
from teledp_jax.dpsgd.models import packing

StepFn = jax.stages.Wrapped
"""A jitted function of a state, the keys of the fit and codes to the next state."""


class Scale(NamedTuple):
    """What a step knows of budget and fleet: values, so that no program holds them.

    Attributes:
        width: Of a step of the grid, which sets the noise: see `gaussian.step_width`.
        expected_batch_size: What the noisy sum is divided by, in devices.
    """

    width: Float[Array, ""]
    expected_batch_size: Float[Array, ""]


def scale(recipe: recipes.Recipe, num_parameters: int) -> Scale:
    """Computes what a step knows of budget and fleet.

    Args:
        recipe: The run.
        num_parameters: Entries of the sum.

    Returns:
        Two numbers in float32.
    """
    width = gaussian.step_width(
        num_parameters,
        l2_clip_norm=recipe.clip.l2_clip_norm,
        noise_multiplier=recipe.noise_multiplier,
        expected_batch_size=recipe.expected_batch_size,
    )
    return Scale(jnp.float32(width), jnp.float32(recipe.expected_batch_size))


def drawn_sum(
    model: trainable.Model,
    params: clipping.Params,
    step_keys: keys.Keys,
    codes: trainable.Codes,
    recipe: recipes.Recipe,
    *,
    num_devices: int | Int[Array, ""] | None = None,
    first: int | Int[Array, ""] = 0,
) -> clipping.Params:
    """Sums clipped gradients over a fresh Poisson draw of devices, without noise.

    Runs as many micro-batches as the draw fills; none, if it is empty. Codes rest in
    their small dtype and are cast here. The keys are the step's own.

    Args:
        model: What is trained.
        params: Its parameters.
        step_keys: Keys of the step.
        codes: Records of the devices, or those of a shard.
        recipe: The run.
        num_devices: Size of the fleet, if codes are a shard or filled up.
        first: Position in the fleet of the first record of a shard.

    Returns:
        The exact sum, in the shapes of the parameters. Private.
    """
    num_devices = codes.shape[0] if num_devices is None else num_devices
    zeros = jax.tree.map(jnp.zeros_like, params)
    if not codes.shape[0]:
        return zeros
    # What a loss draws (latents) goes by position in the fleet, and a device that
    # leaves moves the positions of others: only under a secret key is its reach its
    # own gradient.
    draw_key, loss_key = jax.random.split(step_keys.batch)
    drawn = sampling.draw(
        draw_key,
        num_devices,
        sampling_prob=recipe.sampling_prob,
        num_places=codes.shape[0],
        first=first,
    )

    def add(carry: tuple[Array, clipping.Params]) -> tuple[Array, clipping.Params]:
        start, total = carry
        index, mask = sampling.take(drawn, start, recipe.micro_batch)
        records = codes[index].astype(jnp.int32)
        mask = mask & _fits(model, records)
        batch = _inputs(model, records, first + index, loss_key)
        part = clipping.clipped_sum(model.losses, params, batch, mask, clip=recipe.clip)
        count = mask.sum(dtype=jnp.int32)
        return start + count, jax.tree.map(jnp.add, total, part)

    carry = (jnp.int32(0), zeros)
    return jax.lax.while_loop(lambda carry: carry[0] < drawn.num_drawn, add, carry)[1]


def _fits(
    model: trainable.Model, codes: Int[Array, "device head"]
) -> Bool[Array, " device"]:
    """The first devices, as many as have all their rows in slots; at least one."""
    limits = jnp.array(model.row_limits(codes.shape[0]), jnp.int32)
    rows = packing.running_sums(model.num_rows(codes))
    return (rows <= limits[None]).all(1).at[0].set(True)


def _inputs(
    model: trainable.Model,
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
    model: trainable.Model,
    optimizer: optax.GradientTransformation,
    recipe: recipes.Recipe,
    *,
    mesh: parallel.Mesh | None = None,
) -> StepFn:
    """Makes a step of DP-SGD, jitted: draw, clip, add noise, update, average.

    The step takes a state, the keys of the fit, codes, and the size of the fleet if
    codes are filled up: a value, so that no program tells it. It may be given its
    `Scale` as a value too; else that of the recipe is in the program.

    Args:
        model: What is trained.
        optimizer: Update rule, of one vector.
        recipe: The run.
        mesh: Where codes are spread, by `parallel.place`; none: on one accelerator.
    """
    sum_all = make_sum(model, recipe, mesh=mesh)

    @jax.jit
    def step(
        state: states.State,
        streams: keys.Keys,
        codes: Array,
        num_devices: Int[Array, ""] | None = None,
        known: Scale | None = None,
    ) -> states.State:
        known = scale(recipe, state.params.size) if known is None else known
        total = sum_all(state, streams, codes, num_devices)
        key = jax.random.fold_in(streams.noise, state.step)
        noisy = gaussian.on_grid(key, total, known.width)
        grad = noisy / known.expected_batch_size
        return updated(optimizer, state, grad, averaging=recipe.averaging)

    return step


def make_sum(
    model: trainable.Model,
    recipe: recipes.Recipe,
    *,
    mesh: parallel.Mesh | None = None,
) -> StepFn:
    """Makes the exact sum of a step, jitted: draw and clip. Its result is private."""
    like = jax.eval_shape(model.init, jax.random.key(0))

    def sum_from(
        same: tuple[Array, keys.Keys, Array], codes: trainable.Codes, first: Array
    ) -> Array:
        flat, step_keys, num_devices = same
        params = states.unflatten(flat, like)
        total = drawn_sum(
            model,
            params,
            step_keys,
            codes,
            recipe,
            num_devices=num_devices,
            first=first,
        )
        return states.flatten(total)

    @jax.jit
    def sum_all(
        state: states.State,
        streams: keys.Keys,
        codes: Array,
        num_devices: Int[Array, ""] | None = None,
    ) -> Array:
        step_keys = keys.Keys(*(jax.random.fold_in(key, state.step) for key in streams))
        if num_devices is None:
            num_devices = jnp.int32(codes.shape[0])
        same = state.params, step_keys, num_devices
        if mesh is None:
            return sum_from(same, codes, jnp.int32(0))
        return parallel.summed(sum_from, mesh)(same, codes)

    return sum_all


def updated(
    optimizer: optax.GradientTransformation,
    state: states.State,
    grad: Float[Array, " parameter"],
    *,
    averaging: float,
) -> states.State:
    """Updates the state by a noisy gradient.

    Args:
        optimizer: Update rule, of one vector.
        state: Before the step.
        grad: Noisy mean of clipped gradients; what is made of it costs nothing more.
        averaging: Share of the old that the running average keeps.

    Returns:
        The state after the step.
    """
    with jax.numpy_dtype_promotion("standard"):  # optax: float ** integer
        updates, opt_state = optimizer.update(grad, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    average = _averaged(state, params, averaging)
    return states.State(state.step + 1, params, opt_state, average)


def _averaged(state: states.State, params: Array, keep: float) -> Array:
    """The running average, which forgets its start as a plain mean would."""
    step = state.step.astype(jnp.float32)
    share = jnp.minimum(keep, step / (step + 10.0))
    return share * state.average + (1.0 - share) * params
