"""The results tables of the published study beside those of a run.

Each cell has three numbers: the published one, ours under the study's own bookkeeping,
and ours under one budget for the whole release.
"""

import pathlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from teledp_jax import errors, runs
from teledp_jax.report import run_files, template, texts
from teledp_jax.studies.intel import methods, published

SIDES = ("published", "study_bookkeeping", "honest_budget")

_HALF = "half_sample"
_DETAIL = {
    "wide": "scores/evaluation_widetable_updated_detail.csv",
    "per_table": "scores/evaluation_pertable_detail.csv",
    "mst": "scores/evaluation_mst_detail.csv",
    "pe": "scores/evaluation_pe_vanilla_detail.csv",
    "pe_conditional": "scores/evaluation_pe_conditional_detail.csv",
    "half": "normalized_error/baseline_d1_vs_d2_detail.csv",
}
_TITLES = {
    "method_comparison": "Method comparison",
    "query_scores": "Score of each query: share of its checks that pass",
    "type_scores": "Mean score by type of query",
    "continuous_metrics": "Means of continuous metrics by scored type",
    "normalized_errors": "Normalised error: over that between two halves of the fleet",
    "normalized_errors_by_query": "Mean normalised error of each query",
    "normalized_errors_by_type": "Normalised error by scored type",
    "privacy_parameters": "Privacy parameters",
    "runtimes": "Run times and memory",
    "threshold_relative_error": "Pass rate by threshold of the relative error, %",
    "threshold_total_variation": "Pass rate by threshold of the total variation, %",
    "threshold_spearman": "Pass rate by threshold of the rank correlation, %",
}

Values = Mapping[str, Any]
"""The numbers of one method in one table, by row."""


class Table(NamedTuple):
    """One results table.

    Attributes:
        name: Name of its file.
        title: What it shows.
        rows: Names of its rows.
        cells: Published, claimed and honest number by row and method; None: not stated.
    """

    name: str
    title: str
    rows: tuple[str, ...]
    cells: Mapping[tuple[str, str], tuple[Any, Any, Any]]


def make(inputs: run_files.Inputs, folder: pathlib.Path | None = None) -> list[Table]:
    """Makes every results table of the study.

    Args:
        inputs: A run with workload `intel` and labels `paper_*`.
        folder: The study's own CSV files; none takes the figures that it printed.

    Raises:
        InputError: If the run has no score of the study's queries.
    """
    codenames = {
        query.name: str(query.header.get("codename")) for query in inputs.queries
    }
    sides = [
        {method: _of_study(method, folder, codenames) for method in published.METHODS},
        {method: _of_run(inputs, method, claimed=True) for method in published.METHODS},
        {
            method: _of_run(inputs, method, claimed=False)
            for method in published.METHODS
        },
    ]
    if not any(sides[2].values()):
        raise errors.InputError(
            f"{inputs.run.scores}: no score of the study's queries; run a config with "
            "workload intel and labels paper_*, as configs/dca_intel.py."
        )
    return [_table(name, sides) for name in _TITLES]


def write(
    output: pathlib.Path, found: list[Table], inputs: run_files.Inputs
) -> pathlib.Path:
    """Writes a CSV per table and one page, only for the owner; returns the page."""
    output.mkdir(parents=True, exist_ok=True)
    output.chmod(0o700)
    for table in found:
        rows = [
            {"row": row, "method": method, **dict(zip(SIDES, cell, strict=True))}
            for (row, method), cell in table.cells.items()
        ]
        runs.write_csv(output / f"{table.name}.csv", ("row", "method", *SIDES), rows)
    environment = template.environment(pathlib.Path(__file__).parent)
    html = environment.get_template("reproduction.html.jinja").render(
        tables=found,
        methods=published.METHODS,
        labels=methods.LABELS,
        command=inputs.config.get("command"),
        hardware=inputs.config.get("hardware"),
        num_devices=inputs.config.get("num_devices"),
        source=published.facts()["source"],
    )
    page = output / "reproduction.html"
    with runs.atomic(page) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return page


def _of_study(
    method: str, folder: pathlib.Path | None, codenames: Mapping[str, str]
) -> dict[str, Any]:
    """A method's published summary, recomputed where its checks are at hand."""
    found = published.tables(method)
    if folder is not None:
        halves = runs.read_csv(folder / _DETAIL["half"])
        rows = runs.read_csv(folder / _DETAIL[method])
        found |= published.summarize(published.of_detail(rows, halves, codenames))
    return _by_table(found)


def _of_run(inputs: run_files.Inputs, method: str, *, claimed: bool) -> dict[str, Any]:
    """A method's summary in a run; empty if the run lacks it.

    The study accounts for its wide model as a whole, as we do: one fit is both.
    """
    label = methods.LABELS.get(method, _HALF)
    if claimed:
        if method == "half":
            return {}
        own = label + methods.CLAIMED
        label = label if method == "wide" and own not in inputs.labels else own
    checks = published.of_scores(
        (row for row in inputs.scores if row["label"] == label),
        without=_not_modelled(inputs, label),
    )
    if label not in checks:
        return {}
    found = published.summarize(checks[label])
    corrected = inputs.summary.get(label, {})
    found["comparison"] |= {
        "passed, corrected": corrected.get("passed_corrected"),
        "average score, corrected": corrected.get("mean_score_corrected"),
    }
    found["privacy"] = _privacy(inputs.ledger.get(label), claimed=claimed)
    found["runtime"] = _runtime(inputs.costs.get(label) or {})
    return _by_table(found)


def _not_modelled(inputs: run_files.Inputs, label: str) -> list[str]:
    """Codenames of queries over tables that a label leaves out: not evaluated."""
    fields = (inputs.settings.get("methods") or {}).get(label) or {}
    left_out = set(fields.get("leave_out") or ())
    return [
        str(query.header.get("codename"))
        for query in inputs.queries
        if left_out & set(query.header.get("tables") or ())
    ]


def _privacy(entry: Mapping[str, Any] | None, *, claimed: bool) -> dict[str, Any]:
    """What is said, and what the whole release costs a device."""
    if entry is None:
        return {}
    said = entry.get("claimed") if claimed else None
    budget = entry["budget"]
    said = said or {**budget, "num_parts": 1, "total_epsilon": budget["epsilon"]}
    names = ("epsilon", "delta", "num_parts", "total_epsilon")
    return {name: said[name] for name in names} | {
        "epsilon of a device, by PLD": entry["epsilon_pld"]
    }


def _runtime(cost: Mapping[str, Any]) -> dict[str, Any]:
    """Minutes of fit and sample, and peak memory."""
    seconds = texts.parse(cost.get("fit_seconds"))
    if seconds is None:
        return {}
    peak = texts.parse(cost.get("peak_rss_bytes"))
    return {
        "minutes": (seconds + (texts.parse(cost.get("sample_seconds")) or 0.0)) / 60,
        "peak memory, GiB": None if peak is None else peak / 2**30,
    }


def _by_table(found: Mapping[str, Any]) -> dict[str, Values]:
    """A summary as the values of each table."""
    spreads = {
        f"{scored}: {field}": value
        for scored, fields in found.get("normalized_by_scored", {}).items()
        for field, value in fields.items()
        if field != "std"
    }
    result: dict[str, Values] = {
        "method_comparison": found.get("comparison", {}),
        "query_scores": found.get("scores", {}),
        "type_scores": found.get("score_by_type", {}),
        "continuous_metrics": found.get("continuous", {}),
        "normalized_errors": found.get("normalized", {}),
        "normalized_errors_by_query": found.get("normalized_by_query", {}),
        "normalized_errors_by_type": spreads,
        "privacy_parameters": found.get("privacy", {}),
        "runtimes": found.get("runtime", {}),
    }
    for metric in ("relative_error", "total_variation", "spearman"):
        rates = found.get(f"{metric}_thresholds", {})
        result[f"threshold_{metric}"] = {f"{at:g}": rate for at, rate in rates.items()}
    return result


def _table(name: str, sides: list[dict[str, dict[str, Any]]]) -> Table:
    """One table of all methods and sides."""
    rows = dict.fromkeys(
        row
        for side in sides
        for values in side.values()
        for row in values.get(name, {})
    )
    cells = {
        (row, method): tuple(side[method].get(name, {}).get(row) for side in sides)
        for row in rows
        for method in published.METHODS
    }
    kept = {key: cell for key, cell in cells.items() if set(cell) != {None}}
    return Table(name=name, title=_TITLES[name], rows=tuple(rows), cells=kept)
