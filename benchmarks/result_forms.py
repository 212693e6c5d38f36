"""Forms of tables: turns one recorded result into a header and rows of text.

`FORMS` maps the beginning of a result's file name to its form. A form reads one result
and nothing else, so that no table mixes runs.
"""

import collections
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import origin

from teledp_jax import registry, runs

_REFERENCES = ("half_sample", "ceiling", "ceiling_public", "query_answers")
NONE = "\N{EN DASH}"


class Form(NamedTuple):
    """A table as text.

    Attributes:
        header: Names of the columns; the last is `code`.
        rows: Cells, one list per row; the last says which code made the row.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def _number(value: float | None, digits: int = 0, *, unit: float = 1.0) -> str:
    """A number with a fixed number of digits; a dash if there is none."""
    return NONE if value is None else f"{value / unit:,.{digits}f}"


def _code(text: str) -> str:
    """Text in a code font."""
    return f"`{text}`"


def _mean(fields: Mapping[str, Any], name: str) -> float | None:
    """The mean of a field over seeds, where there is one."""
    return fields[name]["mean"] if name in fields else None


def utility(result: Mapping[str, Any]) -> Form:
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
            _code(label) + " (reference)" * (label in _REFERENCES),
            *_right(result, label) * own,
            *(cell for part in parts for cell in _part(fields.get(part, {}))),
            _number(_mean(fields, "passed"), digits),
            _number(_mean(fields, "passed_corrected"), digits),
            _number(_mean(fields, "mean_score"), 3),
            _number(_mean(fields, "median_normalized_error"), 2),
            _number(_mean(fields, "fit_seconds"), 1),
            _number(_mean(fields, "compile_seconds"), 1),
            _number(_mean(fields, "peak_rss_bytes"), unit=1e6),
            origin.age(fields.get("code")),
        ]
        for label, fields in methods.items()
    ]
    return Form(header, rows)


_RIGHT = ("answers right, mean share", "queries trusted", "best")
_PARTS = {
    "noiseless": ("without noise: answers right", "without noise: normalized error"),
    "unseen": ("unseen: answers right", "unseen: normalized error"),
}


def _part(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Cells of a method without noise, or of queries that no method was told of."""
    return (
        _number(_mean(fields, "share_right"), 3),
        _number(_mean(fields, "median_normalized_error"), 2),
    )


def _right(result: Mapping[str, Any], label: str) -> tuple[str, ...]:
    """What a label answers right, and whether it does best: cells under `_RIGHT`."""
    fields = result["methods"][label]
    share = _number(_mean(fields, "share_right"), 3)
    if result["num_seeds"] > 1 and "share_right" in fields:
        share += f" ± {fields['share_right']['std']:.3f}"
    trusted = _number(_mean(fields, "queries_trusted"), int(result["num_seeds"] > 1))
    whole = _number(_mean(fields, "queries_judged"))
    leaders = result.get("not_beaten", ())
    best = {True: "best" if len(leaders) == 1 else "tied", False: NONE}
    return share, f"{trusted} of {whole}", best[label in leaders]


def adult(result: Mapping[str, Any]) -> Form:
    """Shows the error of two-way marginals; each row is a run of its own."""
    rows = [
        [
            _code(label) if label in registry.METHODS else label,
            _number(statistics.mean(run["mean_two_way_variation"] for run in each), 3),
            str(len(each)),
            origin.FOREIGN
            if "reference" in each[0]
            else origin.age(each[-1].get("code")),
        ]
        for label, each in result["methods"].items()
    ]
    return Form(["method", "mean total variation", "runs", "code"], rows)


def high_order(result: Mapping[str, Any]) -> Form:
    """Shows what classifiers learn from synthetic rows."""
    header = [
        "set",
        "method",
        "boosting",
        "random forest",
        "runs",
        "fit, CPU s",
        "code",
    ]
    rows = [
        [
            name,
            _code(method),
            *(
                _number(statistics.mean(run[field] for run in each), digits)
                for field, digits in (("boosting", 3), ("forest", 3))
            ),
            str(len(each)),
            _number(statistics.mean(run["fit_processor_seconds"] for run in each)),
            origin.age(each[-1].get("code")),
        ]
        for name, methods in result["sets"].items()
        for method, each in methods.items()
    ]
    return Form(header, rows)


_AUDITS = {
    "sensitivity": "L2 change of counts",
    "DP-SGD sensitivity": "L2 change of a DP-SGD sum",
    "worst case of counts": "worst case of counts",
    "worst case of a step": "worst case of a step",
    "canaries of one run": "canaries",
    "membership by distance": "membership attack",
}
_LEFT_OUT = ("exact sampler", "choices of")  # further forms of the same claim


def audit(result: Mapping[str, Any]) -> Form:
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
            _code(name) if name in registry.METHODS else name,
            *("; ".join(cells.get(kind, [NONE])) for kind in _AUDITS),
            origin.age(result.get("code")),
        ]
        for name, cells in found.items()
    ]
    return Form(["what", *_AUDITS.values(), "code"], rows)


def faults(result: Mapping[str, Any]) -> Form:
    """Shows what killed runs, full disks and malformed files did."""
    lines = [line for line in result["fault_injection"]["output"] if line]
    rows = [["killed runs and full disks", " ".join(lines)]]
    for kind, count in result["malformed"]["passing"].items():
        rows.append([f"malformed {kind}", f"{count:,} read as meant or refused"])
    rows.append(["malformed, failing", str(result["malformed"]["failing"])])
    age = origin.age(result.get("code"))
    return Form(["what", "found", "code"], [[*row, age] for row in rows])


def dpsgd_step(result: Mapping[str, Any]) -> Form:
    """Shows the speed of a private step beside others."""
    header = ["step", "devices a second", "of the best non-private", "compilation, s"]
    rows = [
        [
            _code(name),
            _number(row["examples_per_second"]),
            _number(row["ratio_to_non_private"], 3),
            _number(row.get("compile_seconds"), 1),
            _number(row["peak_bytes_above_rest"], unit=1e6),
            origin.age(result.get("code")),
        ]
        for name, row in result["rows"].items()
    ]
    return Form([*header, "memory above rest, MB", "code"], rows)


def accelerator(result: Mapping[str, Any]) -> Form:
    """Shows what one card takes for each part, beside what was aimed at."""
    rows = [
        [
            text,
            NONE if value is None else f"{value:,.4g}",
            unit,
            NONE if aim is None else f"{aim:,.4g}",
            origin.age(result.get("code")),
        ]
        for part in result["parts"].values()
        for text, value, unit, aim in part["rows"]
    ]
    return Form(["what", "measured", "unit", "aim", "code"], rows)


def published_job(result: Mapping[str, Any]) -> Form:
    """Shows the time of the published training job."""
    header = ["devices", "epochs", "steps", "minutes", "memory, MB", "code"]
    return Form(
        header,
        [
            [
                _number(result["num_devices"]),
                str(result["num_epochs"]),
                _number(result["num_steps"]),
                _number(result["minutes"], 1) + " (projected)" * result["projected"],
                _number(result["peak_bytes"], unit=1e6),
                origin.age(result.get("code")),
            ]
        ],
    )


def pe_voting(result: Mapping[str, Any]) -> Form:
    """Shows how many devices vote in a second."""
    header = ["library", "devices a second", "devices a CPU second", "code"]
    rows = [
        [
            _code(name),
            _number(rate),
            _number(result["rows_per_cpu_second"][name]),
            origin.age(result.get("code")) if name == "teledp_jax" else origin.FOREIGN,
        ]
        for name, rate in result["rows_per_second"].items()
    ]
    return Form(header, rows)


def scaling(result: Mapping[str, Any]) -> Form:
    """Shows how time and memory of a fit grow."""
    header = ["method", "devices", "tables", "fit, s", "peak memory, MB", "code"]
    rows = [
        [
            _code(row["method"]),
            _number(row["num_devices"]),
            str(row["num_tables"]),
            _number(row["fit_seconds"], 1),
            _number(row["peak_bytes"], unit=1e6),
            origin.age(row.get("code")),
        ]
        for row in result["rows"]
    ]
    return Form(header, rows)


def scale_out(result: Mapping[str, Any]) -> Form:
    """Shows device tables in passes and on Ray beside one process at once."""
    header = [
        "devices", "raw, MB", "cores", "at once, s", "in passes, s", "ratio",
        "of CPU time",
        "Ray: shuffle, s", "SQL, s", "encode, s", "ratio of Ray", "peak worker, GB",
        "code",
    ]  # fmt: skip
    rows = [
        [
            _number(row["num_devices"]),
            _number(row["raw_bytes"], unit=1e6),
            str(row["workers"]),
            _number(row["local_seconds"], 1),
            _number(row.get("passes_seconds"), 1),
            _number(row.get("passes_ratio"), 2),
            _number(row.get("passes_cpu_ratio"), 2),
            _number(row.get("shuffle_seconds"), 1),
            _number(row.get("sql_seconds"), 1),
            _number(row.get("encode_seconds"), 1),
            _number(row.get("ratio"), 1),
            _number(row.get("peak_worker_bytes"), 1, unit=1e9),
            origin.age(result.get("code")),
        ]
        for row in result["rows"]
    ]
    columns = list(zip(header, *rows, strict=True))
    shown = [cells for cells in columns if set(cells[1:]) != {NONE}]
    header, *rows = map(list, zip(*shown, strict=True))
    return Form(header, rows)


def eventlog(result: Mapping[str, Any]) -> Form:
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
                _code(label),
                _number(log["product_max_points"], 2),
                _number(log["event_type_max_points"], 2),
                _number(log["time_ks"], 3),
                f"{sum(in_target)} of {len(in_target) * result['num_seeds']}",
                origin.age(log.get("code")),
            ]
        )
    return Form(header, rows)


def eventlog_preprocess(result: Mapping[str, Any]) -> Form:
    """Shows the time of reading an event log beside a plain copy."""
    rows = [
        [
            name,
            _number(result[name]["seconds"], 1),
            _number(result[name]["cpu_seconds"], 1),
            origin.age(result.get("code")) if name == "preprocess" else origin.FOREIGN,
        ]
        for name in ("copy", "preprocess")
    ]
    return Form(["work", "seconds", "CPU seconds", "code"], rows)


def published(result: Mapping[str, Any]) -> Form:
    """Shows how a simulated fleet compares with the published results."""
    rows = [
        [
            measure["query"],
            _code(measure["column"]),
            measure["measure"].replace("_", " "),
            _number(measure["value"], 3),
            str(measure["groups"]),
            origin.age(result.get("code")),
        ]
        for measure in result["measures"]
    ]
    return Form(["query", "column", "measure", "value", "groups", "code"], rows)


def trust_coverage(result: Mapping[str, Any]) -> Form:
    """Shows how often intervals hold the truth: of all answers, and by type."""
    kinds = sorted({kind for row in result["releases"] for kind in row["by_type"]})
    rows = [
        [
            _code(row["label"]),
            f"{row['epsilon']:g}",
            _inside(row["all"]),
            *(_inside(row["by_type"].get(kind)) for kind in kinds),
            _inside(row["not_answerable"]),
            _number(row["all"]["median_half_width"], 2),
            f"{row['all']['graded_use_right']} of {row['all']['graded_use']}",
            origin.age(result.get("code")),
        ]
        for row in result["releases"]
    ]
    header = [
        "method", "epsilon", "inside, all", *kinds, "not answerable",
        "median half width / truth", "graded use and right", "code",
    ]  # fmt: skip
    return Form(header, rows)


def _inside(counts: Mapping[str, Any] | None) -> str:
    """Share of intervals that hold the truth, and their number."""
    if counts is None or not counts["answers"]:
        return NONE
    return f"{100 * counts['inside'] / counts['answers']:.0f} % of {counts['answers']}"


def install(result: Mapping[str, Any]) -> Form:
    """Shows what each extra takes; the code that it speaks of is the lock."""
    lock = runs.fingerprint(origin.LOCK.read_text("utf-8"))
    age = origin.PRESENT if lock == result["lock"] else origin.OLDER
    rows = [
        [
            _code(extra) if extra != "core" else "none: the core",
            _number(row["num_packages"]),
            _number(row["bytes"], unit=1e6),
            _number(row["seconds"]),
            _number(row["cpu_seconds"]),
            age,
        ]
        for extra, row in result["extras"].items()
    ]
    header = ["extra", "packages", "MB on disk", "seconds", "CPU seconds", "code"]
    return Form(header, rows)


def names(result: Mapping[str, Any]) -> Form:
    """Shows how many common names of each column a run keeps: the least of all draws.

    Columns without a common name are left out.
    """
    share = f"names that {result['share_of_devices']:.1%} of the devices have"
    header = ["column", share, "of them listed", "of them kept", "learnt", "code"]
    rows = [
        [
            _code(name),
            _number(own["common"]),
            _number(own["common_listed"]),
            _number(min(own["common_kept"])),
            _number(statistics.mean(own["learnt"])),
            origin.age(result.get("code")),
        ]
        for name, own in result["columns"].items()
        if own["common"]
    ]
    return Form(header, rows)


FORMS: Mapping[str, Callable[[Mapping[str, Any]], Form]] = {
    "accelerator": accelerator,
    "adult": adult,
    "audit": audit,
    "dpsgd_step": dpsgd_step,
    "eventlog": eventlog,
    "eventlog_preprocess": eventlog_preprocess,
    "faults": faults,
    "high_order": high_order,
    "install": install,
    "names": names,
    "pe_voting": pe_voting,
    "published": published,
    "published_job": published_job,
    "scale_out": scale_out,
    "scaling": scaling,
    "trust_coverage": trust_coverage,
    "utility": utility,
}


def of(name: str) -> Callable[[Mapping[str, Any]], Form]:
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
