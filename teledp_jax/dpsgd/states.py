"""What a step of DP-SGD changes, with all parameters in one vector."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import serialization
from jaxtyping import Array, Float, Int, Num

from teledp_jax import base
from teledp_jax.dpsgd import clipping


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


def start(params: clipping.Params, optimizer: optax.GradientTransformation) -> State:
    """Returns the state before the first step."""
    flat = jax.jit(flatten)(params)  # else each leaf would be a program
    return State(jnp.int32(0), flat, optimizer.init(flat), flat)


def flatten(params: clipping.Params) -> Num[Array, " parameter"]:
    """Puts all parameters in one vector: an update compiles once, not once per leaf.

    Args:
        params: Parameters.

    Returns:
        Their entries, leaf after leaf.
    """
    return jnp.concatenate([leaf.reshape(-1) for leaf in jax.tree.leaves(params)])


def unflatten(
    flat: Float[Array, " parameter"] | Float[np.ndarray, " parameter"],
    like: clipping.Params,
) -> clipping.Params:
    """Undoes `flatten`.

    Args:
        flat: Entries of all parameters.
        like: Parameters of the wanted shapes.

    Returns:
        The parameters, of numpy if the entries are.
    """
    leaves, structure = jax.tree.flatten(like)
    stops = np.cumsum([0, *(math.prod(leaf.shape) for leaf in leaves)])
    shaped = [
        flat[start:stop].reshape(leaf.shape)
        for start, stop, leaf in zip(stops[:-1], stops[1:], leaves, strict=True)
    ]
    return jax.tree.unflatten(structure, shaped)


def saved(state: State) -> base.Tree:
    """Returns the state as nested dicts of numpy arrays."""
    return jax.tree.map(np.asarray, serialization.to_state_dict(state._asdict()))


def restored(state: State, saved: Mapping[str, Any]) -> State:
    """Returns a saved state, in the structure of a fresh one."""
    tree = serialization.from_state_dict(state._asdict(), saved)
    return State(**jax.tree.map(jnp.asarray, tree))
