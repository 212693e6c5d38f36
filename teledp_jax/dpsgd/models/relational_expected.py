"""What devices look like to the relational model before it has seen any."""

import math
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Integer

from teledp_jax.dpsgd import clipping
from teledp_jax.dpsgd.models import (
    relational_bases,
    relational_features,
    relational_layout,
)

_REPEAT_VARIANCE = 0.05


_NUM_DRAWS = 4096  # of devices, to average the scale of gradients


class _Spread(NamedTuple):
    """Variances of a group's functions under the shares.

    Attributes:
        inputs: Of each feature.
        outputs: Of what each coefficient multiplies.
        codes: Of each code's indicator.
    """

    inputs: Float[np.ndarray, " feature"]
    outputs: Float[np.ndarray, " coefficient"]
    codes: Float[np.ndarray, " code"]


class Expected(NamedTuple):
    """What devices look like under public shares, before any training.

    Attributes:
        spreads: Variances of each group's functions.
        rows: For each table, numbers of rows of some devices.
        contexts: For each table, variances of the features before it.
        weights: For each table, what its loss is multiplied by.
        norms: Norms of the gradients of the same devices.
    """

    spreads: tuple[_Spread, ...]
    rows: Integer[np.ndarray, "table device"]
    contexts: tuple[Float[np.ndarray, " _"], ...]
    weights: tuple[float, ...]
    norms: Float[np.ndarray, " device"]


def expect(
    layout: relational_layout.Layout,
    bases: relational_bases.AllBases,
    shares: relational_bases.AllShares,
    generator: np.random.Generator,
) -> Expected:
    """Draws numbers of rows, as if tables were independent, and adds up variances.

    A table whose gradients would drown those of the device's own variables gets a
    weight, the square root of two to a whole power, that makes both about as large.

    Args:
        layout: Groups of variables.
        bases: Functions of codes.
        shares: Public shares of codes.
        generator: Draws numbers of rows; need not be secret.
    """
    spreads = tuple(map(_spread, layout.groups, bases, shares))
    own = dict(zip((v.head for v in layout.device.variables), shares[0], strict=True))
    rows = np.zeros((len(layout.tables), _NUM_DRAWS), np.int64)
    device = _squared_norm(layout.device, spreads[0], 0.0)
    squared = np.full(_NUM_DRAWS, device)
    seen = spreads[0].inputs[: layout.device.num_shown]
    contexts, weights = [], []
    for index, group in enumerate(layout.tables):
        spread = spreads[index + 1]
        drawn = generator.choice(group.rows + 1, _NUM_DRAWS, p=own[group.owner])
        one_row = _squared_norm(group, spread, seen.sum())
        reported = drawn.sum() / max((drawn > 0).sum(), 1)
        ratio = device / max(one_row * max(reported, 1.0), 1e-12)
        weights.append(2.0 ** (min(round(math.log2(ratio)), 0) / 2))
        squared = squared + weights[-1] ** 2 * drawn * one_row
        contexts.append(seen)
        scale = relational_features.row_scale(group.rows) ** 2
        shown = spread.inputs[: group.num_shown]
        seen = np.concatenate([seen, shown * drawn.mean() / scale])
        rows[index] = drawn
    return Expected(spreads, rows, tuple(contexts), tuple(weights), np.sqrt(squared))


def curvatures(
    layout: relational_layout.Layout,
    expected: Expected,
    scales: Float[np.ndarray, " device"],
) -> clipping.Params:
    """Computes the curvature of the clipped loss in each parameter, at the start.

    Args:
        layout: Groups of variables.
        expected: Devices under public shares.
        scales: By what the clip multiplies the gradients of devices with
            `expected.norms`.

    Returns:
        Curvatures, in the shapes of the parameters.
    """
    # The loss has second derivative x^2 Var(y) in a weight from input x to output y of
    # a softmax. Over devices: E[x^2] Var(y), times how often the row is there and what
    # the clip scales it by.
    device, *tables = expected.spreads
    rate = scales.mean()
    found = {
        "device": {"kernel": rate * np.outer(device.inputs, device.outputs)},
        "biases_0": {"bias": rate * device.codes},
    }
    for index, (group, spread) in enumerate(zip(layout.tables, tables, strict=True)):
        drawn, weight = expected.rows[index], expected.weights[index]
        rate = weight * (drawn * scales).mean()
        seen = spread.inputs
        if group.rows > 1:
            # n rows have n (n - 1) / 2 pairs of a row and one before it.
            pairs = weight * (drawn * (drawn - 1) * scales).mean() / 2
            before = (
                pairs / max(rate, 1e-9) / relational_features.row_scale(group.rows) ** 2
            )
            seen = np.concatenate([seen, before * seen[: group.num_shown]])
        if group.repeated:
            repeat = np.full((1, len(group.repeated)), pairs * _REPEAT_VARIANCE)
            found[f"repeats_{index}"] = {"kernel": repeat}
        context = np.outer(expected.contexts[index], spread.outputs)
        found[f"contexts_{index}"] = {"kernel": rate * context}
        found[f"rows_{index}"] = {"kernel": rate * np.outer(seen, spread.outputs)}
        found[f"biases_{index + 1}"] = {"bias": rate * spread.codes}
    return jax.tree.map(lambda leaf: leaf.astype(np.float32), found)


def _spread(
    group: relational_layout.Group,
    bases: relational_bases.GroupBases,
    shares: relational_bases.Shares,
) -> _Spread:
    """Variances by block."""
    inputs, outputs, codes = [], [], []
    for block, functions in zip(group.blocks, bases, strict=True):
        for index, place in enumerate(block.places):
            p = np.zeros(block.size)
            p[: len(shares[place])] = shares[place]
            # E[x^2] of input functions; the indicator of a code has variance p (1 - p).
            inputs.append(p @ functions.inputs[index].astype(np.float64) ** 2)
            one = p * (1 - p)
            curves = functions.outputs[index].astype(np.float64) ** 2 @ p
            outputs.append(curves if block.is_smooth else one)
            codes.append(one)
    return _Spread(*(np.concatenate(part) for part in (inputs, outputs, codes)))


def _squared_norm(
    group: relational_layout.Group, spread: _Spread, context: float
) -> float:
    """Expected squared norm of the gradient of one row."""
    inputs, outputs = np.array(group.input_places), np.array(group.output_places)
    before = inputs[:, None] < outputs[None]
    seen = spread.inputs @ before + context
    return float(seen @ spread.outputs + spread.codes.sum())
