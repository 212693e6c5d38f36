"""From codes to features, from coefficients to logits, and their cross-entropies."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from teledp_jax.dpsgd.models import relational_bases, relational_layout

NEVER = -1e9  # logit of a code outside of the domain
_MOST_ABOVE = (
    80.0  # logits above the variable's own that count as no more: exp is finite
)


def see(
    group: relational_layout.Group,
    bases: relational_bases.GroupBases,
    codes: Int[Array, "row variable"],
) -> Float[Array, "row feature"]:
    """Computes the features of codes.

    Args:
        group: Variables of a row.
        bases: Functions of their codes.
        codes: Code of each variable.

    Returns:
        Features of each row.
    """
    place: list[int] = []
    offset: list[int] = []
    stride: list[int] = []
    start = 0
    for block in group.blocks:
        for variable in block.places:
            place += [variable] * block.num_inputs
            stride += [block.num_inputs] * block.num_inputs
            offset += range(start, start + block.num_inputs)
            start += block.size * block.num_inputs
    table = jnp.concatenate([functions.inputs.reshape(-1) for functions in bases])
    at = codes[:, np.array(place)] * np.array(stride, np.int32)[None]
    return table.at[at + np.array(offset, np.int32)[None]].get(mode="clip")


def hot(
    group: relational_layout.Group, codes: Int[Array, "row variable"]
) -> Bool[Array, "row code"]:
    """Marks which codes, in the order of blocks, are those of the variables.

    Args:
        group: Variables of a row.
        codes: Code of each variable.

    Returns:
        True at one code of each variable.
    """
    place = [
        p for block in group.blocks for p in block.places for _ in range(block.size)
    ]
    code = [
        c for block in group.blocks for _ in block.places for c in range(block.size)
    ]
    return codes[:, np.array(place)] == np.array(code, np.int32)[None]


def expand(
    group: relational_layout.Group,
    bases: relational_bases.GroupBases,
    coefficients: Float[Array, "row coefficient"],
) -> Float[Array, "row code"]:
    """Expands coefficients to a logit per code, codes in the order of blocks.

    Args:
        group: Variables of a row.
        bases: Functions of their codes.
        coefficients: Of each function of each variable.

    Returns:
        Logits, in nats; those of codes outside of a domain are far below all others.
    """
    parts, start = [], 0
    for block, functions in zip(group.blocks, bases, strict=True):
        count = len(block.places)
        stop = start + count * block.num_outputs
        part = coefficients[:, start:stop]
        if block.is_smooth:
            part = part @ _side_by_side(functions.outputs)
        parts.append(part)
        start = stop
    return jnp.concatenate(parts, axis=1)


def _side_by_side(
    outputs: Float[np.ndarray, "variable function code"],
) -> Float[np.ndarray, "coefficient logit"]:
    """One matrix that expands the coefficients of all variables, each to its codes."""
    count, functions, codes = outputs.shape
    matrix = np.zeros((count, functions, count, codes), np.float32)
    matrix[np.arange(count), :, np.arange(count)] = outputs
    return matrix.reshape(count * functions, count * codes)


def entropies(
    group: relational_layout.Group,
    bases: relational_bases.GroupBases,
    logits: Float[Array, "row code"],
    hot: Bool[Array, "row code"],
) -> Float[Array, " row"]:
    """Sums cross-entropies over the variables of a row.

    Args:
        group: Variables of a row.
        bases: Functions of their codes.
        logits: Of all codes, in the order of blocks.
        hot: What `hot` returned.

    Returns:
        Cross-entropy of each row, in nats.
    """
    valid = np.concatenate([functions.valid.reshape(-1) for functions in bases])
    place = [
        p for block in group.blocks for p in block.places for _ in range(block.size)
    ]
    own = np.eye(len(group.variables), dtype=np.float32)[place]

    @jax.custom_vjp
    def sums(logits: Array, hot: Array) -> Array:
        return forward(logits, hot)[0]

    def forward(logits: Array, hot: Array) -> tuple[Array, Array]:
        # Sums over the codes of each variable, and back, are products with ones: they
        # compile in a fraction of the time. Each code is held to the variable's own.
        chosen = _exact(jnp.where(hot, logits, 0.0), own)
        above = jnp.where(valid[None], logits, NEVER) - _exact(chosen, own.T)
        scaled = jnp.exp(jnp.minimum(above, _MOST_ABOVE))
        sizes = _exact(scaled, own)
        shares = scaled * _exact(1.0 / sizes, own.T)
        return jnp.log(sizes).sum(1), shares - hot.astype(jnp.float32)

    def backward(gradient: Array, signal: Array) -> tuple[Array, None]:
        return signal[:, None] * gradient, None

    sums.defvjp(forward, backward)
    return sums(logits, hot)


def _exact(a: Float[Array, "row _"], b: Float[np.ndarray, "_ _"]) -> Array:
    """A product in float32, where accelerators would round."""
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)


def row_scale(rows: int) -> float:
    """What sums of features of rows are divided by."""
    return float(rows) ** 0.5
