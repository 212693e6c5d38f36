"""Trains the relational model on noisy marginals and draws codes from what was fitted.

The method that uses it pays for the marginals; here they are public numbers.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.dpsgd import clipping, recipes, states, train
from teledp_jax.dpsgd.models import (
    relational,
    relational_bases,
    relational_calibrate,
    relational_expected,
    relational_layout,
    relational_prior,
    relational_sample,
    relational_steps,
    relational_training,
)
from teledp_jax.privacy import checks

Column = tuple[str, int]
"""A table's name, and the position of a column or -1 for the number of rows."""

_SELDOM = 0.2  # share of devices below which a column tells the rows of a device apart
_UNIQUE = -4.0  # then added to start with to the logits of codes that came before


class Marginals(NamedTuple):
    """What is known of columns before training, all of it paid for.

    Attributes:
        shares: Shares of codes over all rows, by column.
        totals: Noisy counts of codes over all rows, and their noise, by column.
        repeats: Share of the devices with several rows of which some have the same
            code, by column.
    """

    shares: Mapping[Column, np.ndarray]
    totals: Mapping[Column, tuple[np.ndarray, float]]
    repeats: Mapping[Column, float]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(recipes.Training):
    """How the model is trained.

    Attributes:
        clip: Largest norm of a device's gradient, over the harmonic mean of norms that
            noisy marginals let expect; 0 normalises all gradients instead.
        prior: Standard deviation of weights at the start; learnt from then on, see
            `relational_steps`.
        start: Steps that the first one counts as.
        memory: Most steps that are averaged.
        num_samples: Devices drawn at once, also to hold the model to its marginals.
    """

    clip: float = 0.0
    prior: float = 0.3
    start: float = 15.0
    memory: float = 60.0
    micro_batch: int = 1024
    num_samples: int = 16_384


def check(fields: checks.Fields) -> None:
    """Checks the settings of `Options`.

    Args:
        fields: The config of a method.

    Raises:
        InputError: If one of them is out of its range.
    """
    recipes.check(fields)
    fields.number("prior", "start", "memory", "num_samples", above=0)
    fields.number("clip", at_least=0)


def fit(
    schema: schemas.Schema,
    layout: relational_layout.Layout,
    marginals: Marginals,
    recipe: recipes.Recipe,
    options: Options,
    streams: keys.Keys,
    codes: Integer[np.ndarray, "device head"],
    context: base.Context,
) -> base.Tree:
    """Trains the model, then shifts its logits so that samples meet the marginals.

    Args:
        schema: The public schema.
        layout: Of the schema.
        marginals: What is known of columns.
        recipe: Of DP-SGD; its clip is replaced by that of the options.
        options: How the model is trained.
        streams: Random streams; batch and noise are those of the training.
        codes: Flattened private records of this process.
        context: Of the fit.

    Returns:
        Parameters, shares and shifts as nested dicts of arrays.
    """
    shares = _by_variable(schema, layout, marginals.shares)
    goals = tuple(
        relational_calibrate.Goal(*zip(*own, strict=True))
        for own in _by_variable(schema, layout, marginals.totals)
    )
    bases = relational_bases.all_bases(layout, shares)
    params = _train(
        layout, bases, shares, _repeats(schema, layout, marginals.repeats),
        recipe, options, streams, codes, context,
    )  # fmt: skip
    shifts = relational_calibrate.calibrate(
        layout, params, bases, goals, streams.sample, num_samples=options.num_samples
    )
    return {
        "params": jax.tree.map(np.asarray, params),
        "shares": _named(shares),
        "shifts": _named(shifts),
    }


def draw_devices(
    schema: schemas.Schema,
    layout: relational_layout.Layout,
    chunk: int,
    key: Key[Array, ""],
    fitted: base.Tree,
    num_devices: int,
) -> arrays.DeviceArrays:
    """Draws devices from what was fitted.

    Args:
        schema: The public schema.
        layout: Of the schema.
        chunk: Devices drawn at once, so that memory is bounded and one program serves.
        key: Draws them; public.
        fitted: What `fit` returned.
        num_devices: Number of devices.

    Returns:
        The devices.
    """
    bases = relational_bases.all_bases(layout, _listed(layout, fitted["shares"]))
    shifts = jax.tree.map(jnp.asarray, _listed(layout, fitted["shifts"]))
    params = jax.tree.map(jnp.asarray, fitted["params"])
    chunks = [
        relational_sample.draw(
            layout, chunk, params, bases, shifts, jax.random.fold_in(key, i)
        )
        for i in range(max(-(-num_devices // chunk), 1))
    ]
    return arrays.unflatten(schema, np.concatenate(chunks)[:num_devices])


def num_parameters(layout: relational_layout.Layout) -> int:
    """Returns the size of the model; public, as it follows from the schema.

    Args:
        layout: Of the schema.

    Returns:
        The number of its parameters.
    """
    uniform = tuple(
        tuple(np.full(v.num_codes, 1 / v.num_codes) for v in group.variables)
        for group in layout.groups
    )
    bases = relational_bases.all_bases(layout, uniform)
    network = relational.Relational(layout, relational_training.slots(layout, uniform))
    model = relational_training.model(network, bases, uniform)
    shapes = jax.eval_shape(model.init, jax.random.key(0))
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))


def _train(
    layout: relational_layout.Layout,
    bases: relational_bases.AllBases,
    shares: relational_bases.AllShares,
    repeats: relational_training.Repeats,
    recipe: recipes.Recipe,
    options: Options,
    streams: keys.Keys,
    codes: Integer[np.ndarray, "device head"],
    context: base.Context,
) -> clipping.Params:
    """DP-SGD with step sizes that follow from noisy marginals."""
    key, init_key = jax.random.split(streams.init)
    generator = keys.generator(key)
    expected = relational_expected.expect(layout, bases, shares, generator)
    # Without a bound all gradients are normalised, which scales by 1 / their norm.
    bound, scales = 1.0, 1.0 / expected.norms
    if options.clip > 0:
        bound = options.clip / float(scales.mean())  # the harmonic mean of the norms
        scales = np.minimum(1.0, bound * scales)
    clip = dataclasses.replace(
        recipe.clip, l2_clip_norm=bound, normalise=options.clip == 0
    )
    curvature = relational_expected.curvatures(layout, expected, scales)
    optimizer = relational_steps.optimizer(
        states.flatten(curvature),
        relational_prior.prior(layout, curvature, options.prior),
        noise=recipe.noise_multiplier * bound / recipe.expected_batch_size,
        start=options.start,
        memory=options.memory,
    )
    slots = relational_training.slots(layout, shares)
    network = relational.Relational(layout, slots, expected.weights)
    model = relational_training.model(network, bases, shares, repeats)
    recipe = dataclasses.replace(recipe, clip=clip)
    start = model.init(init_key)
    return train.fit(model, optimizer, recipe, streams, codes, start, context)


def _repeats(
    schema: schemas.Schema,
    layout: relational_layout.Layout,
    shares: Mapping[Column, float],
) -> relational_training.Repeats:
    """What codes that rows before have start with: little where they seldom repeat."""
    return tuple(
        tuple(
            _UNIQUE if shares[column] < _SELDOM else 0.0
            for column in (
                (schema.tables[group.variables[place].table].name, place)
                for place in group.repeated
            )
        )
        for group in layout.tables
    )


def _by_variable(
    schema: schemas.Schema,
    layout: relational_layout.Layout,
    values: Mapping[Column, Any],
) -> tuple[tuple[Any, ...], ...]:
    """The values of columns, in the order of groups and their variables."""
    return tuple(
        tuple(values[schema.tables[v.table].name, v.column] for v in group.variables)
        for group in layout.groups
    )


def _named(values: tuple) -> base.Tree:
    """Values of each group and variable as nested dicts."""
    return {
        f"group_{g}": {f"variable_{v}": np.asarray(x) for v, x in enumerate(own)}
        for g, own in enumerate(values)
    }


def _listed(layout: relational_layout.Layout, tree: base.Tree) -> tuple:
    """Inverse of `_named`."""
    return tuple(
        tuple(tree[f"group_{g}"][f"variable_{v}"] for v in range(len(group.variables)))
        for g, group in enumerate(layout.groups)
    )
