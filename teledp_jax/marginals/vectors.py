"""One vector per device, of all that `statistics.Plan` names, and its clipped sums.

A device has a vector v, made of its own rows only: t, the totals of tables, and q, all
else. With a public bound C on the norm

    v = t + q * min(1, sqrt(C^2 - |t|^2) / |q|)

has a norm of at most C, since t and q share no entry and `norms` are such that |t|^2 <=
C^2 / 2. So totals lose nothing to the clip. `clipped.clip` writes v in whole steps and
asserts the bound; it states and proves the sensitivity.
"""

from collections.abc import Iterator

import numpy as np
import scipy.sparse
from jaxtyping import Float, Integer

from teledp_jax import arrays, schemas
from teledp_jax.marginals import clipped, row_codes, statistics

_CHUNK = 4096  # devices whose vectors are in memory at once
_STEPS = 4  # bins of squared norms to a factor of two
_NUM_NORMS = 48
_CLEAR = 3.0  # standard deviations of noise


class _Fleet:
    """Codes of the variables of some devices."""

    def __init__(self, schema: schemas.Schema, devices: arrays.DeviceArrays) -> None:
        self._schema = schema
        self._devices = devices
        self._known: dict[str, Integer[np.ndarray, " site"]] = {}
        self.num_rows = {
            name: arrays.num_rows(table) for name, table in devices.items()
        }
        self.owners = {
            table.name: arrays.owners(devices[table.name])
            for table in schema.tables
            if table.max_rows > 1
        }

    def codes(self, side: statistics.Variable) -> Integer[np.ndarray, " site"]:
        """Codes by device, or by row for a column of a table of several rows."""
        if side.name not in self._known:
            self._known[side.name] = self._find(side)
        return self._known[side.name]

    def _find(self, side: statistics.Variable) -> Integer[np.ndarray, " site"]:
        """Codes of one variable; -1 for devices that do not have it."""
        count = self.num_rows[side.table]
        if side.kind == "presence":
            return np.where(count > 0, 0, -1)
        most = self._schema.table(side.table).max_rows
        if side.kind == "rows":
            return row_codes.code_of(row_codes.row_starts(most), count)
        if side.kind == "bucket":
            return row_codes.code_of(row_codes.bucket_starts(most), count)
        found = np.asarray(self._devices[side.table].codes)[:, side.column]
        if most > 1:
            return found.astype(np.int64)
        codes = np.full(len(count), -1, np.int64)
        codes[count > 0] = found
        return codes

    def is_by_row(self, side: statistics.Variable) -> bool:
        """Whether codes of a variable are by row."""
        return side.kind == "column" and side.table in self.owners

    def entries(
        self, block: statistics.Block
    ) -> tuple[
        Integer[np.ndarray, " entry"],
        Integer[np.ndarray, " entry"],
        Float[np.ndarray, " entry"],
    ]:
        """Device, cell and value of what rows add to a block."""
        by_row = any(map(self.is_by_row, block.sides))
        count = self.num_rows[block.table]
        owner = self.owners[block.table] if by_row else np.arange(len(count))
        cell = np.full(len(owner), block.start, np.int64)
        exists = np.ones(len(owner), bool)
        stride = block.num_cells
        for side in block.sides:
            codes = self.codes(side)
            if by_row and not self.is_by_row(side):
                codes = codes[owner]
            stride //= side.num_codes
            cell += codes * stride
            exists &= codes >= 0
        owner, cell = owner[exists], cell[exists]
        value = block.cell_weights[cell - block.start]
        if by_row:
            value = value * block.row_weight(count[owner])
        return owner, cell, value


def _vectors(
    schema: schemas.Schema, plan: statistics.Plan, devices: arrays.DeviceArrays
) -> Iterator[scipy.sparse.csr_array]:
    """Vectors `[device, cell]` before the clip, by chunks of devices."""
    for start in range(0, arrays.num_devices(devices), _CHUNK):
        part = arrays.take(devices, slice(start, start + _CHUNK))
        fleet = _Fleet(schema, part)
        found = [fleet.entries(block) for block in plan.blocks]
        owner, cell, value = (np.concatenate(each) for each in zip(*found, strict=True))
        shape = (arrays.num_devices(part), plan.num_cells)
        made = scipy.sparse.coo_array((value, (owner, cell)), shape=shape).tocsr()
        made.sum_duplicates()
        yield made


def _squares(
    vectors: scipy.sparse.csr_array, is_total: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Squared norms of totals and of all else, by device."""
    squares = vectors.power(2)
    totals = squares @ is_total
    return totals, squares @ (1.0 - is_total)


def _is_total(plan: statistics.Plan) -> Float[np.ndarray, " cell"]:
    """One for cells that are never clipped."""
    flags = np.zeros(plan.num_cells)
    for block in plan.blocks:
        flags[block.cells] = block.is_total
    return flags


def _clip(
    vectors: scipy.sparse.csr_array, is_total: np.ndarray, norm: float
) -> clipped.Clipped:
    """Vectors within the bound, in whole steps."""
    totals, others = _squares(vectors, is_total)
    room = np.sqrt(np.maximum(norm**2 - totals, 0.0))
    factor = np.minimum(1.0, room / np.sqrt(np.maximum(others, 1e-300)))
    owner = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))
    scale = np.where(is_total[vectors.indices] > 0, 1.0, factor[owner])
    entries = clipped.Entries(owner, vectors.indices, vectors.data * scale)
    return clipped.clip(entries, l2_clip_norm=norm)


def sums(
    schema: schemas.Schema,
    plan: statistics.Plan,
    devices: arrays.DeviceArrays,
    *,
    norm: float,
) -> Integer[np.ndarray, " cell"]:
    """Adds up the clipped vectors of devices. Exact, so private.

    A device changes the sum by at most `clipped.STEPS` in L2.

    Args:
        schema: The public schema.
        plan: What is measured.
        devices: The private devices, or those of a shard.
        norm: The bound C, one of `norms`.

    Returns:
        Sums, in steps of C / `clipped.STEPS`. Private.
    """
    is_total = _is_total(plan)
    total = np.zeros(plan.num_cells, np.int64)
    for vectors in _vectors(schema, plan, devices):
        total += clipped.totals(_clip(vectors, is_total, norm), plan.num_cells)
    return total


def both_sums(
    schema: schemas.Schema,
    plan: statistics.Plan,
    devices: arrays.DeviceArrays,
    *,
    norm: float,
) -> tuple[Float[np.ndarray, " cell"], Float[np.ndarray, " cell"]]:
    """Adds up the vectors of synthetic devices with the clip and without it.

    Args:
        schema: The public schema.
        plan: What is measured.
        devices: Synthetic devices.
        norm: The bound C.

    Returns:
        Clipped and whole sums, in the unit of the vectors.
    """
    is_total = _is_total(plan)
    steps, whole = np.zeros(plan.num_cells, np.int64), np.zeros(plan.num_cells)
    for vectors in _vectors(schema, plan, devices):
        steps += clipped.totals(_clip(vectors, is_total, norm), plan.num_cells)
        whole += np.bincount(vectors.indices, vectors.data, minlength=plan.num_cells)
    return steps * (norm / clipped.STEPS), whole


def norms(plan: statistics.Plan) -> Float[np.ndarray, " bin"]:
    """Gives the bounds that C may take: public, from the least that totals need.

    Args:
        plan: What is measured.

    Returns:
        Rising norms; the square of the first is at least twice that of all totals.
    """
    least = max(2.0 * plan.most_totals, 1.0)
    return np.sqrt(least * 2.0 ** (np.arange(_NUM_NORMS) / _STEPS))


def norm_counts(
    schema: schemas.Schema, plan: statistics.Plan, devices: arrays.DeviceArrays
) -> Integer[np.ndarray, " bin"]:
    """Counts devices by the least of `norms` that holds their vector. Private.

    A device adds one to one count.

    Args:
        schema: The public schema.
        plan: What is measured.
        devices: The private devices, or those of a shard.

    Returns:
        Counts; the last bin takes all larger vectors. Private.
    """
    limits, is_total = norms(plan), _is_total(plan)
    counts = np.zeros(len(limits), np.int64)
    for vectors in _vectors(schema, plan, devices):
        size = np.sqrt(sum(_squares(vectors, is_total)))
        place = np.minimum(np.searchsorted(limits, size), len(limits) - 1)
        counts += np.bincount(place, minlength=len(limits))
    return counts


def choose_norm(
    plan: statistics.Plan,
    noisy: Integer[np.ndarray, " bin"],
    *,
    share: float,
    sigma: float,
) -> float:
    """Chooses the bound that about a share of the devices keep.

    Args:
        plan: What is measured.
        noisy: Noisy `norm_counts`.
        share: Share of devices whose vector is not shortened, in (0, 1).
        sigma: Noise of each count; counts within three of it are taken for none.

    Returns:
        One of `norms`; the least if no count is clear of noise.
    """
    cumulative = np.cumsum(np.where(noisy > _CLEAR * sigma, noisy, 0))
    found = np.searchsorted(cumulative, share * cumulative[-1])
    return float(norms(plan)[found])
