"""How time and memory of a fit grow with devices and with tables.

    python benchmarks/scaling.py --hardware=cpu2

Each point fits in a process of its own, on random records of device tables of suite
dca, where most devices lack most tables; accounting and compilation count. Writes
benchmarks/results/scaling_<hardware>.json and .svg.
"""

import json
import os
import pathlib
import shlex
import subprocess
import sys
import time
from typing import Any

import fleet
import machine
from absl import app, flags

_DEVICES = flags.DEFINE_list(
    "devices", ["10000", "100000", "1000000"], "Numbers of devices, with all tables."
)
_TABLES = flags.DEFINE_list(
    "tables", ["1", "2", "5", "10", "18", "26"], "Numbers of tables."
)
_FIXED = flags.DEFINE_integer("fixed", 100_000, "Devices where tables vary.")
_METHODS = flags.DEFINE_list("methods", ["dpsgd_relational", "dpsgd_vae"], "Methods.")
_SUITE = flags.DEFINE_string("suite", "dca", "Suite that tables come from.")
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the machine.")
_OUTPUT = flags.DEFINE_string("output", "benchmarks/results", "Folder of the result.")
_POINT = flags.DEFINE_string("point", None, "Only this: method,devices,tables.")


def point(method: str, num_devices: int, num_tables: int) -> dict[str, Any]:
    """Fits once and says what it took."""
    import dp_accounting
    import jax

    from teledp_jax import base, keys, registry
    from teledp_jax.privacy import budgets, mechanisms

    schema = fleet.schema(_SUITE.value, num_tables)
    devices = fleet.records(schema, num_devices)
    records = sum(table.codes.nbytes + table.mask.nbytes for table in devices.values())
    allowed = budgets.Budget(
        epsilon=4.0,
        delta=1e-7,
        spent=dp_accounting.NoOpDpEvent(),
        num_devices=num_devices,
    )
    chosen = registry.method(method)
    machine.forget_peak()
    start = time.perf_counter()
    synthesizer = chosen.make(chosen.Config(), schema, allowed)
    ready = time.perf_counter()
    synthesizer.fit(
        keys.split(jax.random.key(1), jax.random.key(2)),
        devices,
        base.Context(
            base.MemoryStore(),
            lambda done, total, facts: None,
            mechanisms.seeded_integer_noise,
        ),
    )
    return {
        "method": method,
        "num_devices": num_devices,
        "num_tables": len(schema.tables),
        "num_heads": len(schema.heads),
        "make_seconds": ready - start,
        "fit_seconds": time.perf_counter() - ready,
        "peak_bytes": machine.resident_bytes(peak=True),
        "records_bytes": records,
        "num_steps": synthesizer.facts.get("num_steps"),
        "num_parameters": synthesizer.facts.get("num_parameters"),
    }


def run(method: str, num_devices: int, num_tables: int) -> dict[str, Any]:
    """A point, in a process of its own."""
    command = [sys.executable, __file__, f"--suite={_SUITE.value}"]
    command.append(f"--point={method},{num_devices},{num_tables}")
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["load_average"] = os.getloadavg()[0]
    print(json.dumps(found), flush=True)
    return found


def draw(rows: list[dict[str, Any]], path: pathlib.Path) -> None:
    """Time and memory against devices, and against tables."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "scaling"
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, 2, figsize=(8, 6), sharex="col")
    most = max(row["num_tables"] for row in rows)
    columns = (
        ("num_devices", "devices", lambda row: row["num_tables"] == most),
        ("num_tables", "tables", lambda row: row["num_devices"] == _FIXED.value),
    )
    measures = (("fit_seconds", "fit, s", 1.0), ("peak_bytes", "memory, GB", 1e9))
    for column, (x, label, keep) in enumerate(columns):
        for line, (y, name, unit) in enumerate(measures):
            panel = panels[line, column]
            for method in dict.fromkeys(row["method"] for row in rows):
                kept = [r for r in rows if r["method"] == method and keep(r)]
                kept.sort(key=lambda row: row[x])
                values = [row[y] / unit for row in kept]
                panel.plot([row[x] for row in kept], values, marker="o", label=method)
            panel.set_ylim(bottom=0)
            panel.set_ylabel(name)
            panel.grid(alpha=0.3)
            if x == "num_devices":
                panel.set_xscale("log")
        panels[1, column].set_xlabel(label)
    panels[0, 0].legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main(argv: list[str]) -> None:
    """Measures all points, or the one that was asked for."""
    del argv
    if _POINT.value:
        method, num_devices, num_tables = _POINT.value.split(",")
        print(json.dumps(point(method, int(num_devices), int(num_tables))))
        return
    if not _HARDWARE.value:
        raise app.UsageError("--hardware is needed: the name of the machine.")
    most = max(int(tables) for tables in _TABLES.value)
    grid = dict.fromkeys(
        [(int(devices), most) for devices in _DEVICES.value]
        + [(_FIXED.value, int(tables)) for tables in _TABLES.value]
    )
    rows = [run(method, *at) for method in _METHODS.value for at in grid]
    result = {
        "command": shlex.join(["python", *sys.argv]),
        "versions": machine.versions(),
        "hardware": machine.describe(_HARDWARE.value),
        "suite": _SUITE.value,
        "rows": rows,
    }
    folder = pathlib.Path(_OUTPUT.value)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"scaling_{_HARDWARE.value}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    draw(rows, path.with_suffix(".svg"))
    print(path)


if __name__ == "__main__":
    app.run(main)
