"""Step sizes for the relational model, from what is public before training.

Near its marginals the loss is close to a sum of squares: a weight's curvature is how
often its table is reported, times the variances of its two functions, times the scale
that the clip gives to gradients. All of that follows from noisy marginals, and the
noise of a step is known exactly. With a prior that weights are moderate, the step that
averages all noisy gradients as a posterior mean would is

    curvature / (curvature^2 * (start + steps so far) + (noise / prior)^2) :

weights of common tables soon follow the data and then average the noise away, those of
rare tables stay near zero, where noise would drown what they say.

How large weights are is learnt meanwhile. Weights between the same two variables are a
tie, and the prior of a tie is renewed from its weights by MacKay's evidence (Neural
Computation 4(3), 1992): their squares, over the number of weights that the gradients so
far can tell from the prior. So what is tied strongly, such as an application to its
kind, may be, and what is not is held to zero. It reads parameters alone, which are
private already, and costs no budget.
"""

import dataclasses
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Integer

from teledp_jax.dpsgd import clipping, states
from teledp_jax.dpsgd.models import relational, relational_layout

_REPEAT_VARIANCE = 0.05
_REPEAT_PRIOR = 3.0
_PRESENCE_PRIOR = 3.0
_RENEWED_FROM = 50  # steps
_RENEWED_EVERY = 25
_PSEUDO = 4.0  # weights of its first size that a tie has beside its own
_RANGE = (0.05, 3.0)  # least and largest standard deviation of a tie's weights
_NUM_DRAWS = 4096  # of devices, to average the scale of gradients


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How fast weights may move.

    Attributes:
        start: Steps that the first one counts as, which keeps correlated weights from
            moving too far together.
        memory: Most steps that are averaged.
    """

    start: float
    memory: float


class Prior(NamedTuple):
    """What is known of parameters before any data.

    Attributes:
        stddevs: Standard deviation of each parameter.
        ties: Number of the tie that each parameter belongs to; -1: of none, whose
            prior stays.
    """

    stddevs: Float[Array, " parameter"]
    ties: Int[Array, " parameter"]


class _State(NamedTuple):
    """What an update needs; arrays here are arguments of the step, not constants in it.

    Attributes:
        step: Number of steps done.
        curvature: Of the loss in each parameter.
        doubt: Square of noise over prior of each parameter.
        prior: As it was at the start.
    """

    step: Int[Array, ""]
    curvature: Float[Array, " parameter"]
    doubt: Float[Array, " parameter"]
    prior: Prior


def optimizer(
    curvature: Float[Array, " parameter"],
    prior: Prior,
    *,
    noise: float,
    settings: Settings,
) -> optax.GradientTransformation:
    """The update rule of the module's docstring, on all parameters as one vector.

    Args:
        curvature: Of the loss in each parameter, as `curvatures` gives it.
        prior: Of each parameter.
        noise: Standard deviation of each gradient's noise in a step.
        settings: See there.
    """
    num_ties = int(prior.ties.max()) + 1

    def init(params: Array) -> _State:
        del params
        return _State(jnp.int32(0), curvature, (noise / prior.stddevs) ** 2, prior)

    def renewed(state: _State, params: Array) -> Array:
        steps = jnp.minimum(state.step.astype(jnp.float32), settings.memory)
        certain = state.curvature**2 * steps
        variance = _evidence(
            state.prior, params, certain / (certain + state.doubt), num_ties
        )
        return noise**2 / variance

    def update(
        updates: Array, state: _State, params: Array | None = None
    ) -> tuple[Array, _State]:
        assert params is not None
        due = (state.step >= _RENEWED_FROM) & (state.step % _RENEWED_EVERY == 0)
        doubt = jax.lax.cond(due, renewed, lambda old, _: old.doubt, state, params)
        steps = jnp.minimum(state.step.astype(jnp.float32), settings.memory)
        steps = steps + settings.start
        h = state.curvature
        moved = -updates * h / (h**2 * steps + doubt)
        return moved, state._replace(step=state.step + 1, doubt=doubt)

    return optax.GradientTransformation(init, update)


def _evidence(
    prior: Prior,
    params: Float[Array, " parameter"],
    known: Float[Array, " parameter"],
    num_ties: int,
) -> Float[Array, " parameter"]:
    """Variances of weights before any data, by MacKay's evidence.

    Args:
        prior: As it was at the start.
        params: The parameters.
        known: How far the gradients so far, and not the prior, say what each is: 0..1.
        num_ties: How many ties there are.
    """

    def total(values: Array) -> Array:
        sums = jnp.zeros(num_ties + 1, jnp.float32)
        return sums.at[prior.ties + 1].add(values, mode="drop")

    first = prior.stddevs**2
    counts = jnp.maximum(total(jnp.ones_like(first)), 1.0)
    squares = total(params**2) + _PSEUDO * total(first) / counts
    least, largest = _RANGE
    found = jnp.clip(squares / (total(known) + _PSEUDO), least**2, largest**2)
    return jnp.where(prior.ties < 0, first, found[prior.ties + 1])


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


def _spread(
    group: relational_layout.Group,
    bases: relational.GroupBases,
    shares: relational_layout.Shares,
) -> _Spread:
    """Variances by block."""
    inputs, outputs, codes = [], [], []
    for block, functions in zip(group.blocks, bases, strict=True):
        for index, place in enumerate(block.places):
            p = np.zeros(block.size)
            p[: len(shares[place])] = shares[place]
            inputs.append(p @ functions.inputs[index].astype(np.float64) ** 2)
            one = p * (1 - p)
            curves = functions.outputs[index].astype(np.float64) ** 2 @ p
            outputs.append(curves if block.is_smooth else one)
            codes.append(one)
    return _Spread(*(np.concatenate(part) for part in (inputs, outputs, codes)))


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
    bases: relational.AllBases,
    shares: relational.AllShares,
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
        scale = relational.row_scale(group.rows) ** 2
        shown = spread.inputs[: group.num_shown]
        seen = np.concatenate([seen, shown * drawn.mean() / scale])
        rows[index] = drawn
    return Expected(spreads, rows, tuple(contexts), tuple(weights), np.sqrt(squared))


def _squared_norm(
    group: relational_layout.Group, spread: _Spread, context: float
) -> float:
    """Expected squared norm of the gradient of one row."""
    inputs, outputs = np.array(group.input_places), np.array(group.output_places)
    before = inputs[:, None] < outputs[None]
    seen = spread.inputs @ before + context
    return float(seen @ spread.outputs + spread.codes.sum())


def curvatures(
    layout: relational_layout.Layout,
    expected: Expected,
    scales: Float[np.ndarray, " device"],
) -> clipping.Params:
    """Curvature of the clipped loss in each parameter, at the start.

    Args:
        layout: Groups of variables.
        expected: Devices under public shares.
        scales: By what the clip multiplies the gradients of devices with
            `expected.norms`.
    """
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
            pairs = weight * (drawn * (drawn - 1) * scales).mean() / 2
            before = pairs / max(rate, 1e-9) / relational.row_scale(group.rows) ** 2
            seen = np.concatenate([seen, before * seen[: group.num_shown]])
        if group.repeated:
            repeat = np.full((1, len(group.repeated)), pairs * _REPEAT_VARIANCE)
            found[f"repeats_{index}"] = {"kernel": repeat}
        context = np.outer(expected.contexts[index], spread.outputs)
        found[f"contexts_{index}"] = {"kernel": rate * context}
        found[f"rows_{index}"] = {"kernel": rate * np.outer(seen, spread.outputs)}
        found[f"biases_{index + 1}"] = {"bias": rate * spread.codes}
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), found)


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
            lambda leaf, layer=layer: jnp.full(
                leaf.shape,
                _REPEAT_PRIOR if layer.startswith("repeats_") else stddev,
                jnp.float32,
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
    return known | {"device": {"kernel": jnp.asarray(kernel, jnp.float32)}}


def _ties(layout: relational_layout.Layout, like: clipping.Params) -> clipping.Params:
    """Numbers of ties, by layer: one for each pair of variables, -1 where none is."""
    found = {
        layer: jax.tree.map(lambda leaf: jnp.full(leaf.shape, -1, jnp.int32), leaves)
        for layer, leaves in like.items()
    }
    count = 0

    def between(inputs: list[tuple[int, int]], outputs: tuple[int, ...]) -> Array:
        nonlocal count
        names, name = np.unique(np.array(inputs), axis=0, return_inverse=True)
        width = max(outputs) + 1
        first, count = count, count + len(names) * width
        ties = first + name.reshape(-1)[:, None] * width + np.array(outputs)[None]
        return jnp.asarray(ties, jnp.int32)

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
