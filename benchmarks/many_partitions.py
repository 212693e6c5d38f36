"""What a shuffle of many pieces takes on one local Ray cluster.

    python benchmarks/many_partitions.py --hardware=cpu2 \
        --points=10:1000:1000:objects,100:1000:1000:objects,10:10000:64:files

A point is maps, partitions, reducers, and how pieces travel. Each has a
cluster and a process of its own, and tiny rows of suite purchases: so what is
measured is what pieces cost by themselves. `--tables` makes and encodes the device
tables of a last cluster with as many partitions. Writes
benchmarks/results/many_partitions_<hardware>.json.
"""

import contextlib
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any
from unittest import mock

import machine
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import watch
from absl import app, flags

from teledp_jax import runs
from teledp_jax.cluster import connection as cluster
from teledp_jax.cluster import encoding, exchange, partitions, shuffle
from teledp_jax.data import definition, parts, rawfiles, shipped, suite
from teledp_jax.job import provenance

_POINTS = flags.DEFINE_list(
    "points",
    ["4:100:64:objects", "4:100:64:files"],
    "Maps, partitions, reducers, and how pieces travel.",
)
_TABLES = flags.DEFINE_integer("tables", 0, "Partitions of device tables; 0: none.")
_TASKS = flags.DEFINE_integer("tasks", 0, "Tasks that do nothing; 0: none.")
_CPUS = flags.DEFINE_integer("num_cpus", 2, "Cores of each cluster.")
_KEEP = flags.DEFINE_bool("keep", False, "Add to what the file of this machine has.")
_POINT = flags.DEFINE_string("point", None, "Of a child process.")
_TEMP = flags.DEFINE_string("temp_folder", None, "Holds all data; None is the system's")
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the machine.")
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")

_ROWS_PER_PIECE = 1  # on average, so that most pairs of task and partition have some
_DEVICES_PER_PARTITION = 2
_SELECTION = rawfiles.Selection(window=(None, None), device_share=1.0, holdout=0.1)


def _quiet(done: int, total: int) -> None:
    """Progress that nobody reads."""


def write_raw(
    purchases: definition.Suite, folder: pathlib.Path, num_maps: int, num_parts: int
) -> None:
    """Writes raw rows in as many row groups as maps should hand them out."""
    (source,) = purchases.sources.values()
    place = folder / source.folder / source.name
    place.mkdir(parents=True)
    num_rows = _ROWS_PER_PIECE * num_parts
    rng = np.random.default_rng(0)
    with pq.ParquetWriter(place / "part.parquet", source.empty().schema) as writer:
        for _ in range(num_maps):
            ids = rng.integers(_DEVICES_PER_PARTITION * num_parts, size=num_rows)
            days = 9862 + rng.integers(500, size=num_rows)  # from 1997 on
            rows = {
                "customer_id": pa.array(ids).cast(pa.string()),
                "day": pa.array(days, pa.int32()).cast(pa.date32()),
                "num_cds": pa.array(np.ones(num_rows, np.int64)),
                "value_usd": pa.array(rng.uniform(1, 50, num_rows)),
            }
            writer.write_table(pa.table(rows).cast(source.empty().schema))


@contextlib.contextmanager
def _as_stated(num_reducers: int, transport: str) -> Iterator[None]:
    """Lets each row group be a map, and pieces travel as the point says."""
    most = {"objects": 2**62, "files": -1}[transport]
    with (
        mock.patch.object(exchange, "TASK_BYTES", 1),
        mock.patch.object(exchange, "reducers", lambda *sizes: num_reducers),
        mock.patch.object(exchange, "most_objects", lambda: most),
        mock.patch.object(exchange, "check", lambda *sizes: None),
    ):
        yield


@contextlib.contextmanager
def _watched(folder: pathlib.Path) -> Iterator[dict[str, float]]:
    """A cluster of its own, whose memory is noted from its rest on."""
    with (
        cluster.connect(
            address="", num_cpus=_CPUS.value, spill_folder=folder / "spill"
        ),
        watch.cluster() as watched,
    ):
        time.sleep(2.0)  # what a cluster at rest takes is seen first
        start = time.perf_counter()
        yield watched
        watched["seconds"] = time.perf_counter() - start


def shuffled(point: str) -> dict[str, Any]:
    """Shuffles in this process, and says what that took."""
    *sizes, transport = point.split(":")
    num_maps, num_parts, num_reducers = map(int, sizes)
    purchases = suite.load(shipped.suite("purchases"))
    (source,) = purchases.sources.values()
    with tempfile.TemporaryDirectory(dir=_TEMP.value, prefix="many-") as temporary:
        folder = pathlib.Path(temporary)
        write_raw(purchases, folder / "raw", num_maps, num_parts)
        found = rawfiles.find(rawfiles.table_folder(folder / "raw", source))
        with _as_stated(num_reducers, transport), _watched(folder) as watched:
            shuffle.stage(
                purchases, {source.name: found}, folder / "staged",
                selection=_SELECTION, num_partitions=num_parts,
                temp_folder=folder / "temp", token="many", progress=_quiet,
            )  # fmt: skip
        staged = (folder / "staged" / source.name).glob("*/*.parquet")
        num_files = sum(1 for _ in staged)
    return {
        "num_maps": num_maps,
        "num_partitions": num_parts,
        "num_reducers": num_reducers,
        "transport": transport,
        "pairs": num_maps * num_reducers,
        "num_files": num_files,
        **watched,
    }


def nothing(number: int) -> int:
    """A task that does nothing."""
    return number


def tasks(number: int) -> dict[str, Any]:
    """Runs tasks that do nothing, as the tasks of partitions are run."""
    with (
        tempfile.TemporaryDirectory(dir=_TEMP.value, prefix="many-") as temporary,
        _watched(pathlib.Path(temporary)) as watched,
    ):
        cluster.run_tasks(
            nothing,
            ((each, (each,)) for each in range(number)),
            num_bytes=1,
            finished=_quiet,
        )
    return {"num_tasks": number, **watched}


def tables(num_parts: int) -> dict[str, Any]:
    """Makes and encodes device tables of many partitions in this process."""
    purchases = suite.load(shipped.suite("purchases"))
    with tempfile.TemporaryDirectory(dir=_TEMP.value, prefix="many-") as temporary:
        folder = pathlib.Path(temporary)
        write_raw(purchases, folder / "raw", 1, num_parts)
        (folder / "temp").mkdir()
        run = runs.Run(folder / "run")
        plan = parts.Partitioning(
            num_partitions=num_parts, memory_limit="200MB",
            temp_folder=folder / "temp", token="many",
        )  # fmt: skip
        with _watched(folder) as watched:
            start = time.perf_counter()
            partitions.aggregate_all(
                purchases, folder / "raw", run, plan, selection=_SELECTION,
                allow_missing_tables=False, progress=_quiet,
            )  # fmt: skip
            made = time.perf_counter()
            encoding.encode_all(purchases.schema, run, plan, progress=_quiet)
            watched["tables_seconds"] = made - start
            watched["encode_seconds"] = time.perf_counter() - made
    return {"num_partitions": num_parts, **watched}


def child(point: str) -> dict[str, Any]:
    """Measures a point in a process of its own."""
    done = subprocess.run(
        [
            sys.executable, __file__, f"--point={point}", f"--num_cpus={_CPUS.value}",
            *([f"--temp_folder={_TEMP.value}"] if _TEMP.value else []),
        ],
        stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    row["load_average"] = os.getloadavg()[0]
    print(json.dumps(row), flush=True)
    return row


def main(argv: list[str]) -> None:
    """Measures all points, writes and prints."""
    del argv
    if _POINT.value is not None:
        kind, _, own = _POINT.value.rpartition("=")
        made = {"tables": tables, "tasks": tasks}.get(kind)
        print(json.dumps(made(int(own)) if made else shuffled(own)))
        return
    if not _HARDWARE.value:
        raise app.UsageError("--hardware is needed: the name of the machine.")
    path = pathlib.Path(_OUTPUT.value) / f"many_partitions_{_HARDWARE.value}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    found = runs.read_json(path) if _KEEP.value and path.exists() else {"rows": []}
    for point in _POINTS.value:
        found["rows"].append(child(point))
        write(path, found)
    for name, number in (("tasks", _TASKS.value), ("tables", _TABLES.value)):
        if number:
            found[name] = child(f"{name}={number}")
            write(path, found)


def write(path: pathlib.Path, found: dict[str, Any]) -> None:
    """Writes what was measured so far."""
    result: dict[str, Any] = {
        **found,
        "command": machine.command(),
        "versions": machine.versions()
        | {name: importlib.metadata.version(name) for name in ("ray", "pyarrow")},
        "code": provenance.code_of("teledp_jax.cluster.shuffle"),
        "hardware": machine.describe(_HARDWARE.value or ""),
    }
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(path, flush=True)


if __name__ == "__main__":
    app.run(main)
