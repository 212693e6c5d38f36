"""The published study's own bookkeeping: its claim, and what a fit really reads.

The study gives every table an epsilon of its own, takes each row for a device, and
takes numbers of devices and rows for granted. `make_claimed` makes a method that way,
so that published numbers can be compared with like; the event of what it returns is the
true one, of a whole device. Nothing that is made here may be released.
"""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import dp_accounting
import jax
import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, base, keys, registry, schemas
from teledp_jax.marginals import relation
from teledp_jax.privacy import budgets, events, release

PER_TABLE = frozenset({"histogram", "mst"})
"""Methods that the study fits to one table after another."""

WHOLE = frozenset({"dpsgd_vae", "pe", "pe_conditional"})
"""Methods that the study fits once; it takes the number of devices for granted."""

METHODS = PER_TABLE | WHOLE
"""Methods whose books can be kept as the study keeps them."""

_ROWS_SIGMA = 20.0  # noise on numbers of rows, which the study does not pay for


class Claim(NamedTuple):
    """What the study says of such a release.

    Attributes:
        epsilon: Of each part that it accounts for by itself.
        delta: Likewise.
        num_parts: Parts: tables, or 1.
        reading: How it comes to that.
    """

    epsilon: float
    delta: float
    num_parts: int
    reading: str


def make_claimed(
    name: str, config: Any, schema: schemas.Schema, budget: budgets.Budget
) -> tuple[base.Synthesizer, Claim]:
    """Makes a method as the study would calibrate it, and states the study's claim.

    Args:
        name: One of `METHODS`.
        config: Its `Config`.
        schema: The public schema.
        budget: Epsilon and delta of each part; what was spent before is disregarded.

    Returns:
        A synthesizer whose event is that of one whole device, and the claim.

    Raises:
        InputError: If no noise meets the budget.
    """
    method = registry.method(name)
    schema = schema.narrowed(config.max_rows)
    budget = budgets.unspent(budget.epsilon, budget.delta, max(budget.num_devices, 1))
    if name in WHOLE:
        claim = Claim(
            budget.epsilon, budget.delta, 1, "one release; the number of devices free"
        )
        return method.make(config, schema, budget), claim
    reading = "each table by itself, each row is a device; numbers of rows free"
    claim = Claim(budget.epsilon, budget.delta, len(schema.tables), reading)
    return _per_table(method, config, schema, budget), claim


def _per_table(
    method: ModuleType,
    config: Any,
    schema: schemas.Schema,
    budget: budgets.Budget,
) -> base.Synthesizer:
    """Fits each table by itself, to its rows; rows go to devices at random."""
    of_rows = {table.name: rows_schema(schema, table) for table in schema.tables}
    parts = {name: method.make(config, part, budget) for name, part in of_rows.items()}
    counted = [table for table in schema.tables if table.role != "anchor"]
    read = [
        events.grouped(parts[table.name].event, table.max_rows)
        for table in schema.tables
    ]
    counts = events.DiscreteGaussianDpEvent(_ROWS_SIGMA)
    if counted:
        read.insert(0, dp_accounting.SelfComposedDpEvent(counts, len(counted)))

    def fit(
        streams: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        devices = arrays.narrow(schema, devices)
        noisy = _noisy_numbers_of_rows(streams, counted, devices, context)
        tables = {}
        for position, table in enumerate(schema.tables):
            num_rows = _total(noisy.get(table.name), budget.num_devices)
            again = budgets.unspent(budget.epsilon, budget.delta, max(num_rows, 1))
            sized = method.make(config, of_rows[table.name], again)
            if sized.event != parts[table.name].event:
                raise ValueError(f"Expected an event that no count changes: {table}.")
            tables[table.name] = sized.fit(
                keys.Keys(*(jax.random.fold_in(key, position) for key in streams)),
                rows_of(table, devices[table.name]),
                context._replace(
                    store=_Prefixed(context, table.name),
                    progress=lambda done, total, facts: None,
                ),
            )
            context.progress(position + 1, len(schema.tables), {})
        return {"rows": noisy, "tables": tables}

    def sample(
        key: Key[Array, ""], fitted: base.Tree, count: int
    ) -> arrays.DeviceArrays:
        devices = {}
        for position, table in enumerate(schema.tables):
            sizes, own = jax.random.split(jax.random.fold_in(key, position))
            generator = np.random.default_rng(np.asarray(jax.random.key_data(sizes)))
            num_rows = _draw_numbers(generator, fitted["rows"].get(table.name), count)
            drawn = parts[table.name].sample(
                own, fitted["tables"][table.name], int(num_rows.sum())
            )
            rows = np.asarray(drawn[table.name].codes)
            devices[table.name] = _deal(table, rows, num_rows)
        return devices

    return base.Synthesizer(
        event=dp_accounting.ComposedDpEvent(read),
        fit=fit,
        sample=sample,
        facts={"num_tables": len(schema.tables), "rows_sigma": _ROWS_SIGMA},
        max_rows=schema.max_rows,
    )


def rows_schema(schema: schemas.Schema, table: schemas.Table) -> schemas.Schema:
    """Returns a schema in which each row of a table is a device.

    Args:
        schema: The public schema.
        table: One of its tables.
    """
    anchor = schemas.Table(
        name=table.name, role="anchor", grain=table.grain, columns=table.columns
    )
    return schemas.Schema(suite=schema.suite, device=schema.device, tables=(anchor,))


def rows_of(table: schemas.Table, rows: arrays.TableArrays) -> arrays.DeviceArrays:
    """Returns all rows of a table, each as a device of `rows_schema`.

    Args:
        table: The table.
        rows: Its rows, by device. Private.

    Returns:
        Arrays with one row per device: as many devices as there are rows.
    """
    one_each = arrays.edges(np.ones(len(rows.codes), np.int64))
    return {table.name: arrays.TableArrays(rows.codes, one_each)}


class _Prefixed:
    """A store that keeps the checkpoints of one table apart from those of others."""

    def __init__(self, context: base.Context, prefix: str) -> None:
        self._store, self._prefix = context.store, prefix

    def load(self, name: str) -> base.Tree | None:
        """What was saved under `name` for this table, or None."""
        return self._store.load(f"{self._prefix}.{name}")

    def save(self, name: str, tree: base.Tree) -> None:
        """Saves `tree` under `name` for this table."""
        self._store.save(f"{self._prefix}.{name}", tree)


def _noisy_numbers_of_rows(
    streams: keys.Keys,
    tables: Sequence[schemas.Table],
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> dict[str, Integer[np.ndarray, " _"]]:
    """Noisy numbers of devices with 0, 1, 2 ... rows of each table, over processes."""
    sizes = [table.max_rows + 1 for table in tables]
    counts = release.count_vectors_once(
        "numbers_of_rows",
        lambda: [
            np.bincount(arrays.num_rows(devices[table.name]), minlength=size)
            for table, size in zip(tables, sizes, strict=True)
        ],
        sizes=sizes,
        key=jax.random.fold_in(streams.noise, len(devices)),
        sigma=_ROWS_SIGMA,
        context=context,
    )
    return {
        table.name: np.maximum(own, 0)
        for table, own in zip(tables, counts, strict=True)
    }


def _total(counts: Integer[np.ndarray, " _"] | None, num_devices: int) -> int:
    """Noisy number of rows of a table; without counts, one per device."""
    return num_devices if counts is None else int(counts @ np.arange(len(counts)))


def _draw_numbers(
    generator: np.random.Generator,
    counts: Integer[np.ndarray, " _"] | None,
    num_devices: int,
) -> Integer[np.ndarray, " device"]:
    """A number of rows for each device, whatever the device's other tables hold."""
    if counts is None:
        return np.ones(num_devices, np.int64)
    shares = np.asarray(counts, np.float64)
    shares = shares if shares.sum() > 0 else np.ones_like(shares)
    return generator.choice(len(shares), num_devices, p=shares / shares.sum())


def _deal(
    table: schemas.Table,
    rows: Integer[np.ndarray, "row column"],
    num_rows: Integer[np.ndarray, " device"],
) -> arrays.TableArrays:
    """Rows dealt to devices in order."""
    mask = np.arange(table.max_rows)[None, :] < num_rows[:, None]
    codes = np.zeros((*mask.shape, len(table.columns)), rows.dtype)
    codes[mask] = rows
    return arrays.from_padded(relation.sort_rows(table, codes, mask), mask)


def record(claim: Claim) -> Mapping[str, Any]:
    """Returns a claim as it stands in `ledger.json`.

    Args:
        claim: The study's claim.
    """
    return {**claim._asdict(), "total_epsilon": claim.epsilon * claim.num_parts}
