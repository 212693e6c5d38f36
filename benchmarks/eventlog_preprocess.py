"""Times the preprocessing of a large event log beside a plain copy of it by DuckDB.

python benchmarks/eventlog_preprocess.py --num_rows=10000000

The log is drawn, with nine users to ten events and one row in a thousand bad. `copy`
reads all columns as text and writes them to another CSV; `preprocess` checks every row,
finds duplicates, and writes clean log, rejects and raw Parquet. Both run in this
process, in turn; CPU seconds are those of all threads, so that a busy machine matters
less. Writes benchmarks/results/eventlog_preprocess_<hardware>.json.
"""

import json
import os
import pathlib
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable

import duckdb
import machine
import pyarrow as pa
from absl import app, flags

from teledp_jax import runs
from teledp_jax.data import shipped
from teledp_jax.job import provenance
from teledp_jax.suites.eventlog import logfile

_NUM_ROWS = flags.DEFINE_integer("num_rows", 10_000_000, "Rows of the log.")
_REPEATS = flags.DEFINE_integer("repeats", 3, "Times each is run; the median counts.")
_HARDWARE = flags.DEFINE_string("hardware", "cpu2", "Names the result.")
_FOLDER = flags.DEFINE_string("folder", None, "For files; none: a temporary one.")
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")
_DRAW = """
SELECT
  ['A', 'B', 'C', 'D', 'E', 'F', 'Others'][1 + CAST(hash(i) % 7 AS INTEGER)]
    AS "Product Type",
  CASE
    WHEN i % 1000 = 0 THEN 'crash'
    ELSE ['open', 'close', 'save', 'reset', 'error'][
      1 + CAST(hash(i + 1) % 5 AS INTEGER)
    ]
  END AS "Event Type",
  strftime(
    TIMESTAMP '2024-05-01' + to_seconds(CAST(hash(i + 2) % 7862400 AS BIGINT)),
    '%Y-%m-%d %H:%M:%S'
  ) AS "Time of Event",
  'user-' || lpad(CAST(hash(i + 3) % $num_users AS VARCHAR), 9, '0') AS "User ID"
FROM range($num_rows) AS rows (i)
"""


def _time(action: Callable[[], object]) -> dict[str, float]:
    """Seconds of wall time, and of all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    start, cpu = time.perf_counter(), used.ru_utime + used.ru_stime
    action()
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": used.ru_utime + used.ru_stime - cpu,
    }


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    """Reads a CSV as text and writes it again."""
    with duckdb.connect() as connection:
        relation = connection.read_csv(str(source), header=True, all_varchar=True)
        relation.write_csv(str(target))


def _measure(folder: pathlib.Path) -> dict[str, list[dict[str, float]]]:
    """Times of both, in turn."""
    path = folder / "log.csv"
    with duckdb.connect() as connection:
        num_users = max(_NUM_ROWS.value * 9 // 10, 1)
        numbers = {"num_rows": _NUM_ROWS.value, "num_users": num_users}
        connection.sql(_DRAW, params=numbers).write_csv(str(path))
    suite_folder = shipped.suite("eventlog")
    actions = {
        "copy": lambda: _copy(path, folder / "copy.csv"),
        "preprocess": lambda: logfile.load(
            path, folder / "log", suite_folder=suite_folder
        ),
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in actions}
    for _ in range(_REPEATS.value):
        for name, action in actions.items():
            found[name].append(_time(action))
    return found


def main(argv: list[str]) -> None:
    """Measures, writes the result and prints it."""
    if argv[1:]:
        raise app.UsageError(f"Unknown arguments {argv[1:]}.")
    with tempfile.TemporaryDirectory(dir=_FOLDER.value) as folder:
        times = _measure(pathlib.Path(folder))
    medians = {
        name: {
            kind: statistics.median(run[kind] for run in all_runs)
            for kind in ("seconds", "cpu_seconds")
        }
        for name, all_runs in times.items()
    }
    result = {
        "command": f"python benchmarks/eventlog_preprocess.py "
        f"--num_rows={_NUM_ROWS.value}",
        "versions": {"duckdb": duckdb.__version__, "pyarrow": pa.__version__},
        "code": provenance.code_of("teledp_jax.suites.eventlog.logfile"),
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": os.getloadavg()[0],
        "repeats": _REPEATS.value,
        **medians,
        "ratio": {
            kind: medians["preprocess"][kind] / medians["copy"][kind]
            for kind in ("seconds", "cpu_seconds")
        },
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    name = f"eventlog_preprocess_{_HARDWARE.value}.json"
    runs.write_json(pathlib.Path(_OUTPUT.value) / name, result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    app.run(main)
