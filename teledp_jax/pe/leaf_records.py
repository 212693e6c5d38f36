"""Leaf votes on devices of one table: which column is the label, and how codes map.

A device of such a schema is one row of the anchor. The label is a category whose values
are voted on apart: a tree then sees what tells its values from each other.
"""

from collections.abc import Sequence

import numpy as np

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.pe import leaf_votes, trees

NO_LABEL = "none"
"""Name of the label of a table that has none."""

_SMALLEST_POOL, _LARGEST_POOL = 100_000, 400_000  # records

_MOST_STRATA = 64  # values of a column that is taken for the label by itself


def facts(
    schema: schemas.Schema, label: int | None, amounts: leaf_votes.Amounts
) -> dict[str, int | str]:
    """Returns what to show with results.

    Args:
        schema: Of one table.
        label: What `label_index` found.
        amounts: Sizes and noise.

    Returns:
        Public facts, by name.
    """
    name = NO_LABEL if label is None else schema.anchor.columns[label].name
    return {
        "pool": amounts.pool,
        "label": name,
        "num_iterations": amounts.num_rounds,
    }


def amounts(
    pool: int, num_rounds: int, sigmas: Sequence[float], num_devices: int
) -> leaf_votes.Amounts:
    """Returns the sizes of an evolution.

    Args:
        pool: Records of the pool; 0: twice the devices, within 100,000 to 400,000.
        num_rounds: Votes of each device.
        sigmas: Noise of a stratum, of a cell of the first histograms, and of a leaf.
        num_devices: Noisy number of devices.

    Returns:
        Sizes and noise of the votes.
    """
    usual = min(max(2 * num_devices, _SMALLEST_POOL), _LARGEST_POOL)
    return leaf_votes.Amounts(pool or usual, num_rounds, *sigmas)


def label_index(schema: schemas.Schema, name: str) -> int | None:
    """Finds the column whose values are voted on apart.

    Args:
        schema: Of one table.
        name: Name of a category, `none`, or empty: the last column, where it is a
            category of at most 64 values, as tables for classifiers have it.

    Returns:
        Its position; None if there is none.

    Raises:
        InputError: If no category has that name.
    """
    columns = schema.anchor.columns
    if name == NO_LABEL:
        return None
    if not name:
        last = columns[-1]
        plain = not last.is_number and last.num_codes <= _MOST_STRATA
        return len(columns) - 1 if plain and len(columns) > 1 else None
    found = [i for i, column in enumerate(columns) if column.name == name]
    if not found or columns[found[0]].is_number:
        known = [column.name for column in columns if not column.is_number]
        raise errors.InputError(f"pe.label: no category {name!r}; known: {known}.")
    return found[0]


def fit(
    schema: schemas.Schema,
    label: int | None,
    amounts: leaf_votes.Amounts,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Lets a pool evolve by leaf votes.

    Args:
        schema: Of one table.
        label: What `label_index` found.
        amounts: Sizes and noise.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        `codes` `[record, head]` and `weights`, which sum to one: DP outputs.
    """
    codes = arrays.flatten(schema, devices).astype(np.int64)
    heads = schema.heads
    others = [i for i in range(len(heads)) if i != label]
    columns = trees.Columns(
        sizes=np.array([heads[i].num_codes for i in others]),
        ordered=np.array([_is_ordered(heads[i]) for i in others]),
    )
    strata = np.zeros(len(codes), np.int64) if label is None else codes[:, label]
    num_strata = 1 if label is None else heads[label].num_codes
    found = leaf_votes.evolve(
        streams, columns, codes[:, others], strata, num_strata, context,
        amounts=amounts,
    )  # fmt: skip
    whole = np.zeros((len(found["weights"]), len(heads)), np.int64)
    whole[:, others] = found["codes"]
    if label is not None:
        whole[:, label] = found["strata"]
    dtype = arrays.code_dtype(max(head.num_codes for head in heads))
    return {"codes": whole.astype(dtype), "weights": found["weights"]}


def _is_ordered(head: schemas.Head) -> bool:
    """Whether codes of a variable have an order."""
    return head.column is None or head.column.is_number
