"""Toy schemas, fleets and budgets for all tests.

One schema is a few words::

    SIZE = toys.number("size", 0, 1, 2)
    SCHEMA = toys.schema(
        toys.anchor("base", toys.category("kind", "a", "b")),
        toys.group("rare", SIZE),
        toys.entity("apps", SIZE, rows=3, by="size"),
    )
"""

import functools
from collections.abc import Callable
from typing import Any

import dp_accounting
import jax
import numpy as np

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.privacy import accounting, budgets, mechanisms

FINE_GRIDS = (accounting._INTERVAL, accounting._FINE)
"""Steps of the discretised privacy loss, as releases have them."""


@functools.cache
def _keys() -> keys.Keys:
    """Random streams of a fit."""
    return keys.split(jax.random.key(0), jax.random.key(1))


def __getattr__(name: str) -> keys.Keys:
    """Makes `KEYS` when first asked: processes that meet use no JAX before they do."""
    if name != "KEYS":
        raise AttributeError(name)
    return _keys()


"""Keys of a fit."""


def category(name: str, *values: str, other: str | None = None) -> schemas.Column:
    """A column of texts."""
    return schemas.Column(name=name, kind="category", categories=values, other=other)


def number(
    name: str, *edges: float, kind: schemas.Kind = "double", **fields: Any
) -> schemas.Column:
    """A column of numbers, with the edges of its bins."""
    edges = tuple(float(edge) for edge in edges)
    return schemas.Column(name=name, kind=kind, edges=edges, **fields)


def whole(name: str, *edges: float, **fields: Any) -> schemas.Column:
    """A column of whole numbers, with the edges of its bins."""
    return number(name, *edges, kind="integer", **fields)


def anchor(name: str, *columns: schemas.Column) -> schemas.Table:
    """The table with one row per device."""
    return schemas.Table(name=name, role="anchor", grain="a device", columns=columns)


def group(name: str, *columns: schemas.Column) -> schemas.Table:
    """A table with at most one row per device."""
    return schemas.Table(name=name, role="group", grain="a device", columns=columns)


def entity(
    name: str,
    *columns: schemas.Column,
    rows: int = 1,
    fixed: int = 0,
    by: str,
    unique: tuple[str, ...] = (),
) -> schemas.Table:
    """A table with up to `rows` rows per device, the largest of `by` first.

    Methods of fixed shapes read `fixed` of them.
    """
    return schemas.Table(
        name=name,
        role="entity",
        grain="a device and a thing",
        columns=columns,
        max_rows=rows,
        fixed_rows=fixed,
        cap_by=by,
        unique=unique,
    )


def schema(*tables: schemas.Table) -> schemas.Schema:
    """A schema of tables, the anchor first."""
    return schemas.Schema(suite="toy", device="guid", tables=tables)


KIND = category("kind", "a", "b", "c")
SIZE = number("size", 0, 1, 2, 3)
PAIR = schema(anchor("base", KIND, SIZE), group("rare", SIZE))
"""A schema of an anchor and a table that few devices report."""
TRIPLE = schema(*PAIR.tables, entity("apps", KIND, SIZE, rows=3, by="size"))
"""A schema with every kind of table."""


def codes(which: schemas.Schema, count: int, seed: int = 0) -> np.ndarray:
    """Random codes of flattened records, each head uniform over its domain."""
    limits = [head.num_codes for head in which.heads]
    return np.random.default_rng(seed).integers(0, limits, (count, len(limits)))


def devices(which: schemas.Schema, count: int, seed: int = 0) -> arrays.DeviceArrays:
    """Random devices of a schema."""
    return arrays.unflatten(which, codes(which, count, seed))


def budget(epsilon: float, num_devices: int) -> budgets.Budget:
    """A budget of which nothing is spent, at delta 1e-5."""
    return budgets.Budget(
        epsilon=epsilon,
        delta=1e-5,
        spent=dp_accounting.NoOpDpEvent(),
        num_devices=num_devices,
    )


def account_coarsely() -> None:
    """Makes accounts on grids ten times as coarse: quicker, and still upper bounds."""
    accounting._INTERVAL, accounting._FINE = (10 * step for step in FINE_GRIDS)


def quiet(*args: Any) -> None:
    """Hears of progress and says nothing."""


def context(
    store: base.Store | None = None,
    *,
    noise: base.IntegerNoise = mechanisms.seeded_integer_noise,
    progress: Callable[..., None] = quiet,
) -> base.Context:
    """What a fit may use: a store in memory and seeded noise, unless told others."""
    return base.Context(store or base.MemoryStore(), progress, noise)


def same(first: base.Tree, second: base.Tree) -> bool:
    """Whether two trees hold the same numbers."""
    leaves = [jax.tree.leaves(tree) for tree in (first, second)]
    return all(np.array_equal(a, b) for a, b in zip(*leaves, strict=True))
