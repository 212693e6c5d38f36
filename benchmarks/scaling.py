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
import origin
import result_figures
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
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")
_POINT = flags.DEFINE_string("point", None, "Only this: method,devices,tables.")


def point(method: str, num_devices: int, num_tables: int) -> dict[str, Any]:
    """Fits once and says what it took."""
    import dp_accounting
    import jax

    from teledp_jax import base, keys, registry
    from teledp_jax.privacy import budgets, mechanisms

    schema = fleet.schema(_SUITE.value, num_tables)
    devices = fleet.records(schema, num_devices)
    records = sum(part.nbytes for table in devices.values() for part in table)
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
        "code": origin.of_method(method),
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
    path.with_suffix(".svg").write_text(result_figures.scaling(result))
    print(path)


if __name__ == "__main__":
    app.run(main)
