"""Functions of codes through which the relational model sees and predicts."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from teledp_jax.dpsgd.models import relational_layout

_FLOOR = 1e-4  # least share of a code that counts where curves are made


class Bases(NamedTuple):
    """Functions of the codes of a block, with mean zero under the shares given.

    Attributes:
        inputs: `[variable, code, function]`: what a code is seen as.
        outputs: `[variable, function, code]`: what coefficients add to logits; for
            codes without order `[variable, 1, code]`, one where a code is in the
            domain, since each of them has its own coefficient.
        valid: Which codes are in the domain.
    """

    inputs: Float[np.ndarray, "variable code function"]
    outputs: Float[np.ndarray, "variable _ code"]
    valid: Bool[np.ndarray, "variable code"]


Shares = tuple[Float[np.ndarray, " _"], ...]
"""For each variable of a group, public shares of its codes over rows that exist."""


GroupBases = tuple[Bases, ...]
AllBases = tuple[GroupBases, ...]
AllShares = tuple[Shares, ...]


def bases(group: relational_layout.Group, shares: Shares) -> tuple[Bases, ...]:
    """Functions for each block of a group.

    Codes without order, absent and zero are seen as indicators less their shares.
    Ordered codes are seen through polynomials that have variance one, times a scale,
    and no correlation, so that weights are of one size whatever the column.
    """
    found = []
    for block in group.blocks:
        parts = [_functions(group.variables[p], shares[p], block) for p in block.places]
        inputs, outputs, valid = (np.stack(part) for part in zip(*parts, strict=True))
        found.append(Bases(inputs, outputs, valid))
    return tuple(found)


def all_bases(layout: relational_layout.Layout, shares: AllShares) -> AllBases:
    """Functions of all groups under public shares of codes."""
    return tuple(
        bases(group, own) for group, own in zip(layout.groups, shares, strict=True)
    )


def _functions(
    variable: relational_layout.Variable,
    shares: Float[np.ndarray, " code"],
    block: relational_layout.Block,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, outputs and domain of one variable."""
    weights = np.zeros(block.size)
    weights[: variable.num_codes] = shares
    valid = np.arange(block.size) < variable.num_codes
    flat = _curves(variable, weights, block) if block.is_smooth else np.eye(block.size)
    centred = np.where(valid[:, None], flat - weights @ flat, 0.0)
    inputs = centred[:, : block.num_inputs]
    outputs = centred.T if block.is_smooth else valid[None]
    return inputs.astype(np.float32), outputs.astype(np.float32), valid


def _curves(
    variable: relational_layout.Variable,
    weights: Float[np.ndarray, " code"],
    block: relational_layout.Block,
) -> Float[np.ndarray, "code function"]:
    """Flags of absent and zero, then polynomials that the weights make uncorrelated."""
    first, stop = variable.first, variable.num_codes
    flat = np.zeros(
        (block.size, relational_layout.NUM_FLAGS + len(relational_layout.CURVE_SCALES))
    )
    flat[:first, :first] = np.eye(first)
    inside = np.maximum(weights[first:stop], _FLOOR)
    inside = inside / inside.sum()
    x = np.linspace(-1.0, 1.0, stop - first)
    known = [np.ones_like(x)]
    for degree, scale in enumerate(relational_layout.CURVE_SCALES, start=1):
        curve = x**degree
        for other in known:
            curve = curve - (inside @ (curve * other)) * other
        known.append(curve / np.sqrt(inside @ curve**2))
        # A few rare codes far out must not be all that a device's gradient shows.
        flat[first:stop, relational_layout.NUM_FLAGS + degree - 1] = scale * np.clip(
            known[-1], -3.0, 3.0
        )
    return flat
