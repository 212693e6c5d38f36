"""Raw files for tests: written in many ways, and read by the real aggregation."""

import collections
import pathlib
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from teledp_jax import runs
from teledp_jax.data import aggregate, definition


def run_aggregate(
    suite: definition.Suite, source: pathlib.Path, folder: pathlib.Path, **settings: Any
) -> tuple[runs.Run, tuple[str, ...]]:
    """Aggregates a source; the run folder, and the tables that were left empty."""
    run = runs.Run(folder / 'it\'s a "run"')
    options: dict[str, Any] = {
        "window": ("", ""),
        "device_share": 1.0,
        "holdout": 0.0,
        "allow_missing_tables": False,
        "memory_limit": "1GB",
        "temp_folder": folder / "temp's",
        "progress": lambda done, total: None,
    }
    return run, aggregate.aggregate(suite, source, run, **{**options, **settings})


def rows(folder: pathlib.Path, table: str) -> list[tuple]:
    """The rows of a device table."""
    table = pa.parquet.read_table(folder / f"{table}.parquet")
    return [tuple(row.values()) for row in table.to_pylist()]


def counts(run: runs.Run, table: str) -> dict[str, int]:
    """Counts of a table by rule, those of zero left out."""
    found: collections.Counter[str] = collections.Counter()
    for row in runs.read_csv(run.quality):
        if row["table"] == table:
            found[row["rule"]] += int(row["count"])
    return dict(found)


def rewrite(source: pathlib.Path, name: str, change) -> None:
    """Changes the one file of a raw table."""
    path = source / name / "part.parquet"
    pa.parquet.write_table(change(pa.parquet.read_table(path)), path)


def texts(*values: bytes) -> pa.Array:
    """Texts of any bytes, as a careless program writes them."""
    plain = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(values), plain.buffers())
