"""Weighs a pool of whole devices by the votes of devices for leaves of random trees.

The pool comes from a private model of whole devices, tables of many rows included. Each
round a tree is grown over it, whose nodes ask for traits of a device (`pe.traits`): a
column of the anchor, whether it has a table, how many rows, an item, an item's number.
A round asks for what one query names, if queries are known, else for traits of a few
tables. Each device votes once, for the one leaf that it lies in, whatever it holds;
weights are fitted to the votes of all rounds together.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.pe import energies, traits, trees
from teledp_jax.privacy import release

_LEAF_SIGMAS = 2.0  # a node of less than two such leaves is not cut
_MOST_TRAITS = 24  # that a round asks for
_TABLES = 2  # besides the anchor, whose traits a round asks for if no query is known
_SWEEPS, _LAST_SWEEPS = 3, 20
_LEAST_EFFECTIVE, _SHRUNK = 0.3, 0.9  # share of the pool that stays effective


class Sizes(NamedTuple):
    """What the votes do, from public numbers.

    Attributes:
        num_rounds: Votes of each device.
        sigma: Noise of the count of a leaf.
        num_devices: Noisy number of devices.
    """

    num_rounds: int
    sigma: float
    num_devices: int


def weigh(
    streams: keys.Keys,
    schema: schemas.Schema,
    pool: arrays.DeviceArrays,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    sizes: Sizes,
    features: Sequence[Sequence[str]] | None,
) -> Float[np.ndarray, " record"]:
    """Weighs a pool by leaf votes; a killed fit goes on from its saved noisy counts.

    A device adds one to one leaf in each round.

    Args:
        streams: Random streams of the fit.
        schema: The public schema.
        pool: Records, DP outputs, the same in all processes.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.
        sizes: Sizes and noise.
        features: The variables that each query names, as `table/column` and
            `table/rows`; none: no query is known.

    Returns:
        Weights of the pool, which sum to one: DP outputs.
    """
    generator = keys.generator(jax.random.fold_in(streams.init, 3))
    size = arrays.num_devices(pool)
    known = traits.catalogue(schema, pool)
    order = generator.permutation(len(features)) if features else np.zeros(0, np.int64)
    counts: list[energies.Count] = []
    numbers: list[Float[np.ndarray, " _"]] = []
    weights = np.full(size, sizes.num_devices / size)
    for step in range(sizes.num_rounds):
        names = features[order[step % len(order)]] if features else ()
        asked = _asked(generator, schema, known, names)
        of_pool = traits.read(asked, pool)
        tree = trees.grow(
            generator, traits.columns_of(asked), of_pool, weights,
            leaf_weight=_LEAF_SIGMAS * sizes.sigma,
            same_column=bool(generator.integers(2)), even=False,
        )  # fmt: skip
        noisy = _vote(streams, asked, tree, devices, context, sizes, step=step)
        leaves = trees.leaves_of(tree, of_pool)
        model = np.bincount(leaves, weights, tree.num_leaves)
        spread = energies.spread(noisy, model, sigma=sizes.sigma)
        counts.append(energies.Count(noisy, leaves, sizes.sigma, spread))
        numbers.append(np.zeros(len(noisy)))
        is_last = step + 1 == sizes.num_rounds
        numbers = energies.fit(
            counts, numbers, total=sizes.num_devices,
            num_sweeps=_LAST_SWEEPS if is_last else _SWEEPS,
        )  # fmt: skip
        logs = energies.log_weights_of(counts, numbers)
        weights = _weights(logs, sizes.num_devices)
        context.progress(step + 1, sizes.num_rounds, {})
    return weights / weights.sum()


def _weights(
    logs: Float[np.ndarray, " record"], total: float
) -> Float[np.ndarray, " record"]:
    """Weights from log weights, drawn together until enough records count."""
    weights = energies.weights_of(logs, total)
    while energies.effective_share(weights) < _LEAST_EFFECTIVE:
        logs = _SHRUNK * logs
        weights = energies.weights_of(logs, total)
    return weights


def _asked(
    generator: np.random.Generator,
    schema: schemas.Schema,
    known: tuple[traits.Trait, ...],
    names: Sequence[str],
) -> tuple[traits.Trait, ...]:
    """Chooses what a round asks for; public."""
    if not names:
        others = [table.name for table in schema.tables[1:]]
        chosen = generator.permutation(others)[:_TABLES]
        kept = {schema.anchor.name, *map(str, chosen)}
        found = [i for i, trait in enumerate(known) if trait.table in kept]
    else:
        found = traits.named(schema, known, frozenset(names))
    found = generator.permutation(found)[:_MOST_TRAITS].tolist()
    return tuple(known[i] for i in found)


def _vote(
    streams: keys.Keys,
    asked: tuple[traits.Trait, ...],
    tree: trees.Tree,
    devices: arrays.DeviceArrays,
    context: base.Context,
    sizes: Sizes,
    *,
    step: int,
) -> Float[np.ndarray, " leaf"]:
    """Counts the devices in the leaves of a tree, once, under noise."""
    noisy = release.count_once(
        f"leaf_votes_{step}",
        lambda: np.bincount(
            trees.leaves_of(tree, traits.read(asked, devices)),
            minlength=tree.num_leaves,
        ),
        key=jax.random.fold_in(streams.noise, 2 + step),
        sigma=sizes.sigma,
        context=context,
    )
    return noisy.astype(np.float64)
