"""Records moved to noisy one-way marginals, with what they have in common kept."""

import numpy as np
from jaxtyping import Bool, Float, Integer

from teledp_jax import arrays, base, schemas
from teledp_jax.marginals import measure, relation


def move(
    generator: np.random.Generator,
    schema: schemas.Schema,
    model: base.Tree,
    codes: Integer[np.ndarray, "record head"],
) -> Integer[np.ndarray, "record head"]:
    """Moves records to the marginals of `independent.estimate`, column by column.

    Numbers keep their ranks, and categories change in as few rows as can be, so that
    what columns have in common survives. Numbers of rows come first; rows that appear
    are those of other devices. Within a bucket of numbers of rows all rows count alike.

    Args:
        generator: Public draws: which of equals are moved.
        schema: The public schema.
        model: What `independent.estimate` returned.
        codes: Public records or DP outputs, as `arrays.flatten` makes them.

    Returns:
        Codes of the moved records.
    """
    devices, moved = arrays.unflatten(schema, codes), {}
    for table in schema.tables:
        rows, mask = arrays.padded(devices[table.name], table.max_rows)
        if table.role != "anchor":
            shares = model[f"{table.name}/rows"][0]
            num_rows = _by_rank(generator, mask.sum(axis=1), _whole(shares, len(mask)))
            rows, mask = _resize(generator, rows, mask, num_rows)
        buckets = measure.row_bucket(mask.sum(axis=1))[:, None]
        for position, column in enumerate(table.columns):
            for bucket, shares in enumerate(model[f"{table.name}/{column.name}"]):
                here = mask & (buckets == bucket)
                wanted = _whole(shares, int(here.sum()))
                change = _numbers if column.is_number else _categories
                rows[here, position] = change(generator, rows[here, position], wanted)
        rows = relation.sort_rows(table, rows, mask)
        moved[table.name] = arrays.from_padded(rows, mask)
    return arrays.flatten(schema, moved)


def _whole(
    shares: Float[np.ndarray, " code"], count: int
) -> Integer[np.ndarray, " code"]:
    """Shares of so many rows as whole numbers with that total."""
    cumulative = np.cumsum(shares)
    ends = np.floor(count * cumulative / cumulative[-1] + 0.5)
    return np.diff(ends, prepend=0).astype(np.int64)


def _by_rank(
    generator: np.random.Generator,
    values: Float[np.ndarray, " row"] | Integer[np.ndarray, " row"],
    wanted: Integer[np.ndarray, " code"],
) -> Integer[np.ndarray, " row"]:
    """Codes of which there are as many as wanted, in the order of values."""
    moved = np.zeros(len(values), np.int64)
    order = np.lexsort((generator.random(len(values)), values))
    moved[order] = np.repeat(np.arange(len(wanted)), wanted)
    return moved


def _numbers(
    generator: np.random.Generator,
    codes: Integer[np.ndarray, " row"],
    wanted: Integer[np.ndarray, " code"],
) -> Integer[np.ndarray, " row"]:
    """Codes of a number column: first whether it is absent, then by rank."""
    is_absent = np.array([wanted[0], wanted[1:].sum()])
    present = _categories(generator, np.minimum(codes, 1), is_absent) == 1
    appeared = present & (codes == schemas.ABSENT)
    values = codes.astype(np.float64)
    values[appeared] = generator.uniform(1, len(wanted), int(appeared.sum()))
    moved = np.zeros(len(codes), np.int64)
    moved[present] = 1 + _by_rank(generator, values[present], wanted[1:])
    return moved


def _categories(
    generator: np.random.Generator,
    codes: Integer[np.ndarray, " row"],
    wanted: Integer[np.ndarray, " code"],
) -> Integer[np.ndarray, " row"]:
    """Codes of which there are as many as wanted, changed in as few rows as can be."""
    order = generator.permutation(len(codes))
    ordered = codes[order].astype(np.int64)
    by_code = np.argsort(ordered, kind="stable")
    starts = np.searchsorted(ordered[by_code], np.arange(len(wanted)))
    rank = np.empty(len(codes), np.int64)
    rank[by_code] = np.arange(len(codes)) - starts[ordered[by_code]]
    surplus = rank >= wanted[ordered]
    held = np.bincount(ordered[~surplus], minlength=len(wanted))
    lacking = np.repeat(np.arange(len(wanted)), wanted - held)
    ordered[surplus] = generator.permutation(lacking)
    moved = np.empty_like(ordered)
    moved[order] = ordered
    return moved


def _resize(
    generator: np.random.Generator,
    codes: Integer[np.ndarray, "device row column"],
    mask: Bool[np.ndarray, "device row"],
    num_rows: Integer[np.ndarray, " device"],
) -> tuple[Integer[np.ndarray, "device row column"], Bool[np.ndarray, "device row"]]:
    """Devices with so many rows each: the last are dropped, new ones are others'."""
    resized = np.arange(mask.shape[1])[None, :] < num_rows[:, None]
    appeared, donors = resized & ~mask, codes[mask]
    codes = np.where(resized[..., None], codes, 0).astype(codes.dtype)
    if len(donors):
        codes[appeared] = donors[generator.integers(len(donors), size=appeared.sum())]
    return codes, resized
