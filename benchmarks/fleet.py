"""Random records of a suite's device tables, for benchmarks of their shape."""

from typing import Any

import numpy as np

from teledp_jax import arrays, schemas
from teledp_jax.data import shipped, suite

_GROUP_SHARE = 0.15  # of devices that report a group: most devices lack most tables
_ENTITY_SHARE = 0.4  # of devices with rows of an entity
_MORE = 0.5  # of rows that another one follows


def schema(name: str, num_tables: int | None = None) -> schemas.Schema:
    """The anchor of a suite and its next device tables, or all of them."""
    whole = suite.load(shipped.suite(name)).schema
    tables = whole.tables[: num_tables or len(whole.tables)]
    return schemas.Schema(suite=whole.suite, device=whole.device, tables=tables)


def row_shares(table: schemas.Table) -> np.ndarray:
    """How likely a device has none, one or more rows of a table."""
    if table.role == "group":
        return np.array([1.0 - _GROUP_SHARE, _GROUP_SHARE])
    rows = np.arange(1, table.max_rows + 1)
    shares = np.append(0.0, _MORE**rows)
    return np.append(1.0 - _ENTITY_SHARE, _ENTITY_SHARE * shares[1:] / shares.sum())


def records(schema: schemas.Schema, num_devices: int) -> arrays.DeviceArrays:
    """Random codes: uniform values in rows that exist."""
    rng = np.random.default_rng(0)
    devices = {}
    for table in schema.tables:
        shape = (num_devices, table.max_rows, len(table.columns))
        limits = np.array([column.num_codes for column in table.columns])
        dtype = arrays.code_dtype(max(limits))
        codes = (rng.random(shape, np.float32) * limits).astype(dtype)
        rows = np.ones(num_devices, np.int64)
        if table.role != "anchor":
            shares = row_shares(table)
            rows = rng.choice(len(shares), num_devices, p=shares)
        mask = np.arange(table.max_rows)[None] < rows[:, None]
        devices[table.name] = arrays.from_padded(codes, mask)
    return devices


def relational_model(schema: schemas.Schema) -> Any:
    """The model of `dpsgd_relational` under the shares that `records` has."""
    from teledp_jax.dpsgd.models import (
        relational,
        relational_bases,
        relational_layout,
        relational_training,
    )

    layout = relational_layout.layout(schema)

    def shares(variable: relational_layout.Variable) -> np.ndarray:
        head = schema.heads[variable.head]
        if head.column is None:
            return row_shares(schema.table(head.table))
        return np.full(head.num_codes, 1.0 / head.num_codes)

    found = tuple(tuple(map(shares, group.variables)) for group in layout.groups)
    network = relational.Relational(layout, relational_training.slots(layout, found))
    return relational_training.model(
        network, relational_bases.all_bases(layout, found), found
    )
