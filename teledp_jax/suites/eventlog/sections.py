"""What the page says of an event log: synthetic logs, private answers, accounting."""

import functools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from teledp_jax import runs
from teledp_jax.answers import releases
from teledp_jax.data import definition
from teledp_jax.privacy import ledger
from teledp_jax.report import dots, embed, page, run_files, tables, texts
from teledp_jax.suites.eventlog import comparison as logs
from teledp_jax.suites.eventlog import private_answers

Facts = Mapping[str, Any]

_PUBLISHED = "published DP-VAE"
_MEASURES = {
    "num_events": "events",
    "product_max_points": "products, points",
    "event_type_max_points": "event types, points",
    "error_rate_within_target": "error rates in target, of 7",
    "average_error_rate": "average error rate",
    "zscore_linf": "z-score, largest change",
    "zscore_iou": "z > 0, overlap",
    "time_ks": "KS of time",
    "accuracy": "accuracy on real",
}
_TARGETS = {
    "product_max_points": (
        1.5,
        "every product within 1.5 points (the best method: 0.5)",
    ),
    "event_type_max_points": (
        1.5,
        "every event type within 1.5 points (the best: 0.5)",
    ),
    "time_ks": (0.02, "KS of time at most 0.02"),
}
_MECHANISMS = {
    "gaussian": "Gaussian, as published",
    "laplace": "Laplace, as published",
    "gaussian_cells": "discrete Gaussian on disjoint cells",
    "laplace_cells": "discrete Laplace on disjoint cells: the one released",
}


def addition(
    found: run_files.Inputs, suite: definition.Suite, draw: embed.Draw
) -> page.Addition:
    """Makes the page's part on an event log; see `section`."""
    del suite
    return page.Addition(
        folder=pathlib.Path(__file__).parent,
        template="section.html.jinja",
        facts=section(found, draw),
        links={"log": "Event log", "answers": "Private answers"},
    )


def section(found: run_files.Inputs, draw: embed.Draw) -> dict[str, Any]:
    """Returns the facts of the page's part on an event log.

    Args:
        found: The run.
        draw: Keeps a figure: (name, SVG, what it shows in words).
    """
    path = logs.path(found.run)
    facts = runs.read_json(path) if path.exists() else {}
    compared = facts.get("logs") or {}
    figure = None
    if compared:
        series: dict[str, Sequence[float | None]] = {
            label: [100 * rate for rate in row["error_rate"].values()]
            for label, row in compared.items()
            if label in ("real", *found.labels)
        }
        svg = dots.dots(
            list(compared["real"]["error_rate"]),
            series,
            found.labels,
            axis="error events, percent",
        )
        figure = draw("log_error_rates", svg, "Error rate by product, real and methods")
    return {
        "compared": comparison(facts) if compared else tables.Grid((), ()),
        "second_draw": facts.get("second_draw", ""),
        "targets": _targets(compared, found.labels),
        "rates": _by_product(compared, "error_rate", 100.0),
        "zscores": _by_product(compared, "zscore", 1.0),
        "shares": [_gaps(compared, name) for name in ("product", "event_type")],
        "figure": figure,
        "answers": answers(found.run.folder / "reports"),
        "answers_ledger": _answers_ledger(found),
        "accounting": releases.explain(_accounting(found.run.folder / "reports")),
    }


def comparison(facts: Facts) -> tables.Grid:
    """Logs against the real one, the published DP-VAE last."""
    rows = {**facts["logs"], _PUBLISHED: facts["published_dp_vae"]}
    return tables.Grid(
        columns=("log", *_MEASURES.values()),
        rows=tuple(
            (
                _name(label),
                *(_short(row.get(name)) for name in _MEASURES),
            )
            for label, row in rows.items()
        ),
    )


def markdown(facts: Facts) -> str:
    """Returns `comparison` as a Markdown table, and how the second draw was made."""
    grid = comparison(facts)
    lines = [
        "| " + " | ".join(grid.columns) + " |",
        "|---|" + "--:|" * (len(grid.columns) - 1),
        *("| " + " | ".join(row) + " |" for row in grid.rows),
    ]
    return "\n".join([*lines, "", f"Second draw: {facts['second_draw']}.", ""])


def _name(label: str) -> str:
    """A label as a heading; those of methods stay as they are."""
    return texts.heading(label) if label in logs.REFERENCES else label


def _short(value: Any) -> str:
    """A number to four digits."""
    if value is None:
        return texts.NOTHING
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _targets(compared: Facts, labels: Sequence[str]) -> tables.Grid:
    """Which targets each method meets in this one run; a row a target."""
    shown = [label for label in labels if label in compared]
    rows = [
        (text, *(_met(compared[x][name], compared[x][name] <= most) for x in shown))
        for name, (most, text) in _TARGETS.items()
    ]
    name = "error_rate_within_target"
    rates = [(x, compared[x][name], len(compared[x]["error_rate"])) for x in shown]
    rows.append(
        (
            "error rates within 10 % or 0.2 points of the real ones (the best)",
            *(_met(f"{met} of {count}", met == count) for _, met, count in rates),
        )
    )
    return tables.Grid(columns=("target", *shown), rows=tuple(rows) if shown else ())


def _met(value: Any, met: bool) -> str:
    """A value, marked by whether it meets its target."""
    text = value if isinstance(value, str) else f"{value:.3g}"
    return f"{'✓' if met else '✗'} {text}"


def _by_product(compared: Facts, name: str, scale: float) -> tables.Grid:
    """Shows a number by product: a row per product, a column per log."""
    if not compared:
        return tables.Grid((), ())
    return tables.Grid(
        columns=("product", *map(_name, compared)),
        rows=tuple(
            (
                product,
                *(f"{scale * row[name][product]:.3f}" for row in compared.values()),
            )
            for product in compared["real"][name]
        ),
    )


def _gaps(compared: Facts, name: str) -> tables.Grid:
    """Differences of shares in points: a row a category, a column a log."""
    others = {label: row for label, row in compared.items() if label != "real"}
    if not others:
        return tables.Grid((), ())
    first = next(iter(others.values()))[f"{name}_points"]
    return tables.Grid(
        columns=(texts.heading(name), *map(_name, others)),
        rows=tuple(
            (
                category,
                *(f"{row[f'{name}_points'][category]:z.2f}" for row in others.values()),
            )
            for category in first
        ),
    )


def answers(folder: pathlib.Path) -> tables.Grid:
    """Tells how well each private release finds the products above the mean."""
    rows = []
    for name, facts in private_answers.read(folder).items():
        rows.append(
            (
                _MECHANISMS[name],
                f"{facts['epsilon']:g}",
                f"{facts.get('delta', 0):g}",
                f"{facts['num_sets_right']} of {facts['num_runs']}",
                *(f"{facts['L_inf_summary'][q]:.4f}" for q in ("50%", "95%", "max")),
            )
        )
    return tables.Grid(
        columns=(
            "mechanism", "epsilon", "delta", "z > 0 right",
            "z-score error, median", "95 %", "largest",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _answers_ledger(found: run_files.Inputs) -> dict[str, Any] | None:
    """The ledger of private answers, and what they and all methods cost together."""
    path = releases.ledger_path(found.run.folder)
    if not path.exists():
        return None
    entry = runs.read_json(path)
    methods = {k: v for k, v in found.ledger.items() if k != "total"}
    together = None
    if methods:
        count = found.config.get("num_devices") or 0
        together = ledger.total({**methods, releases.NAME: entry}, num_devices=count)
    return {"entry": entry, "together": together}


def _accounting(folder: pathlib.Path) -> Facts:
    """The check of the published accounting, found or made."""
    path = folder / "dp_accounting.json"
    if path.exists():
        saved: Facts = runs.read_json(path)
        return saved
    return _check_published()


@functools.cache
def _check_published() -> Facts:
    """The check at the published epsilon and delta; no data is needed."""
    return releases.published_accounting(
        releases.PUBLISHED_EPSILON, releases.PUBLISHED_DELTA
    )
