"""Forms of tables: turns one recorded result into a header and rows of text.

`FORMS` maps the beginning of a result's file name to its form. A form reads one result
and nothing else, so that no table mixes runs.
"""

import collections
import statistics
from collections.abc import Callable, Mapping
from typing import Any

import one_table_forms
import origin
import speed_forms
import table_form

from teledp_jax import registry

_REFERENCES = ("half_sample", "ceiling", "ceiling_public", "query_answers")


def _mean(fields: Mapping[str, Any], name: str) -> float | None:
    """The mean of a field over seeds, where there is one."""
    return fields[name]["mean"] if name in fields else None


def utility(result: Mapping[str, Any]) -> table_form.Form:
    """Shows what each label answers right and passes, and what its fit takes.

    The headline, the mean share of answers right, stands where it was recorded: with
    its standard deviation over seeds, and whether any other method does better by more
    than chance.
    """
    methods = result["methods"]
    evaluated = round(
        max(_mean(fields, "evaluated") or 0 for fields in methods.values())
    )
    digits = 0 if result["num_seeds"] == 1 else 1
    own = any("share_right" in fields for fields in methods.values())
    parts = [part for part in _PARTS if any(part in f for f in methods.values())]
    header = [
        "method", *_RIGHT * own, *(name for part in parts for name in _PARTS[part]),
        f"passed of {evaluated}", "passed, corrected rule",
        "mean score", "median normalized error", "fit, s", "of it compilation, s",
        "peak memory, MB", "code",
    ]  # fmt: skip
    rows = [
        [
            table_form.code(label) + " (reference)" * (label in _REFERENCES),
            *_right(result, label) * own,
            *(cell for part in parts for cell in _part(fields.get(part, {}))),
            table_form.number(_mean(fields, "passed"), digits),
            table_form.number(_mean(fields, "passed_corrected"), digits),
            table_form.number(_mean(fields, "mean_score"), 3),
            table_form.number(_mean(fields, "median_normalized_error"), 2),
            table_form.number(_mean(fields, "fit_seconds"), 1),
            table_form.number(_mean(fields, "compile_seconds"), 1),
            table_form.number(_mean(fields, "peak_rss_bytes"), unit=1e6),
            origin.age(fields.get("code")),
        ]
        for label, fields in methods.items()
    ]
    return table_form.Form(header, rows)


_RIGHT = ("answers right, mean share", "queries trusted", "best")
_PARTS = {
    "noiseless": ("without noise: answers right", "without noise: normalized error"),
    "unseen": ("unseen: answers right", "unseen: normalized error"),
}


def _part(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Cells of a method without noise, or of queries that no method was told of."""
    return (
        table_form.number(_mean(fields, "share_right"), 3),
        table_form.number(_mean(fields, "median_normalized_error"), 2),
    )


def _right(result: Mapping[str, Any], label: str) -> tuple[str, ...]:
    """What a label answers right, and whether it does best: cells under `_RIGHT`."""
    fields = result["methods"][label]
    share = table_form.number(_mean(fields, "share_right"), 3)
    if result["num_seeds"] > 1 and "share_right" in fields:
        share += f" ± {fields['share_right']['std']:.3f}"
    trusted = table_form.number(
        _mean(fields, "queries_trusted"), int(result["num_seeds"] > 1)
    )
    whole = table_form.number(_mean(fields, "queries_judged"))
    leaders = result.get("not_beaten", ())
    best = {True: "best" if len(leaders) == 1 else "tied", False: table_form.NONE}
    return share, f"{trusted} of {whole}", best[label in leaders]


_AUDITS = {
    "sensitivity": "L2 change of counts",
    "DP-SGD sensitivity": "L2 change of a DP-SGD sum",
    "worst case of counts": "worst case of counts",
    "worst case of a step": "worst case of a step",
    "canaries of one run": "canaries",
    "membership by distance": "membership attack",
}
_LEFT_OUT = ("exact sampler", "choices of")  # further forms of the same claim


def audit(result: Mapping[str, Any]) -> table_form.Form:
    """Shows what audits measured of what is claimed, one row per method."""
    found: dict[str, dict[str, list[str]]] = collections.defaultdict(dict)
    for finding in result["findings"]:
        name, _, detail = finding["method"].partition(", ")
        if finding["audit"] not in _AUDITS or detail.startswith(_LEFT_OUT):
            continue
        if name not in registry.METHODS:
            name = finding["method"]
        measured = finding["measured"].removesuffix(", an entry by 1")
        claimed = finding["claimed"].partition(", ")[0]
        cell = measured if "AUC" in measured else f"{measured} of {claimed}"
        found[name].setdefault(finding["audit"], []).append(cell)
    rows = [
        [
            table_form.code(name) if name in registry.METHODS else name,
            *("; ".join(cells.get(kind, [table_form.NONE])) for kind in _AUDITS),
            origin.age(result.get("code")),
        ]
        for name, cells in found.items()
    ]
    return table_form.Form(["what", *_AUDITS.values(), "code"], rows)


def faults(result: Mapping[str, Any]) -> table_form.Form:
    """Shows what killed runs, full disks and malformed files did."""
    lines = [line for line in result["fault_injection"]["output"] if line]
    rows = [["killed runs and full disks", " ".join(lines)]]
    for kind, count in result["malformed"]["passing"].items():
        rows.append([f"malformed {kind}", f"{count:,} read as meant or refused"])
    rows.append(["malformed, failing", str(result["malformed"]["failing"])])
    age = origin.age(result.get("code"))
    return table_form.Form(["what", "found", "code"], [[*row, age] for row in rows])


def eventlog(result: Mapping[str, Any]) -> table_form.Form:
    """Shows how far synthetic event logs are from the real one."""
    header = [
        "log", "products, largest difference, points", "event types, points",
        "KS of time", "error rates in target", "code",
    ]  # fmt: skip
    rows = []
    for label, log in result["logs"].items():
        in_target = log["error_rate_seeds_in_target"].values()
        rows.append(
            [
                table_form.code(label),
                table_form.number(log["product_max_points"], 2),
                table_form.number(log["event_type_max_points"], 2),
                table_form.number(log["time_ks"], 3),
                f"{sum(in_target)} of {len(in_target) * result['num_seeds']}",
                origin.age(log.get("code")),
            ]
        )
    return table_form.Form(header, rows)


def published(result: Mapping[str, Any]) -> table_form.Form:
    """Shows how a simulated fleet compares with the published results."""
    rows = [
        [
            measure["query"],
            table_form.code(measure["column"]),
            measure["measure"].replace("_", " "),
            table_form.number(measure["value"], 3),
            str(measure["groups"]),
            origin.age(result.get("code")),
        ]
        for measure in result["measures"]
    ]
    return table_form.Form(
        ["query", "column", "measure", "value", "groups", "code"], rows
    )


def trust_coverage(result: Mapping[str, Any]) -> table_form.Form:
    """Shows how often intervals hold the truth: of all answers, and by type."""
    kinds = sorted({kind for row in result["releases"] for kind in row["by_type"]})
    rows = [
        [
            table_form.code(row["label"]),
            f"{row['epsilon']:g}",
            _inside(row["all"]),
            *(_inside(row["by_type"].get(kind)) for kind in kinds),
            _inside(row["not_answerable"]),
            table_form.number(row["all"]["median_half_width"], 2),
            f"{row['all']['graded_use_right']} of {row['all']['graded_use']}",
            origin.age(result.get("code")),
        ]
        for row in result["releases"]
    ]
    header = [
        "method", "epsilon", "inside, all", *kinds, "not answerable",
        "median half width / truth", "graded use and right", "code",
    ]  # fmt: skip
    return table_form.Form(header, rows)


def _inside(counts: Mapping[str, Any] | None) -> str:
    """Share of intervals that hold the truth, and their number."""
    if counts is None or not counts["answers"]:
        return table_form.NONE
    return f"{100 * counts['inside'] / counts['answers']:.0f} % of {counts['answers']}"


def names(result: Mapping[str, Any]) -> table_form.Form:
    """Shows how many common names of each column a run keeps: the least of all draws.

    Columns without a common name are left out.
    """
    share = f"names that {result['share_of_devices']:.1%} of the devices have"
    header = ["column", share, "of them listed", "of them kept", "learnt", "code"]
    rows = [
        [
            table_form.code(name),
            table_form.number(own["common"]),
            table_form.number(own["common_listed"]),
            table_form.number(min(own["common_kept"])),
            table_form.number(statistics.mean(own["learnt"])),
            origin.age(result.get("code")),
        ]
        for name, own in result["columns"].items()
        if own["common"]
    ]
    return table_form.Form(header, rows)


FORMS: Mapping[str, Callable[[Mapping[str, Any]], table_form.Form]] = {
    "accelerator": speed_forms.accelerator,
    "adult": one_table_forms.adult,
    "audit": audit,
    "dpsgd_step": speed_forms.dpsgd_step,
    "eventlog": eventlog,
    "eventlog_preprocess": speed_forms.eventlog_preprocess,
    "faults": faults,
    "high_order": one_table_forms.high_order,
    "high_order_ablation": one_table_forms.high_order_ablation,
    "install": speed_forms.install,
    "large_fleet": speed_forms.large_fleet,
    "many_partitions": speed_forms.many_partitions,
    "names": names,
    "pe_voting": speed_forms.pe_voting,
    "published": published,
    "published_job": speed_forms.published_job,
    "scale_out": speed_forms.scale_out,
    "scaling": speed_forms.scaling,
    "trust_coverage": trust_coverage,
    "utility": utility,
}


def of(name: str) -> Callable[[Mapping[str, Any]], table_form.Form]:
    """Finds the form of a result: the longest beginning of its name that is known.

    Args:
        name: Name of a result's file, without its ending.

    Returns:
        The form.

    Raises:
        KeyError: If there is none.
    """
    words = name.split("_")
    for length in range(len(words), 0, -1):
        if (form := FORMS.get("_".join(words[:length]))) is not None:
            return form
    raise KeyError(name)
