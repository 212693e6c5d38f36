"""Shows where a run comes from: what was assumed, and how to repeat it."""

import json
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from teledp_jax.data import definition
from teledp_jax.report import run_files, tables, texts


def assumed(
    inputs: run_files.Inputs, suite: definition.Suite, rates: Sequence[pathlib.Path]
) -> dict[str, Any]:
    """Shows columns of raw tables, and rates of the simulator, that nobody states.

    Args:
        inputs: The run.
        suite: The suite, whose files mark assumed columns.
        rates: Data files of its simulator, if it has one.
    """
    rows = [
        (source.name, name, source.types[name], source.descriptions[name])
        for source in suite.sources.values()
        for name in source.types
        if name in source.assumed
    ]
    return {
        "simulated": bool(inputs.settings) and not inputs.settings.get("source"),
        "simulation": json.dumps(inputs.settings.get("simulation") or {}),
        "grid": tables.of(("raw table", "column", "type", "meaning"), rows),
        "rates": tables.of(
            ("section", "about"),
            [row for path in rates for row in _assumed_rates(path)],
        ),
    }


def _assumed_rates(path: pathlib.Path) -> Iterator[tuple[str, str]]:
    """Finds the sections of a simulator's data file whose `source` is `assumed`."""
    waiting = [("", yaml.safe_load(path.read_text("utf-8")))]
    while waiting:
        name, value = waiting.pop(0)
        if not isinstance(value, dict):
            continue
        if value.get("source") == "assumed":
            yield name, str(value.get("about") or texts.NOTHING)
        waiting += [(f"{name}.{key}".lstrip("."), part) for key, part in value.items()]


def reproduce(inputs: run_files.Inputs) -> dict[str, Any]:
    """Shows the command, versions, hardware and the whole config."""
    config = inputs.config
    versions = config.get("versions") or {}
    return {
        "command": config.get("command"),
        "hardware": config.get("hardware"),
        "accelerators": config.get("accelerators") or [],
        "seed_policy": config.get("seed_policy"),
        "versions": ", ".join(f"{name} {text}" for name, text in versions.items()),
        "config": json.dumps(inputs.settings, indent=2) if inputs.settings else "",
    }
