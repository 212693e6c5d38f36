"""The published recipe of private evolution for one table, Tab-PE.

Each class evolves by itself: its devices vote for the nearest of its candidates. Early
rounds draw records by votes and vary each once; later ones keep the most voted and add
variations of each beside them. What is kept at last is the result. Numbers move by a
uniform step whose bound falls with the rounds, categories are redrawn as often.

The authors take bounds of numbers and shares of classes from the data. Here bounds are
those of the schema, and shares come from a noisy count of each class. Numbers are bins:
steps and distances are in bins.

References:
    Tab-PE (arXiv:2606.08259).
"""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Float32, Integer

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.pe import strata, trees, weights
from teledp_jax.privacy import release

_CHUNK = 4096  # devices whose distances are held at a time

_Codes = Integer[np.ndarray, "_ column"]


class Recipe(NamedTuple):
    """What the authors chose; other values are for ablations.

    Attributes:
        num_records: Records that are kept, over all classes.
        num_rounds: Votes of each device.
        num_drawn: Rounds that draw records by votes; the others rank.
        num_children: Variations of each record in rounds that rank.
        keeps_parents: Whether records stay beside their variations.
        first_degree: Bound of a step at first, as a share of the range.
        last_degree: What the bound falls to.
        fall: Exponent of its fall: below 1 it falls fast at first.
        mismatch: Squared distance of two categories; that of the ends of a number's
            range is 1.
    """

    num_records: int = 1000
    num_rounds: int = 14
    num_drawn: int = 4
    num_children: int = 3
    keeps_parents: bool = True
    first_degree: float = 0.5
    last_degree: float = 0.01
    fall: float = 0.2
    mismatch: float = 2 / 9

    def degree(self, step: int) -> float:
        """Returns the bound of a step after a vote.

        Args:
            step: Number of the vote, from 0.
        """
        fallen = (step / (self.num_rounds + 1)) ** self.fall
        return self.first_degree - (self.first_degree - self.last_degree) * fallen


PUBLISHED = Recipe()


class Noise(NamedTuple):
    """Noise of the count of a class, and of the votes for a candidate."""

    strata_sigma: float
    vote_sigma: float


def label_index(schema: schemas.Schema, name: str) -> int | None:
    """Finds the class as `strata.label_index` does, in a schema of one table.

    Args:
        schema: The public schema.
        name: As there.

    Returns:
        Position of its column; None if there is none.

    Raises:
        InputError: If there are several tables, or no category has that name.
    """
    if len(schema.tables) > 1:
        raise errors.InputError(
            "pe.selection: tab_pe is for one table; use published for several."
        )
    return strata.label_index(schema, name)


def facts(
    schema: schemas.Schema, label: int | None, recipe: Recipe
) -> dict[str, int | str]:
    """Returns what to show with results.

    Args:
        schema: Of one table.
        label: What `label_index` found.
        recipe: Sizes and rules.

    Returns:
        Public facts, by name.
    """
    return {
        "pool": recipe.num_records,
        "label": strata.label_name(schema, label),
        "num_iterations": recipe.num_rounds,
    }


def fit(
    schema: schemas.Schema,
    label: int | None,
    recipe: Recipe,
    noise: Noise,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Lets records of each class evolve; a killed fit goes on from saved noisy counts.

    A device adds one to its class and one to one candidate in each round.

    Args:
        schema: Of one table.
        label: Position of the column of the class; None: all are one class.
        recipe: Sizes and rules.
        noise: Noise of the counts.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        `codes` `[record, head]` and equal `weights`, which sum to one: DP outputs.
    """
    parts = strata.split(schema, label, devices)
    totals = strata.totals(streams, parts, context, sigma=noise.strata_sigma)
    sizes = _apportioned(totals, recipe.num_records)
    generator = keys.generator(jax.random.fold_in(streams.init, 0))
    candidates = {
        stratum: _uniform(generator, parts.columns, size)
        for stratum, size in enumerate(sizes)
        if size
    }
    private = {
        stratum: points(
            parts.columns, parts.codes[parts.strata == stratum], recipe.mismatch
        )
        for stratum in candidates
    }
    kept: dict[int, _Codes] = {}
    for step in range(recipe.num_rounds):
        placed = {
            s: points(parts.columns, c, recipe.mismatch) for s, c in candidates.items()
        }
        votes = _votes(
            streams, private, placed, context, sigma=noise.vote_sigma, step=step
        )
        for stratum, codes in candidates.items():
            chosen = _chosen(generator, votes[stratum], sizes[stratum], step, recipe)
            kept[stratum] = codes[chosen]
            candidates[stratum] = _next(
                generator, parts.columns, kept[stratum], step, recipe
            )
        context.progress(step + 1, recipe.num_rounds, {})
    codes = np.concatenate(list(kept.values()))
    owners = np.repeat(list(kept), [len(own) for own in kept.values()])
    return {
        "codes": strata.join(schema, label, codes, owners),
        "weights": np.full(len(codes), 1 / len(codes)),
    }


def _apportioned(totals: Float[np.ndarray, " stratum"], count: int) -> list[int]:
    """Records of each stratum, by largest remainder; one at least where it exists."""
    exact = totals * count / totals.sum()
    sizes = np.floor(exact).astype(np.int64)
    first = np.argsort(sizes - exact, kind="stable")
    sizes[first[: count - int(sizes.sum())]] += 1
    return np.where(totals > 0, np.maximum(sizes, 1), 0).tolist()


def _uniform(
    generator: np.random.Generator, columns: trees.Columns, count: int
) -> _Codes:
    """Records drawn uniformly from the public domain."""
    return generator.integers(0, columns.sizes, (count, len(columns.sizes)))


def varied(
    generator: np.random.Generator,
    columns: trees.Columns,
    codes: _Codes,
    degree: float,
) -> _Codes:
    """Varies records: all numbers move, other values are redrawn at a rate.

    Args:
        generator: Public randomness.
        columns: The columns.
        codes: Records; DP outputs.
        degree: Bound of a step, as a share of the range, and the rate.

    Returns:
        As many records. A number that is absent is redrawn as a category is.
    """
    fresh = _uniform(generator, columns, len(codes))
    redrawn = generator.random(codes.shape) < degree
    steps = generator.uniform(-degree, degree, codes.shape) * (columns.sizes - 2)
    moved = np.clip(codes + np.rint(steps).astype(np.int64), 1, columns.sizes - 1)
    moves = columns.ordered & (codes != schemas.ABSENT)
    return np.where(moves, moved, np.where(redrawn, fresh, codes))


def points(
    columns: trees.Columns, codes: _Codes, mismatch: float
) -> Float32[np.ndarray, "_ place"]:
    """Maps records to points whose squared distance is that of the recipe.

    A number spans 1 and lies 1 below its range if it is absent. A category has a place
    for each value, with the root of half of the squared distance of two.

    Args:
        columns: The columns.
        codes: Records.
        mismatch: Squared distance of two categories.

    Returns:
        The points. Private if records are.
    """
    parts = []
    for column, (size, ordered) in enumerate(zip(*columns, strict=True)):
        own = codes[:, column]
        if ordered:
            place = np.where(own == schemas.ABSENT, -1, (own - 1) / max(size - 2, 1))
            parts.append(place[:, None])
        else:
            parts.append(np.eye(size)[own] * (mismatch / 2) ** 0.5)
    return np.concatenate(parts, axis=1).astype(np.float32)


def _votes(
    streams: keys.Keys,
    private: dict[int, Float32[np.ndarray, "device place"]],
    points: dict[int, Float32[np.ndarray, "candidate place"]],
    context: base.Context,
    *,
    sigma: float,
    step: int,
) -> dict[int, Integer[np.ndarray, " candidate"]]:
    """Counts the votes for the candidates of each stratum, once, under noise."""
    found = release.count_vectors_once(
        f"votes_{step}",
        lambda: [
            np.bincount(nearest(private[stratum], own), minlength=len(own))
            for stratum, own in points.items()
        ],
        sizes=[len(own) for own in points.values()],
        key=jax.random.fold_in(streams.noise, 1 + step),
        sigma=sigma,
        context=context,
    )
    return dict(zip(points, found, strict=True))


def nearest(
    devices: Float32[np.ndarray, "device place"],
    candidates: Float32[np.ndarray, "candidate place"],
) -> Integer[np.ndarray, " device"]:
    """Finds the nearest candidate of each device.

    Args:
        devices: Their points. Private.
        candidates: Points of the candidates.

    Returns:
        Positions of candidates. Private.
    """
    # |c|^2 - 2 x c ranks candidates c as |x - c|^2 does.
    norms = (candidates**2).sum(axis=1)
    chosen = [
        (norms - 2 * devices[first : first + _CHUNK] @ candidates.T).argmin(axis=1)
        for first in range(0, len(devices), _CHUNK)
    ]
    return np.concatenate([*chosen, np.zeros(0, np.int64)]).astype(np.int64)


def _chosen(
    generator: np.random.Generator,
    votes: Integer[np.ndarray, " candidate"],
    count: int,
    step: int,
    recipe: Recipe,
) -> Integer[np.ndarray, " kept"]:
    """Positions of the candidates that a round keeps."""
    if step < recipe.num_drawn:
        return generator.choice(len(votes), count, p=weights.positive(votes))
    return np.argsort(-votes, kind="stable")[:count]


def _next(
    generator: np.random.Generator,
    columns: trees.Columns,
    kept: _Codes,
    step: int,
    recipe: Recipe,
) -> _Codes:
    """The candidates of the next round."""
    degree = recipe.degree(step)
    if step < recipe.num_drawn:
        return varied(generator, columns, kept, degree)
    children = [
        varied(generator, columns, kept, degree) for _ in range(recipe.num_children)
    ]
    return np.concatenate([*children, *([kept] if recipe.keeps_parents else [])])
