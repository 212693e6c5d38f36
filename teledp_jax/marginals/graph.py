"""A distribution over merged codes: estimated by `mbi`, drawn from by its conditionals.

References:
    McKenna et al. 2019 (arXiv:1901.09136).
"""

import contextlib
import dataclasses
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Integer

from teledp_jax.marginals import merge, relation

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it advises options that `estimate` sets
    import mbi  # type: ignore[import-untyped]

Clique = tuple[int, ...]


class Measurement(NamedTuple):
    """A marginal of merged codes under noise.

    Attributes:
        clique: Positions of its attributes.
        values: The noisy cells, in the order of the clique.
        stddev: Standard deviation of a cell's noise.
    """

    clique: Clique
    values: Float[np.ndarray, " cell"]
    stddev: Float[np.ndarray, " cell"]


class Step(NamedTuple):
    """How an attribute is drawn: given its parents, which are drawn before it."""

    attribute: int
    parents: Clique


def drawing_steps(
    sizes: Sequence[int], cliques: Sequence[Clique], details: Sequence[int]
) -> tuple[Step, ...]:
    """Finds an order in which an attribute's parents separate it from the rest.

    It is the reverse of an elimination that always takes the attribute whose table is
    smallest, those of entity columns the first: so their tables can be drawn row by
    row, given the device.

    Args:
        sizes: Size of each attribute's merged domain.
        cliques: What was measured.
        details: Positions of entity columns.

    Returns:
        The attributes in the order of drawing, each with its parents.
    """
    neighbours: dict[int, set[int]] = {index: set() for index in range(len(sizes))}
    for clique in cliques:
        for index in clique:
            neighbours[index] |= set(clique) - {index}
    last, left, steps = set(details), set(neighbours), []
    while left:
        allowed = left & last or left
        chosen = min(
            allowed,
            key=lambda i: (sizes[i] * _cells(sizes, tuple(neighbours[i])), i),
        )
        around = neighbours.pop(chosen)
        for index in around:
            neighbours[index] |= around - {index}
            neighbours[index].discard(chosen)
        left.discard(chosen)
        steps.append(Step(chosen, tuple(sorted(around))))
    return tuple(reversed(steps))


def _cells(sizes: Sequence[int], clique: Clique) -> int:
    """Number of cells of a marginal."""
    cells = 1
    for index in clique:
        cells *= sizes[index]
    return cells


def size_mb(
    sizes: Sequence[int], cliques: Sequence[Clique], details: Sequence[int]
) -> float:
    """Computes the size of the tables of `drawing_steps`.

    Args:
        sizes: Size of each attribute's merged domain.
        cliques: What was measured.
        details: Positions of entity columns.

    Returns:
        Megabytes of 64-bit numbers.
    """
    steps = drawing_steps(sizes, cliques, details)
    cells = sum(sizes[s.attribute] * _cells(sizes, s.parents) for s in steps)
    return cells * 8 / 2**20


@dataclasses.dataclass(frozen=True)
class _Loss:
    """Squared errors of all measurements by their variances, as one vector.

    Equal for equal cliques, so that a program is compiled once for all values.
    """

    cliques: tuple[Clique, ...]

    def __call__(self, marginals: Any, data: Any) -> Any:
        values, stddev = data
        found = [marginals.project(clique).datavector() for clique in self.cliques]
        errors = (jnp.concatenate(found) - values) / stddev
        return 0.5 * jnp.vdot(errors, errors)


def _lipschitz(
    sizes: Sequence[int], held: Sequence[Clique], measurements: Sequence[Measurement]
) -> float:
    """A bound on the curvature of the loss, by the clique that holds a measurement."""
    bounds = dict.fromkeys(held, 0.0)
    for clique, _, stddev in measurements:
        inside = [other for other in held if set(clique) <= set(other)]
        parent = min(inside, key=lambda other: (_cells(sizes, other), other))
        summed = _cells(sizes, parent) / _cells(sizes, clique)
        bounds[parent] += summed / float(stddev.min()) ** 2
    return max(bounds.values(), default=1.0)


def estimate(
    sizes: Sequence[int],
    measurements: Sequence[Measurement],
    *,
    total: float,
    num_iterations: int,
    start: Any = None,
) -> Any:
    """Fits a graphical model to noisy marginals, in 64-bit floats.

    Args:
        sizes: Size of each attribute's merged domain.
        measurements: What was measured.
        total: Number of devices, as is public.
        num_iterations: Steps of mirror descent.
        start: A model to start from, or None.
    """
    domain = mbi.Domain(list(range(len(sizes))), list(sizes))
    cliques = tuple(clique for clique, _, _ in measurements)
    held = tuple(
        clique
        for clique in dict.fromkeys(cliques)
        if not any(set(clique) < set(other) for other in cliques)
    )
    with _options():
        values, stddev = (
            jnp.asarray(np.concatenate([own[part] for own in measurements]))
            for part in (1, 2)
        )
        loss = mbi.MarginalLossFn(
            held,
            _Loss(cliques),
            (values, stddev),
            _lipschitz(sizes, held, measurements),
        )
        return mbi.estimation.MirrorDescent().estimate(
            domain,
            loss,
            known_total=float(total),
            iters=num_iterations,
            warm_start=start,
        )


@contextlib.contextmanager
def _options() -> Iterator[None]:
    """Settings of JAX that `mbi` needs, and fast compilation: each model is a program.

    Programs run for seconds and are not used again, so most of XLA's optimisations
    would cost more than they bring, and so would keeping the programs.
    """
    before = jax.config.values["jax_disable_most_optimizations"]
    jax.config.update("jax_disable_most_optimizations", True)
    try:
        with (
            jax.enable_x64(True),
            jax.numpy_dtype_promotion("standard"),
            jax.numpy_rank_promotion("allow"),
        ):
            yield
    finally:
        jax.config.update("jax_disable_most_optimizations", before)


def conditionals(
    sizes: Sequence[int], model: Any, steps: Sequence[Step]
) -> list[Float[np.ndarray, "_ _"]]:
    """Computes the table that each step draws from: one row per value of its parents.

    Args:
        sizes: Size of each attribute's merged domain.
        model: The fitted graphical model.
        steps: Which attribute is drawn given which others.

    Returns:
        Shares of codes, by row of the parents.
    """
    factors = []
    for clique in model.potentials.cliques:
        values = np.asarray(model.potentials[clique].values, np.float64)
        own = model.potentials[clique].domain.attributes
        order = np.argsort(own)
        factors.append((tuple(sorted(own)), values.transpose(order)))
    tables = []
    for attribute, parents in reversed(steps):
        scope = (*parents, attribute)
        total = np.zeros([sizes[index] for index in scope])
        rest = []
        for own, values in factors:
            if attribute in own:
                total += _align(own, values, scope)
            else:
                rest.append((own, values))
        highest = total.max(axis=-1, keepdims=True)
        shares = np.exp(total - highest)
        sums = shares.sum(axis=-1, keepdims=True)
        tables.append((shares / sums).reshape(-1, sizes[attribute]))
        rest.append((parents, (np.log(sums) + highest)[..., 0]))
        factors = rest
    return tables[::-1]


def _align(
    own: Clique, values: Float[np.ndarray, "..."], scope: Clique
) -> Float[np.ndarray, "..."]:
    """A factor with an axis for each attribute of the scope, in its order."""
    order = np.argsort([scope.index(index) for index in own])
    kept = [own[i] for i in order]
    index = tuple(slice(None) if i in kept else None for i in scope)
    aligned: np.ndarray = values.transpose(order)[index]
    return aligned


def context_of(
    sizes: Sequence[int], records: relation.Records, parents: Clique
) -> Integer[np.ndarray, " device"]:
    """Finds the row of a step's table that each record's parents name.

    Args:
        sizes: Size of each attribute's merged domain.
        records: Records of merged codes.
        parents: Attributes that the step depends on.

    Returns:
        A row per record.
    """
    if not parents:
        return np.zeros(len(records), np.int64)
    shape = tuple(sizes[index] for index in parents)
    codes: np.ndarray = np.ravel_multi_index(tuple(records[:, parents].T), shape)
    return codes


def draw_merged(
    generator: np.random.Generator,
    sizes: Sequence[int],
    steps: Sequence[Step],
    tables: Sequence[Float[np.ndarray, "_ _"]],
    count: int,
) -> relation.Records:
    """Draws records of merged codes.

    Args:
        generator: Public draws.
        sizes: Size of each attribute's merged domain.
        steps: In the order of drawing.
        tables: What `conditionals` returned.
        count: Number of records.

    Returns:
        The records, by attribute.
    """
    codes = np.zeros((count, len(sizes)), np.int64)
    for (attribute, parents), table in zip(steps, tables, strict=True):
        context = context_of(sizes, codes, parents)
        codes[:, attribute] = relation.draw_rows(generator, table, context)
    return codes


def merge_records(
    merged: Sequence[merge.Merged], records: relation.Records
) -> relation.Records:
    """Records in merged codes."""
    groups = [part.group[records[:, i]] for i, part in enumerate(merged)]
    return np.stack(groups, axis=1)


def marginal(
    sizes: Sequence[int], records: relation.Records, clique: Clique
) -> Integer[np.ndarray, " cell"]:
    """Counts the cells of a clique.

    Args:
        sizes: Size of each attribute's merged domain.
        records: Records of merged codes.
        clique: Its attributes.

    Returns:
        Counts, the last attribute fastest. Exact: private if records are.
    """
    cells = context_of(sizes, records, clique)
    counts: np.ndarray = np.bincount(cells, minlength=_cells(sizes, clique))
    return counts
