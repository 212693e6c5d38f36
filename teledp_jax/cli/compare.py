"""Shows runs side by side: budgets, methods, answers right.

    teledp compare --output=compared.csv runs/demo runs/other

Takes two run folders or more, evaluated. Prints a row per run and label: method,
budget, epsilon, devices, mean share of answers right, queries trusted, seconds of the
fit, and the version of teledp_jax. Runs on other data or at another budget are not the
same question: the first columns say so. Where two runs have the same queries, the last
lines say of each label that both have whether the difference is more than chance.
"""

import itertools
import math
import pathlib
from typing import Any, NamedTuple

from absl import flags

from teledp_jax import errors, runs
from teledp_jax.cli import command
from teledp_jax.evaluation import paired

ARGUMENTS = ("RUN", "RUN...")
USES_JAX = False

_HEADER = (
    "run", "label", "method", "suite", "devices", "budget", "epsilon", "delta",
    "share right", "trusted", "fit, s", "version",
)  # fmt: skip


class _Read(NamedTuple):
    """What a run folder says of itself."""

    name: str
    config: dict[str, Any]
    methods: dict[str, Any]
    judged: list[dict[str, str]]


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    command.define_path(values, "output", "File for the table as CSV; none: no file.")


def main(values: flags.FlagValues, *names: str) -> None:
    """Prints the table, and what is more than chance.

    Args:
        values: The flags of the command.
        names: Run folders.
    """
    read = [_read(name) for name in names]
    rows = [_HEADER, *(row for run in read for row in _rows(run))]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADER))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    if values.output is not None:
        runs.write_csv(
            pathlib.Path(values.output),
            _HEADER,
            (dict(zip(_HEADER, row, strict=True)) for row in rows[1:]),
        )
    for one, other in itertools.combinations(read, 2):
        for line in _differences(one, other):
            print(line)


def _read(name: str) -> _Read:
    """Reads a run folder."""
    run = runs.Run(pathlib.Path(name))
    for path in (run.config, run.summary, run.judgement):
        if not path.exists():
            raise errors.InputError(
                f"{path}: is not there; {name} is no run folder that was evaluated by "
                "this version: run teledp evaluate first."
            )
    return _Read(
        name=name,
        config=runs.read_json(run.config),
        methods=runs.read_json(run.summary)["methods"],
        judged=runs.read_csv(run.judgement),
    )


def _rows(run: _Read) -> list[tuple[str, ...]]:
    """The rows of one run."""
    settings = run.config["config"]
    budget = settings["budget"]["epsilon"]
    version = run.config.get("versions", {}).get("teledp_jax")
    return [
        (
            run.name,
            label,
            (settings["methods"].get(label) or {}).get("method", "(reference)"),
            pathlib.PurePath(settings["suite"]).name,
            _shown(run.config.get("num_devices"), 0),
            _shown(budget, 2),
            _shown(fields.get("epsilon"), 2),
            "-" if fields.get("delta") is None else f"{fields['delta']:.0e}",
            _shown(fields.get("share_right"), 3),
            f"{fields.get('queries_trusted', '-')} of "
            f"{fields.get('queries_judged', '-')}",
            _shown(fields.get("fit_seconds"), 1),
            version or "-",
        )
        for label, fields in run.methods.items()
    ]


def _differences(one: _Read, other: _Read) -> list[str]:
    """Sentences about labels that both runs have."""
    lines = []
    for label in one.methods:
        if label not in other.methods:
            continue
        both = [
            {**row, "label": run.name, "share_right": row["share_right"] or None}
            for run in (one, other)
            for row in run.judged
            if row["label"] == label
        ]
        for row in paired.compare(both, [one.name, other.name]):
            verdict = {"tie": "a tie with"}.get(
                row["verdict"], row["verdict"] + " than"
            )
            lines.append(
                f"{label}: {one.name} is {verdict} {other.name}: share right "
                f"{row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}, "
                f"95 %, {row['queries']} queries)."
            )
    return lines


def _shown(value: float | None, digits: int) -> str:
    """A number with a fixed number of digits; a dash if there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    return f"{value:,.{digits}f}"
