"""Repeats the main job over fleets and keys; mean and spread of what it reports.

python benchmarks/utility.py --config=configs/dca_stability.py --num_seeds=5

The headline is the mean share of answers right. Methods are compared by it, query by
query over all seeds, with an interval; what chance may have made is a tie. Seed s
simulates fleet s and draws keys from seed s (a fleet that is not simulated stays
the same). Writes benchmarks/results/utility_<config>.json, each label with a hash of
its code. Overrides of the config are passed on, as --config.num_devices=200000; --name
then names the file. With --config.noiseless, each method is also fitted without noise:
the rung between the ceiling, which is only the encoding, and the method as released.
"""

import json
import os
import pathlib
import platform
import statistics
from collections.abc import Sequence
from typing import Any

import machine
import origin
import seeds
from absl import app, flags

from teledp_jax import runs
from teledp_jax.evaluation import paired

_CONFIG = flags.DEFINE_string("config", None, "Config file.", required=True)
_NUM_SEEDS = flags.DEFINE_integer("num_seeds", 5, "Fleets and keys to repeat over.")
_WORKDIR = flags.DEFINE_string("workdir", "runs/utility", "Folder of run folders.")
_NAME = flags.DEFINE_string("name", None, "Name of the result; none: the config's.")
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")


def _spread(values: list[float]) -> dict[str, float]:
    """Mean and standard deviation over seeds."""
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"mean": statistics.mean(values), "std": spread}


def _summary(each: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and spread of each number that every run has, by label."""
    methods: dict[str, Any] = {}
    for label in each[0]:
        fields = {
            key: [run[label][key] for run in each]
            for key, value in each[0][label].items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        }
        methods[label] = {
            key: _spread(values)
            for key, values in fields.items()
            if all(isinstance(value, (int, float)) for value in values)
        }
        for part in ("unseen", "noiseless"):
            if part in each[0][label]:
                apart = [{label: run[label][part]} for run in each]
                methods[label][part] = _summary(apart)[label]
    return methods


def _comparisons(
    done: Sequence[runs.Run], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """Each pair of methods, by the share of answers right of each query and seed."""
    rows = [
        {
            "label": row["label"],
            "query": f"{seed} {row['query']}",
            "share_right": row["share_right"] or None,
        }
        for seed, run in enumerate(done)
        for row in runs.read_csv(run.judgement)
    ]
    return paired.compare(rows, labels)


def main(argv: list[str]) -> None:
    """Runs all seeds, writes the result and prints a table."""
    overrides = argv[1:]
    done = [
        runs.Run(folder)
        for folder in seeds.run(
            _CONFIG.value, _WORKDIR.value, _NUM_SEEDS.value, overrides
        )
    ]
    config = runs.read_json(done[0].config)
    methods = _summary([runs.read_json(run.summary)["methods"] for run in done])
    labels = list(config["config"]["methods"])
    compared = _comparisons(done, labels)
    for label, fields in methods.items():
        fields["code"] = origin.of_label(label, config["config"]["methods"])
    name = _NAME.value or pathlib.Path(_CONFIG.value).stem
    path = pathlib.Path(_OUTPUT.value) / f"utility_{name}.json"
    arguments = [f"--config={_CONFIG.value}", f"--num_seeds={_NUM_SEEDS.value}"]
    if _NAME.value:
        arguments.append(f"--name={_NAME.value}")
    runs.write_json(
        path,
        {
            "command": " ".join(
                ["python benchmarks/utility.py", *arguments, *overrides]
            ),
            "versions": config["versions"],
            "hardware": f"{platform.machine()}, {os.cpu_count()} cores",
            "accelerators": config["accelerators"],
            "num_seeds": _NUM_SEEDS.value,
            "methods": methods,
            "comparisons": compared,
            "not_beaten": paired.best(compared, labels),
        },
    )
    print(json.dumps(methods, indent=2))
    print(path)


if __name__ == "__main__":
    app.run(main, flags_parser=lambda argv: flags.FLAGS(argv, known_only=True))
