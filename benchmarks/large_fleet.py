"""Fit and evaluation on millions of devices: memory and time of each stage.

    python benchmarks/large_fleet.py --hardware=cpu2 --copies=50,150

Raw files of so many devices would fill the disk, so device tables of 20,000 simulated
laptops at published coverage are copied under new ids. Then the stages of the main job
encode, fit and draw by `independent`, and judge by workload `intel`, each in a process
of its own. Writes benchmarks/results/large_fleet_<hardware>.json.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest import mock

import machine
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from absl import app, flags

from teledp_jax import runs
from teledp_jax.data import definition
from teledp_jax.job import pipeline, provenance, settings
from teledp_jax.methods import independent

_COPIES = flags.DEFINE_list("copies", ["50"], "Copies of the simulated fleet.")
_DEVICES = flags.DEFINE_integer("num_devices", 20_000, "Devices of one copy.")
_MEMORY = flags.DEFINE_string("memory_limit", "4GB", "Of DuckDB.")
_TARGET = flags.DEFINE_integer("target_devices", 10_000_000, "To extrapolate to.")
_TEMP = flags.DEFINE_string("temp_folder", None, "Holds all data; None is the system's")
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the machine.")
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")
_STAGES = ("tables", "encode", "synthesize", "evaluate")
_ONLY = flags.DEFINE_list("stages", list(_STAGES), "The first stages, or all.")
_KEEP = flags.DEFINE_bool("keep", False, "Add to what the file of this machine has.")
_STAGE = flags.DEFINE_enum("stage", None, _STAGES, "Of a child process.")
_WORKDIR = flags.DEFINE_string("workdir", None, "Run folder of a child process.")

_LABEL = "independent"


def job(workdir: pathlib.Path) -> pipeline.Job:
    """The job: seeded, so that it makes no release and no entry in a ledger."""
    config = settings.default("dca")
    config.num_devices = _DEVICES.value
    config.workloads = ("intel",)
    config.budget.epsilon, config.budget.delta = 4.0, 1e-7
    config.seed = 0
    config.trust.num_refits = 0
    config.memory_limit = _MEMORY.value
    config.methods.independent = settings.entry(independent.Config())
    return pipeline.Job(settings.resolve(config.lock()), runs.Run(workdir))


def copy(suite: definition.Suite, run: runs.Run, num_copies: int) -> None:
    """Repeats device tables, ids with the number of the copy before them."""
    for folder in (run.real, run.holdout):
        for path in sorted(folder.glob("*.parquet")):
            table = pq.read_table(path)
            place = table.column_names.index(suite.schema.device)
            ids = table[suite.schema.device]
            with runs.atomic(path) as temporary:
                with pq.ParquetWriter(temporary, table.schema) as writer:
                    for number in range(num_copies):
                        own = pc.binary_join_element_wise(f"{number:05d}", ids, "-")
                        field = pa.field(suite.schema.device, own.type)
                        writer.write_table(
                            table.set_column(place, field, own).cast(table.schema)
                        )


def _bar(name: str) -> Callable[[int, int, Mapping[str, float]], None]:
    """Progress that nobody reads."""
    return lambda done, total, facts: None


def work(stage: str, workdir: pathlib.Path, num_copies: int) -> dict[str, Any]:
    """Runs one stage in this process, and says what it took."""
    made = job(workdir)
    machine.forget_peak()
    start, cpu = time.perf_counter(), time.process_time()
    with made.open():
        if stage == "tables":
            true = pipeline.reduce.reduce_all

            def reduce_all(*arguments: Any, **options: Any) -> None:
                true(*arguments, **options)
                copy(made.suite, made.run, num_copies)

            made.simulate(_bar)
            with mock.patch.object(pipeline.reduce, "reduce_all", reduce_all):
                made.aggregate(_bar)
        elif stage == "encode":
            made.encode(_bar)
        elif stage == "synthesize":
            made.synthesize(_LABEL, _bar)
        else:
            made.evaluate(_bar)
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "peak_bytes": machine.resident_bytes(peak=True),
    }


def measure(num_copies: int) -> Iterator[dict[str, Any]]:
    """All stages of one fleet, each in a process; yields what is known after each."""
    row: dict[str, Any] = {"num_devices": num_copies * _DEVICES.value, "stages": {}}
    with tempfile.TemporaryDirectory(dir=_TEMP.value, prefix="large-") as folder:
        for stage in _ONLY.value:
            child = subprocess.run(
                [
                    sys.executable, __file__, f"--stage={stage}",
                    f"--workdir={folder}/run", f"--copies={num_copies}",
                    f"--num_devices={_DEVICES.value}",
                    f"--memory_limit={_MEMORY.value}",
                ],
                stdout=subprocess.PIPE, check=True, text=True,
                env=os.environ | {"XDG_DATA_HOME": f"{folder}/home"},
            )  # fmt: skip
            row["stages"][stage] = json.loads(child.stdout.splitlines()[-1])
            row["load_average"] = os.getloadavg()[0]
            print(row["num_devices"], stage, row["stages"][stage], flush=True)
            run = runs.Run(pathlib.Path(folder) / "run")
            for name, place in (("table", run.real), ("array", run.arrays)):
                files = place.iterdir() if place.exists() else ()
                row[f"{name}_bytes"] = sum(file.stat().st_size for file in files)
            yield row
        if run.summary.exists():
            row["summary"] = runs.read_json(run.summary)["methods"][_LABEL]
            yield row


def extrapolate(rows: list[dict[str, Any]], target: int) -> dict[str, Any]:
    """What each stage would take of the target, by a line through its last two fleets.

    Args:
        rows: What was measured, the largest fleet last.
        target: Number of devices.
    """
    found: dict[str, Any] = {}
    for stage in _STAGES:
        own = [row for row in rows if stage in row["stages"]]
        if len(own) < 2:
            continue
        less, more = own[-2:]
        found[stage] = {}
        for name, value in more["stages"][stage].items():
            slope = (value - less["stages"][stage][name]) / (
                more["num_devices"] - less["num_devices"]
            )
            beyond = target - more["num_devices"]
            found[stage][name] = value + max(slope, 0.0) * beyond
    return found


def main(argv: list[str]) -> None:
    """Measures all fleets, or runs one stage of one."""
    del argv
    if _STAGE.value is not None and _WORKDIR.value is not None:
        workdir = pathlib.Path(_WORKDIR.value)
        print(json.dumps(work(_STAGE.value, workdir, int(_COPIES.value[0]))))
        return
    if not _HARDWARE.value:
        raise app.UsageError("--hardware is needed: the name of the machine.")
    path = pathlib.Path(_OUTPUT.value) / f"large_fleet_{_HARDWARE.value}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = runs.read_json(path)["rows"] if _KEEP.value and path.exists() else []
    for copies in _COPIES.value:
        rows.append({})
        for rows[-1] in measure(int(copies)):
            write(path, rows)
    print(path)


def write(path: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    """Writes what is known so far: the last fleet may lack stages."""
    result: dict[str, Any] = {
        "command": machine.command(),
        "versions": machine.versions(),
        "code": provenance.code_of(
            "teledp_jax.job.pipeline", "teledp_jax.methods.independent"
        ),
        "hardware": machine.describe(_HARDWARE.value or ""),
        "memory_limit": _MEMORY.value,
        "method": _LABEL,
        "rows": rows,
    }
    if len(rows) > 1:
        result["target_devices"] = _TARGET.value
        result["extrapolation"] = extrapolate(rows, _TARGET.value)
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    app.run(main)
