"""What is known of the relational model's weights before any data."""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from teledp_jax.dpsgd import clipping, states
from teledp_jax.dpsgd.models import relational_layout

_REPEAT_PRIOR = 3.0


_PRESENCE_PRIOR = 3.0


class Prior(NamedTuple):
    """What is known of parameters before any data.

    Attributes:
        stddevs: Standard deviation of each parameter.
        ties: Number of the tie that each parameter belongs to; -1: of none, whose
            prior stays.
    """

    stddevs: Float[Array, " parameter"]
    ties: Int[Array, " parameter"]


def prior(
    layout: relational_layout.Layout, curvature: clipping.Params, stddev: float
) -> Prior:
    """The prior of each parameter at the start, as vectors.

    Repeats know little. So do ties between numbers of rows, of which there are few:
    whether a device reports one rare table says much about another.

    Args:
        layout: Groups of variables.
        curvature: Of the loss in each parameter, as `curvatures` gives it.
        stddev: Standard deviation of all others.
    """
    return Prior(
        states.flatten(_stddevs(layout, curvature, stddev)),
        states.flatten(_ties(layout, curvature)),
    )


def _stddevs(
    layout: relational_layout.Layout, curvature: clipping.Params, stddev: float
) -> clipping.Params:
    """Standard deviations, by layer."""
    known = {
        layer: jax.tree.map(
            lambda leaf, layer=layer: np.full(
                leaf.shape,
                _REPEAT_PRIOR if layer.startswith("repeats_") else stddev,
                np.float32,
            ),
            leaves,
        )
        for layer, leaves in curvature.items()
    }
    group = layout.device
    is_rows = np.array([variable.column < 0 for variable in group.variables])
    before = is_rows[np.array(group.input_places)]
    after = is_rows[np.array(group.output_places)]
    kernel = np.where(before[:, None] & after[None], _PRESENCE_PRIOR, stddev)
    return known | {"device": {"kernel": kernel.astype(np.float32)}}


def _ties(layout: relational_layout.Layout, like: clipping.Params) -> clipping.Params:
    """Numbers of ties, by layer: one for each pair of variables, -1 where none is."""
    found = {
        layer: jax.tree.map(lambda leaf: np.full(leaf.shape, -1, np.int32), leaves)
        for layer, leaves in like.items()
    }
    count = 0

    def between(inputs: list[tuple[int, int]], outputs: tuple[int, ...]) -> np.ndarray:
        nonlocal count
        names, name = np.unique(np.array(inputs), axis=0, return_inverse=True)
        width = max(outputs) + 1
        first, count = count, count + len(names) * width
        ties = first + name.reshape(-1)[:, None] * width + np.array(outputs)[None]
        return ties.astype(np.int32)

    device = layout.device
    own = [(0, place) for place in device.input_places]
    found["device"] = {"kernel": between(own, device.output_places)}
    seen = own[: device.num_shown]
    for index, group in enumerate(layout.tables):
        own = [(index + 1, place) for place in group.input_places]
        shown = own[: group.num_shown]
        row = own + [(0, place) for _, place in shown] * (group.rows > 1)
        found[f"contexts_{index}"] = {"kernel": between(seen, group.output_places)}
        found[f"rows_{index}"] = {"kernel": between(row, group.output_places)}
        seen = seen + shown
    return found
