"""Tables of one row per device, split by the values of a label.

The label is a category whose values are voted on apart: votes then see what tells its
values from each other.
"""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.pe import trees
from teledp_jax.privacy import release

NO_LABEL = "none"
"""Name of the label of a table that has none."""

_MOST_STRATA = 64  # values of a column that is taken for the label by itself
_TOLD = 2.0  # standard deviations of noise from which a stratum exists


class Parts(NamedTuple):
    """Records without their label, and the label's values.

    Attributes:
        columns: The other columns.
        codes: `[device, column]`: codes of these. Private if devices are.
        strata: `[device]`: code of the label, 0 for all if there is none.
        num_strata: Number of codes of the label, public.
        label: Its position in the table; None if there is none.
    """

    columns: trees.Columns
    codes: Integer[np.ndarray, "device column"]
    strata: Integer[np.ndarray, " device"]
    num_strata: int
    label: int | None


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


def label_name(schema: schemas.Schema, label: int | None) -> str:
    """Returns what to call the label in facts.

    Args:
        schema: Of one table.
        label: What `label_index` found.
    """
    return NO_LABEL if label is None else schema.anchor.columns[label].name


def split(
    schema: schemas.Schema, label: int | None, devices: arrays.DeviceArrays
) -> Parts:
    """Takes the label out of records.

    Args:
        schema: Of one table.
        label: What `label_index` found.
        devices: Private devices of this process, or records of a pool.

    Returns:
        The other columns and the label's values.
    """
    codes, heads = arrays.flatten(schema, devices).astype(np.int64), schema.heads
    others = [i for i in range(len(heads)) if i != label]
    columns = trees.Columns(
        sizes=np.array([heads[i].num_codes for i in others]),
        ordered=np.array([_is_ordered(heads[i]) for i in others]),
    )
    if label is None:
        return Parts(columns, codes, np.zeros(len(codes), np.int64), 1, None)
    return Parts(
        columns, codes[:, others], codes[:, label], heads[label].num_codes, label
    )


def join(
    schema: schemas.Schema,
    label: int | None,
    codes: Integer[np.ndarray, "record column"],
    strata: Integer[np.ndarray, " record"],
) -> Integer[np.ndarray, "record head"]:
    """Puts the label back into records.

    Args:
        schema: Of one table.
        label: What `label_index` found.
        codes: Codes of the other columns.
        strata: Code of the label of each record.

    Returns:
        Codes of each head.
    """
    whole = codes if label is None else np.insert(codes, label, strata, axis=1)
    return whole.astype(arrays.code_dtype(max(h.num_codes for h in schema.heads)))


def totals(
    streams: keys.Keys, parts: Parts, context: base.Context, *, sigma: float
) -> Float[np.ndarray, " stratum"]:
    """Counts the devices of each stratum under noise, once.

    Args:
        streams: Random streams of the fit; noise key 0 is spent.
        parts: Private devices of this process.
        context: Store, noise and processes.
        sigma: Standard deviation of the noise.

    Returns:
        Noisy counts; 0 where a count shows no more than noise, 1 for all strata if none
        does.
    """
    noisy = release.count_once(
        "strata",
        lambda: np.bincount(parts.strata, minlength=parts.num_strata),
        key=jax.random.fold_in(streams.noise, 0),
        sigma=sigma,
        context=context,
    )
    counts = np.where(noisy < _TOLD * sigma, 0, np.maximum(noisy, 0)).astype(np.float64)
    return counts if counts.any() else np.ones(len(noisy))


def _is_ordered(head: schemas.Head) -> bool:
    """Whether codes of a variable have an order."""
    return head.column is None or head.column.is_number
