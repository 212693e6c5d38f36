"""Random records of a suite's device tables, for benchmarks of their shape."""

import re
from typing import Any

import numpy as np

from teledp_jax import arrays, schemas

_GROUP_SHARE = 0.15  # of devices that report a group: most devices lack most tables
_ENTITY_SHARE = 0.4  # of devices with rows of an entity
_MORE = 0.5  # of rows that another one follows
_LIKE_DCA = """
1: c8 c52 c49 c8 c11 c16 c3 c12 c3 i20 i16
8: c25 i14 i14 c15
4: c25 i13 d16
1: i15 i16 i14 i14
1: i15 d17 i17 d16 d14 d14
4: c25 i13 i10 i10
1: i14 d16 d16 i16 d16 i16 d15 i16 d17 d17 i16 d18
1: i13 d17 d18
1: c102
6: c13 c63 i15 d16 d16
4: c26
20: c16 c195 i13 d16 d16
1: i15 d18
1: i15 d21
3: c20 i17
3: c6 c5 i9 i12
16: c20 c66 c4 i15 d18
1: i16 d22 d22
1: i13 d17 d17 d17 d17
1: i13 i15 d16
1: i13 i15 d17
1: i13 i15 d17
1: i13 i15 d18
16: c150 c5 c5 i15 d18
1: i13 28d14
3: c4 i15 d18
6: c17 i15 i14
"""
"""Tables of the size of those of suite dca: most rows, then kind and codes of each
column, how often first. Written out, so that a machine without DuckDB can have them."""
_TIMES = re.compile(r"\b(\d+)([cid]\d+)")


def schema(name: str, num_tables: int | None = None) -> schemas.Schema:
    """The anchor of a suite and its next device tables, or all of them."""
    from teledp_jax.data import shipped, suite

    whole = suite.load(shipped.suite(name)).schema.narrowed()
    tables = whole.tables[: num_tables or len(whole.tables)]
    return schemas.Schema(suite=whole.suite, device=whole.device, tables=tables)


def like_dca(num_tables: int | None = None) -> schemas.Schema:
    """A schema of the size of suite dca, or of its first tables, without its SQL."""
    tables = []
    for number, line in enumerate(_LIKE_DCA.split("\n")[1:-1][:num_tables]):
        rows, _, columns = line.partition(": ")
        kinds = _TIMES.sub(lambda m: f"{m[2]} " * int(m[1]), columns).split()
        made = [_column(i, text) for i, text in enumerate(kinds)]
        role: schemas.Role = "entity" if rows != "1" else "group"
        tables.append(
            schemas.Table(
                name=f"table_{number}",
                role=role if number else "anchor",
                grain="A row",
                columns=tuple(made),
                max_rows=int(rows),
                fixed_rows=int(rows),
                cap_by=made[0].name if rows != "1" else None,
            )
        )
    return schemas.Schema(suite="like_dca", device="guid", tables=tuple(tables))


def _column(number: int, text: str) -> schemas.Column:
    """A column from its kind and its number of codes."""
    name, size = f"column_{number}", int(text[1:]) - 1
    if text[0] == "c":
        values = tuple(f"value {i}" for i in range(size))
        return schemas.Column(name=name, kind="category", categories=values)
    edges = tuple(float(i) for i in range(size + 1))
    kind: schemas.Kind = "integer" if text[0] == "i" else "double"
    return schemas.Column(name=name, kind=kind, edges=edges)


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


def shares(schema: schemas.Schema) -> dict[tuple[str, int], np.ndarray]:
    """Shares of codes that `records` has over all rows, by table and column.

    Column -1 is the number of rows.
    """
    found = {}
    for table in schema.tables:
        if table.role != "anchor":
            found[table.name, -1] = row_shares(table)
        for index, column in enumerate(table.columns):
            size = column.num_codes
            found[table.name, index] = np.full(size, 1.0 / size)
    return found


def relational(schema: schemas.Schema) -> tuple[Any, Any, Any]:
    """Layout, shares by group and bases of `dpsgd_relational`, for `records`."""
    from teledp_jax.dpsgd.models import relational_bases, relational_layout

    layout, known = relational_layout.layout(schema), shares(schema)
    found = tuple(
        tuple(known[schema.tables[v.table].name, v.column] for v in group.variables)
        for group in layout.groups
    )
    return layout, found, relational_bases.all_bases(layout, found)


def relational_model(schema: schemas.Schema) -> Any:
    """The model of `dpsgd_relational` under the shares that `records` has."""
    from teledp_jax.dpsgd.models import relational as network
    from teledp_jax.dpsgd.models import relational_training

    layout, found, bases = relational(schema)
    made = network.Relational(layout, relational_training.slots(layout, found))
    return relational_training.model(made, bases, found)
