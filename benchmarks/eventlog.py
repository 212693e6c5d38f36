"""Repeats the event log's main job over seeds and holds it to its targets.

python benchmarks/eventlog.py --num_seeds=5

Seed s simulates log s and draws keys from seed s. Writes
benchmarks/results/eventlog.json: for each log, the mean over seeds of each difference
from the real log, and for each product the mean of the absolute error of its error rate
as a share of what the target allows (10 % of the real rate or 0.2 points, whichever is
more) and the number of seeds in which it keeps to that. Overrides of the config are
passed on.
"""

import os
import pathlib
import platform
import statistics
from typing import Any

import machine
import origin
import seeds
from absl import app, flags

from teledp_jax import runs

_CONFIG = flags.DEFINE_string("config", "configs/eventlog.py", "Config file.")
_NUM_SEEDS = flags.DEFINE_integer("num_seeds", 5, "Logs and keys to repeat over.")
_WORKDIR = flags.DEFINE_string("workdir", "runs/eventlog_seeds", "Of run folders.")
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")

_DIFFERENCES = (
    "product_max_points", "event_type_max_points", "time_ks", "zscore_linf",
    "zscore_iou", "average_error_rate_change", "accuracy",
)  # fmt: skip


def _summary(each: list[dict[str, Any]], label: str) -> dict[str, Any]:
    """Means over seeds of one log."""
    found: dict[str, Any] = {
        name: statistics.mean(run[label][name] for run in each) for name in _DIFFERENCES
    }
    shares: dict[str, list[float]] = {}
    for run in each:
        for product, rate in run["real"]["error_rate"].items():
            error = abs(run[label]["error_rate"][product] - rate)
            shares.setdefault(product, []).append(error / max(0.1 * rate, 0.002))
    found["error_rate_of_tolerance"] = {
        product: statistics.mean(values) for product, values in shares.items()
    }
    found["error_rate_seeds_in_target"] = {
        product: sum(value <= 1 for value in values)
        for product, values in shares.items()
    }
    return found


def main(argv: list[str]) -> None:
    """Runs all seeds, writes the result and prints it."""
    overrides = argv[1:]
    folders = seeds.run(_CONFIG.value, _WORKDIR.value, _NUM_SEEDS.value, overrides)
    each = [
        runs.read_json(folder / "reports" / "synthetic_logs.json")["logs"]
        for folder in folders
    ]
    config = runs.read_json(runs.Run(folders[0]).config)
    path = pathlib.Path(_OUTPUT.value) / "eventlog.json"
    command = f"python benchmarks/eventlog.py --num_seeds={_NUM_SEEDS.value}"
    logs = {label: _summary(each, label) for label in each[0] if label != "real"}
    for label, log in logs.items():
        log["code"] = origin.of_label(label, config["config"]["methods"])
    result = {
        "command": " ".join([command, *overrides]),
        "versions": config["versions"],
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores",
        "accelerators": config["accelerators"],
        "num_seeds": _NUM_SEEDS.value,
        "logs": logs,
    }
    runs.write_json(path, result)
    print(path.read_text())


if __name__ == "__main__":
    app.run(main, flags_parser=lambda argv: flags.FLAGS(argv, known_only=True))
