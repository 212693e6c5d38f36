"""What device tables in passes and on Ray take beside one process, and 9 TB would.

    python benchmarks/scale_out.py --hardware=cpu2 --devices=20000,100000 --workers=1,2

Simulates raw files of all tables of suite dca, then makes their device tables by
`data.aggregate` in one process, at once and in passes, and by `cluster.partitions` on a
Ray cluster of its own, with as many cores, and encodes them. `--noray` leaves Ray out.
Starting the cluster is not part of a stage; its workers start in the shuffle. Writes
benchmarks/results/scale_out_<hardware>.json.
"""

import importlib.metadata
import json
import os
import pathlib
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import machine
import watch
from absl import app, flags

from teledp_jax import runs
from teledp_jax.cluster import connection as cluster
from teledp_jax.cluster import encoding, partitions, shuffle
from teledp_jax.data import (
    aggregate,
    definition,
    parts,
    rawfiles,
    shipped,
    suite,
    warehouse,
)
from teledp_jax.job import provenance
from teledp_jax.suites.dca import fleet

_DEVICES = flags.DEFINE_list("devices", ["20000", "100000"], "Sizes of the fleet.")
_WORKERS = flags.DEFINE_list("workers", ["1", "2"], "Cores of the Ray cluster.")
_PARTITIONS = flags.DEFINE_list(
    "num_partitions", ["4", "4"], "Parts that the devices of each fleet fall into."
)
_PASSES = flags.DEFINE_integer("passes", 4, "Passes of one process.")
# Simulated files are in the order of ids, which passes would use.
_BUCKETS = flags.DEFINE_string("buckets", "none", "As config.buckets, of the passes.")
_RAY = flags.DEFINE_bool("ray", True, "Whether to measure Ray.")
_MEMORY = flags.DEFINE_string("memory_limit", "1GB", "Of DuckDB, and of a task.")
_TEMP = flags.DEFINE_string("temp_folder", None, "Holds all data; None is the system's")
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the machine.")
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")
_TARGET = flags.DEFINE_float("target_bytes", 9e12, "Raw bytes to extrapolate to.")
_MACHINES = flags.DEFINE_integer("target_machines", 32, "Machines of that cluster.")
_CORES = flags.DEFINE_integer("target_cores", 16, "Cores of one.")
_GIB = flags.DEFINE_integer("target_gib", 64, "Memory of one.")
_NETWORK = flags.DEFINE_float("network_bits", 10e9, "Bits per second of one machine.")
_READ = flags.DEFINE_float(
    "read_bytes", 1e9, "Bytes per second that a machine reads from S3."
)

_AIM = 1.5  # most time of Ray as a multiple of one process's
_PASSES_AIM = 1.3  # most time in passes as a multiple of that at once
_SELECTION = rawfiles.Selection(window=(None, None), device_share=1.0, holdout=0.2)
_STAGES = ("shuffle", "sql", "encode")
_COLUMNS = (
    "num_devices", "workers", "local_seconds", "passes_seconds", "passes_ratio",
    "shuffle_seconds", "sql_seconds", "encode_seconds", "ratio", "raw_bytes",
    "staged_bytes", "table_bytes", "peak_worker_bytes",
)  # fmt: skip


def _quiet(done: int, total: int) -> None:
    """Progress that nobody reads."""


def _bytes(*folders: pathlib.Path) -> int:
    """Size of all Parquet files."""
    files = (file for folder in folders for file in folder.rglob("*.parquet"))
    return sum(file.stat().st_size for file in files if file.is_file())


def local(
    suite: definition.Suite,
    raw: pathlib.Path,
    folder: pathlib.Path,
    threads: int,
    *,
    num_passes: int = 1,
) -> dict[str, Any]:
    """Makes the device tables in this process, at once or in passes."""
    name = "local" if num_passes == 1 else "passes"
    (folder / name).mkdir()
    machine.forget_peak()
    start, cpu = time.perf_counter(), time.process_time()
    with watch.disk(folder / name) as disk:
        aggregate.aggregate(
            suite,
            raw,
            runs.Run(folder / name),
            window=("", ""),
            device_share=_SELECTION.device_share,
            holdout=_SELECTION.holdout,
            allow_missing_tables=False,
            memory_limit=_MEMORY.value,
            temp_folder=folder / name / "temp",
            progress=_quiet,
            threads=threads,
            num_passes=num_passes,
            buckets_by=(_BUCKETS.value or None) if num_passes > 1 else None,
        )
    return {
        f"{name}_seconds": time.perf_counter() - start,
        f"{name}_cpu_seconds": time.process_time() - cpu,
        f"{name}_peak_bytes": machine.resident_bytes(peak=True),
        f"{name}_disk_bytes": disk["disk_bytes"],
    }


def on_ray(
    suite: definition.Suite,
    raw: pathlib.Path,
    folder: pathlib.Path,
    *,
    num_cpus: int,
    num_partitions: int,
) -> dict[str, Any]:
    """Makes and encodes the device tables on a cluster of its own."""
    run = runs.Run(folder / "ray")
    plan = parts.Partitioning(
        num_partitions=num_partitions,
        memory_limit=_MEMORY.value,
        temp_folder=folder / "temp",
        token="scale_out",
    )
    with warehouse.connect(
        memory_limit=_MEMORY.value, temp_folder=plan.temp_folder, folders=(raw,)
    ) as connection:
        files = rawfiles.find_sources(
            connection, suite, raw, allow_missing_tables=False
        )
    times = [time.perf_counter()]
    with (
        cluster.connect(address="", num_cpus=num_cpus, spill_folder=folder / "spill"),
        watch.workers() as watched,
    ):
        times.append(time.perf_counter())
        shuffle.stage(
            suite,
            files,
            run.staging / "raw",
            selection=_SELECTION,
            num_partitions=plan.num_partitions,
            temp_folder=plan.temp_folder,
            token=plan.token,
            progress=_quiet,
        )
        times.append(time.perf_counter())
        partitions.aggregate_all(  # finds the raw tables staged
            suite,
            raw,
            run,
            plan,
            selection=_SELECTION,
            allow_missing_tables=False,
            progress=_quiet,
        )
        times.append(time.perf_counter())
        encoding.encode_all(suite.schema, run, plan, progress=_quiet)
        times.append(time.perf_counter())
    stages = ("start", *_STAGES)
    return {
        **{
            f"{stage}_seconds": after - before
            for stage, before, after in zip(stages, times, times[1:], strict=False)
        },
        **watched,
        "staged_bytes": _bytes(run.staging / "raw"),
        "table_bytes": _bytes(run.real, run.holdout),
    }


def measure(num_devices: int, num_partitions: int) -> Iterator[dict[str, Any]]:
    """All points of one fleet."""
    dca = suite.load(shipped.suite("dca"))
    with tempfile.TemporaryDirectory(dir=_TEMP.value, prefix="scale-") as temporary:
        raw = pathlib.Path(temporary) / "raw"
        fleet.simulate(
            raw,
            source=[source.file for source in dca.sources.values()],
            num_devices=num_devices,
            seed=0,
            progress=_quiet,
        )
        for workers in map(int, _WORKERS.value):
            folder = pathlib.Path(temporary) / f"workers-{workers}"
            (folder / "temp").mkdir(parents=True)
            row: dict[str, Any] = {"num_devices": num_devices, "workers": workers}
            row |= {"raw_bytes": _bytes(raw), "num_sources": len(dca.sources)}
            row["num_partitions"] = num_partitions
            row |= local(dca, raw, folder, workers)
            row |= local(dca, raw, folder, workers, num_passes=_PASSES.value)
            row["num_passes"] = _PASSES.value
            row["passes_ratio"] = row["passes_seconds"] / row["local_seconds"]
            row["passes_cpu_ratio"] = (
                row["passes_cpu_seconds"] / row["local_cpu_seconds"]
            )
            row["passes_within_aim"] = row["passes_ratio"] <= _PASSES_AIM
            if _RAY.value:
                row |= on_ray(
                    dca, raw, folder, num_cpus=workers, num_partitions=num_partitions
                )
                on_cluster = row["shuffle_seconds"] + row["sql_seconds"]
                row["ratio"] = on_cluster / row["local_seconds"]
                row["within_aim"] = row["ratio"] <= _AIM
            shutil.rmtree(folder)
            row["load_average"] = os.getloadavg()[0]
            yield row


def extrapolate(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Hours of the target, for each number of cores measured, at two rates.

    `average` takes all that the largest fleet took, cores that waited among it.
    `marginal` takes the CPU time of Ray's workers by which the largest fleet exceeds
    the smallest: it leaves out what tables, tasks and workers cost whatever their size.
    """
    num_cores = _MACHINES.value * _CORES.value
    found: dict[str, Any] = {
        "target_bytes": _TARGET.value,
        "cluster": f"{_MACHINES.value} machines of {_CORES.value} cores, "
        f"{_GIB.value} GiB",
        "memory_bytes_per_core": _GIB.value * 2**30 / _CORES.value,
        "assumptions": [
            "time is linear in raw bytes and in 1 / cores",
            "raw files are compressed as the simulated ones, with the same tables",
            "all rows that count cross the network once, in the bytes staged, at "
            f"{_NETWORK.value / 1e9:g} Gbit/s a machine",
            f"S3 gives {_READ.value / 1e9:g} GB/s a machine",
            "reading, network and computing do not overlap; nothing spills",
            "writing staged files, retries and stragglers cost nothing more",
        ],
        "rates": [],
    }
    on_ray = [row for row in rows if "ratio" in row]
    for workers in sorted({row["workers"] for row in on_ray}):
        own = [row for row in on_ray if row["workers"] == workers]
        least, most = (f(own, key=lambda row: row["raw_bytes"]) for f in (min, max))
        extra = most["raw_bytes"] - least["raw_bytes"]
        more = most["worker_cpu_seconds"] - least["worker_cpu_seconds"]
        waited = {s: workers * most[f"{s}_seconds"] for s in _STAGES}
        rates = [("average", most["raw_bytes"], waited)]
        if extra > 0 and more > 0:  # noise can be above what size adds
            rates.append(("marginal", extra, {"compute": more}))
        for name, size, spent in rates:
            hours = {
                stage: _TARGET.value * seconds / size / num_cores / 3600
                for stage, seconds in spent.items()
            } | _moving_hours(most)
            found["rates"].append(
                {
                    "rate": name,
                    "workers": workers,
                    "num_devices": most["num_devices"],
                    "raw_bytes_per_core_second": size / sum(spent.values()),
                    "hours": hours,
                    "hours_in_all": sum(hours.values()),
                }
            )
    return found


def _moving_hours(row: dict[str, Any]) -> dict[str, float]:
    """Hours to read the target and to bring its devices together."""
    across = (_MACHINES.value - 1) / _MACHINES.value
    moved = _TARGET.value * across * row["staged_bytes"] / row["raw_bytes"]
    return {
        "network": moved / (_MACHINES.value * _NETWORK.value / 8) / 3600,
        "read": _TARGET.value / (_MACHINES.value * _READ.value) / 3600,
    }


def _show(rows: list[dict[str, Any]], found: dict[str, Any]) -> None:
    """Prints the table, and the extrapolation with its assumptions."""
    print(" ".join(f"{name.replace('_seconds', '_s'):>17}" for name in _COLUMNS))
    for row in rows:
        cells = (
            f"{row[name]:17.2f}" if isinstance(row[name], float) else f"{row[name]:17d}"
            for name in _COLUMNS
            if name in row
        )
        print(" ".join(cells))
    print(f"{found['target_bytes'] / 1e12:g} TB on {found['cluster']}:")
    for rate in found["rates"]:
        each = ", ".join(f"{name} {hours:.2f}" for name, hours in rate["hours"].items())
        print(
            f"  {rate['rate']}, {rate['workers']} core(s), {rate['num_devices']} "
            f"devices: {rate['raw_bytes_per_core_second'] / 1e6:.2f} MB a core-second, "
            f"{rate['hours_in_all']:.1f} hours ({each})"
        )
    for assumption in found["assumptions"]:
        print(f"  assumes that {assumption}")


def main(argv: list[str]) -> None:
    """Measures all points, extrapolates, writes and prints."""
    del argv
    if not _HARDWARE.value:
        raise app.UsageError("--hardware is needed: the name of the machine.")
    if len(_PARTITIONS.value) != len(_DEVICES.value):
        raise app.UsageError("--num_partitions: expected a number for each fleet.")
    rows = []
    sizes = (map(int, flag.value) for flag in (_DEVICES, _PARTITIONS))
    for num_devices, num_partitions in zip(*sizes, strict=True):
        for row in measure(num_devices, num_partitions):
            rows.append(row)
            print(json.dumps(row), flush=True)
    taking_part = ("ray", "duckdb", "pyarrow")
    result: dict[str, Any] = {
        "command": shlex.join(["python", *sys.argv]),
        "versions": machine.versions()
        | {name: importlib.metadata.version(name) for name in taking_part},
        "code": provenance.code_of(
            "teledp_jax.cluster.partitions", "teledp_jax.data.aggregate"
        ),
        "hardware": machine.describe(_HARDWARE.value),
        "memory_limit": _MEMORY.value,
        "aim_of_ratio": _AIM,
        "aim_of_passes": _PASSES_AIM,
        "rows": rows,
        "extrapolation": extrapolate(rows),
    }
    folder = pathlib.Path(_OUTPUT.value)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"scale_out_{_HARDWARE.value}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    _show(rows, result["extrapolation"])
    print(path)


if __name__ == "__main__":
    app.run(main)
