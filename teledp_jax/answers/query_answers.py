"""Answers the queries themselves under noise, without synthetic data.

It shows what the same budget buys if the questions are known in advance. Only queries
whose headers declare contributions are answered, all under one budget; the rest are
not. Results lie in `results/query_answers/`, like those of any label.
"""

import itertools
import pathlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Array, Float, Key

from teledp_jax import base, runs, schemas
from teledp_jax.answers import workload
from teledp_jax.queries import asking, catalog, contributions
from teledp_jax.queries import run as run_lib

_LEAST = 2.0  # cells below so many standard deviations of noise are left out


class Answerable(NamedTuple):
    """What is answered, before anything is read.

    Attributes:
        queries: The queries that are answered.
        blocks: What each of them sums.
        not_answered: Names of the others.
    """

    queries: tuple[catalog.Query, ...]
    blocks: tuple[workload.Block, ...]
    not_answered: tuple[str, ...]


def plan(
    queries: Sequence[catalog.Query],
    schema: schemas.Schema,
    missing_tables: Collection[str] = (),
) -> Answerable:
    """Finds which queries are answered, and what a device adds to each; public.

    Args:
        queries: Queries of the workloads.
        schema: Of the suite.
        missing_tables: Names of device tables that the source could not fill.

    Returns:
        The queries whose headers declare contributions, and the names of the others.
    """
    answered, blocks = [], []
    for query in queries:
        declared = query.contributions
        if declared is None or set(query.tables) & set(missing_tables):
            continue
        keys = contributions.resolve(declared, schema)
        answered.append(query)
        blocks.append(
            workload.Block(
                name=query.name,
                max_cells=declared.max_cells,
                bounds=tuple(declared.amounts.values()),
                is_private=None in keys.values(),
            )
        )
    rest = tuple(query.name for query in queries if query not in answered)
    return Answerable(tuple(answered), tuple(blocks), rest)


def answer(
    run: runs.Run,
    schema: schemas.Schema,
    planned: Answerable,
    noise: workload.Noise,
    *,
    key: Key[Array, ""],
    context: base.Context,
) -> None:
    """Reads contributions of the real fleet and writes noisy results.

    Args:
        run: The run folder.
        schema: Of the suite.
        planned: What `plan` returned.
        noise: What `workload.calibrate` found for it; in the ledger by now.
        key: A secret key.
        context: Store and sampler of noise.
    """
    for path in run.results(runs.QUERY_ANSWERS).glob("*.csv"):
        path.unlink()
    for number, (query, block) in enumerate(
        zip(planned.queries, planned.blocks, strict=True)
    ):
        declared = query.contributions
        if declared is None:
            continue
        rows = asking.of_files(run.real, query, declared.select)
        rounding, noising, sizing = jax.random.split(jax.random.fold_in(key, number), 3)
        cells, codes = _cells(rows, contributions.resolve(declared, schema))
        kept = codes >= 0
        device, ids = _encoded(rows[schema.device])
        coin = workload.coins(rounding, ids)[device[kept]]
        amounts = _amounts(rows, declared)[kept]
        block = workload.narrowed(
            sizing, block, device[kept], amounts, noise, context=context
        )
        sums = workload.tally(
            coin, block, device[kept], codes[kept], amounts, num_cells=len(cells)
        )
        shown, noisy = workload.release(
            noising, block, sums, noise, cells=cells, context=context
        )
        result = assemble(
            declared,
            [cells[index] for index in shown],
            noisy,
            spread=noise.sigma / workload.STEPS,
        )
        run_lib.write(_path(run, query), result)


def _path(run: runs.Run, query: catalog.Query) -> pathlib.Path:
    """Where a query's noisy result lies."""
    return run.results(runs.QUERY_ANSWERS) / f"{query.name}.csv"


def _encoded(column: pa.ChunkedArray) -> tuple[np.ndarray, list[Any]]:
    """Position of each cell in the column's values, -1 where it is null; the values."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return codes.astype(np.int64), encoded.dictionary.to_pylist()


def _cells(
    rows: pa.Table, keys: Mapping[str, tuple[Any, ...] | None]
) -> tuple[list[contributions.Cell], np.ndarray]:
    """The cells of a query, and the cell of each row; -1 where it is none of them.

    Of public keys, all cells. If some keys are selected under privacy, the cells that
    occur, in an order that does not depend on which: they are private until they have
    passed the selection. There are no more of them than rows.
    """
    domains, codes = [], []
    for name, stated in keys.items():
        own, values = _encoded(rows[name])
        domain = sorted(values) if stated is None else list(stated)
        position = {value: index for index, value in enumerate(domain)}
        lookup = np.array([position.get(value, -1) for value in values] + [-1])
        codes.append(lookup[own])
        domains.append(domain)
    if not keys:
        return [()], np.zeros(rows.num_rows, np.int64)
    coded = np.stack(codes, axis=1)
    is_cell = (coded >= 0).all(axis=1)
    cells = np.full(rows.num_rows, -1, np.int64)
    if None in keys.values():
        found, cells[is_cell] = np.unique(coded[is_cell], axis=0, return_inverse=True)
        named = [
            tuple(domain[code] for domain, code in zip(domains, row, strict=True))
            for row in found
        ]
        return named, cells
    sizes = [len(domain) for domain in domains]
    cells[is_cell] = np.ravel_multi_index(tuple(coded[is_cell].T), sizes)
    return list(itertools.product(*domains)), cells


def _amounts(
    rows: pa.Table, declared: contributions.Contributions
) -> Float[np.ndarray, "row amount"]:
    """The amounts of each row, that which counts devices the first."""
    columns = [
        np.ones(rows.num_rows)
        if name == contributions.DEVICES
        else pc.cast(rows[name], pa.float64()).to_numpy()
        for name in declared.amounts
    ]
    return np.stack(columns, axis=1)


def assemble(
    declared: contributions.Contributions,
    cells: Sequence[contributions.Cell],
    sums: Float[np.ndarray, "cell amount"],
    *,
    spread: float,
) -> run_lib.Result:
    """Makes the result of a query from noisy sums: values, then their ranking.

    Args:
        declared: What the header declares.
        cells: The cells of the sums.
        sums: Noisy sums, in the order of the declared amounts.
        spread: Standard deviation of the noise on a count of devices.

    Returns:
        Rows of keys and values: sums, ratios, shares in percent. A cell is left out if
        its noisy number of devices is below two standard deviations of the noise.
    """
    found = dict(zip(declared.amounts, sums.T, strict=True))
    for name, (low, _) in declared.amounts.items():
        if low == 0:
            found[name] = np.maximum(found[name], 0.0)
    columns = {
        name: _value(formula, found) for name, formula in declared.values.items()
    }
    devices = found[contributions.DEVICES]
    least = max(declared.at_least, _LEAST * spread)
    kept = [index for index in range(len(cells)) if devices[index] >= least]
    if declared.top is not None:
        ranking = declared.top
        by = devices if ranking.by == contributions.DEVICES else columns[ranking.by]
        kept = _first(kept, cells, by, ranking, list(declared.keys))
    rows = tuple(
        (*cells[index], *(_number(column[index]) for column in columns.values()))
        for index in kept
    )
    return run_lib.Result((*declared.keys, *columns), rows)


def _value(
    formula: contributions.Formula, sums: Mapping[str, np.ndarray]
) -> Float[np.ndarray, " cell"]:
    """One value of each cell; NaN where its denominator is not positive."""
    numerator = sums[formula.numerator]
    if formula.is_share:
        total = numerator.sum()
        return 100 * numerator / total if total > 0 else np.full_like(numerator, np.nan)
    if formula.denominator is None:
        return numerator * formula.factor
    denominator = sums[formula.denominator]
    safe = np.where(denominator > 0, denominator, np.nan)
    return formula.factor * numerator / safe


def _first(
    kept: Sequence[int],
    cells: Sequence[contributions.Cell],
    by: Float[np.ndarray, " cell"],
    ranking: contributions.Top,
    keys: Sequence[str],
) -> list[int]:
    """The first cells of each part of a ranking, the best first."""
    sign = 1 if ranking.ascending else -1
    within = [keys.index(name) for name in ranking.within]
    taken: dict[contributions.Cell, int] = {}
    found = []
    ordered = (index for index in kept if by[index] == by[index])
    for index in sorted(ordered, key=lambda i: (sign * by[i], str(cells[i]))):
        part = tuple(cells[index][position] for position in within)
        taken[part] = taken.get(part, 0) + 1
        if taken[part] <= ranking.limit:
            found.append(index)
    return found


def _number(value: float) -> float | None:
    """A number, or None for NaN."""
    return float(value) if value == value else None
