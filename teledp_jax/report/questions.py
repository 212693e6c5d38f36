"""What the published study left open, answered with the numbers of a run."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from teledp_jax import schemas
from teledp_jax.answers import query_answers
from teledp_jax.evaluation import metrics
from teledp_jax.report import inputs as inputs_lib
from teledp_jax.report import tables

BANDS = ((0.0, 0.001), (0.001, 0.01), (0.01, 0.05))
"""Shares of devices by which rare events are told apart."""

_CEILING, _HALF = "ceiling", "half_sample"


class Answer(NamedTuple):
    """One question.

    Attributes:
        question: The question.
        findings: Sentences; none where the run cannot say.
        grid: The numbers behind them.
        note: How to read them.
    """

    question: str
    findings: tuple[str, ...]
    grid: tables.Grid
    note: str


def answers(inputs: inputs_lib.Inputs, schema: schemas.Schema) -> list[Answer]:
    """Every question that the run has files for."""
    found = [
        by_type(inputs),
        joins(inputs),
        minorities(inputs),
        downstream(inputs),
        costs(inputs),
        caps(inputs, schema),
        missing(inputs),
    ]
    return [answer for answer in found if answer.grid.rows]


def honest(inputs: inputs_lib.Inputs) -> tuple[str, ...]:
    """Labels that are held to their budget: a claim wins nothing."""
    return tuple(
        label
        for label in inputs.labels
        if "claimed" not in inputs.ledger.get(label, {})
    )


def synthesizers(inputs: inputs_lib.Inputs) -> tuple[str, ...]:
    """Of these, the labels that made tables: answers alone win nothing either."""
    return tuple(label for label in honest(inputs) if label != query_answers.NAME)


def by_type(inputs: inputs_lib.Inputs) -> Answer:
    """Which method wins by type of query."""
    kinds = _groups(inputs, lambda query: str(query.header.get("type", "other")))
    cells = tables.matrix(inputs.scores)
    rows, findings = [], []
    for kind, queries in kinds.items():
        names = [query.name for query in queries]
        scores = {
            label: statistics.mean(
                cell.score if (cell := cells.get((label, name))) else 0.0
                for name in names
            )
            for label in (*inputs.labels, *inputs.references)
        }
        texts = [
            f"{scores[label]:.2f}{_times(_median_error(inputs, label, names))}"
            for label in scores
        ]
        rows.append((kind, str(len(names)), *texts))
        if own := {label: scores[label] for label in honest(inputs)}:
            top = max(own.values())
            best = [label for label, score in own.items() if score >= top - 1e-9]
            findings.append(f"{kind}: {_listed(best)} ({top:.2f}).")
    return Answer(
        "Which method wins by type of query?",
        tuple(findings),
        _grid(("type", "queries", *inputs.labels, *inputs.references), rows),
        "Mean score of the queries of a type, those not evaluated as 0; in brackets "
        "the median normalised error of their checks.",
    )


def joins(inputs: inputs_lib.Inputs) -> Answer:
    """Whether error compounds over joins."""
    kinds = _groups(inputs, lambda query: len(query.header.get("tables") or ()))
    everyone = (*inputs.labels, *inputs.references)
    rows = []
    errors: dict[str, list[float]] = {label: [] for label in everyone}
    for number, queries in sorted(kinds.items()):
        names = [query.name for query in queries]
        texts = []
        for label in everyone:
            error = _median_value(inputs, label, names, "relative_error")
            if error is not None:
                errors[label].append(error)
            times = _times(_median_error(inputs, label, names))
            texts.append(tables.show(error) + times)
        rows.append((str(number), str(len(names)), *texts))
    findings = []
    for label in everyone:
        if len(errors[label]) > 1:
            first, last = errors[label][0], errors[label][-1]
            word = "grows" if last > first else "does not grow"
            findings.append(
                f"{label}: the median relative error {word} from the fewest tables "
                f"({tables.show(first)}) to the most ({tables.show(last)})."
            )
    return Answer(
        "Does error compound over joins?",
        tuple(findings),
        _grid(("tables joined", "queries", *everyone), rows),
        "Median over checks of the relative error; in brackets of the normalised "
        "error, which takes out what fewer devices per group cost already: a join "
        "keeps only devices that both tables know, and half_sample shows how much "
        "that alone adds.",
    )


def minorities(inputs: inputs_lib.Inputs) -> Answer:
    """What happens to classes of under 5 % of the devices."""
    rows, findings = [], []
    for label, events in tables.groups(inputs.rare_events, "label").items():
        texts = []
        for low, high in BANDS:
            ratios = [
                tables.parse(event["ratio"]) or 0.0
                for event in events
                if low <= (tables.parse(event["real_share"]) or 0.0) < high
            ]
            texts.append(_kept(ratios))
        rows.append((label, *texts))
        every = [tables.parse(event["ratio"]) or 0.0 for event in events]
        if label in honest(inputs):
            lost = sum(ratio == 0 for ratio in every)
            near = sum(0.5 <= ratio <= 2 for ratio in every)
            findings.append(
                f"{label}: of {len(every)} classes {near} keep their share within a "
                f"factor of 2, {lost} are lost."
            )
    bands = (f"{100 * low:g} to {100 * high:g} % of devices" for low, high in BANDS)
    return Answer(
        "What becomes of minority classes under 5 %?",
        tuple(findings),
        _grid(("label", *bands), rows),
        "Classes whose share is within a factor of 2 of the real one, of all in the "
        "band, and how many are lost; classes of fewer than 20 devices are left out.",
    )


def downstream(inputs: inputs_lib.Inputs) -> Answer:
    """How well classifiers do that were trained on synthetic devices."""
    tasks = tables.groups(inputs.downstream, "task")
    gaps: dict[str, list[float]] = {}
    scores: dict[str, list[float]] = {}
    for rows in tasks.values():
        by_label = {row["label"]: tables.parse(row["auc"]) for row in rows}
        real = by_label.get("real")
        for label, auc in by_label.items():
            if auc is not None and real is not None:
                scores.setdefault(label, []).append(auc)
                gaps.setdefault(label, []).append(real - auc)
    own = {label: statistics.mean(gaps[label]) for label in gaps if label != "real"}
    named = {label: gap for label, gap in own.items() if label in honest(inputs)}
    findings = []
    if named:
        best = min(named, key=lambda label: named[label])
        findings.append(
            f"{best} comes nearest to training on the real fleet: its AUC is "
            f"{named[best]:.3f} lower in the mean of {len(gaps[best])} tasks."
        )
    return Answer(
        "How good are downstream classifiers?",
        tuple(findings),
        _grid(
            ("trained on", "mean AUC", "below real, mean", "below real, worst"),
            [
                (
                    label,
                    f"{statistics.mean(scores[label]):.3f}",
                    f"{statistics.mean(gaps[label]):.3f}",
                    f"{max(gaps[label]):.3f}",
                )
                for label in gaps
            ],
        ),
        "Area under the ROC curve on real devices held out, over all tasks.",
    )


def costs(inputs: inputs_lib.Inputs) -> Answer:
    """Time and memory, and what a passed query costs of them."""
    cells = tables.matrix(inputs.scores)
    rows, seconds, memory = [], {}, {}
    for label in inputs.labels:
        cost = inputs.costs.get(label) or {}
        fit = tables.parse(cost.get("fit_seconds"))
        draw = tables.parse(cost.get("sample_seconds"))
        peak = tables.parse(cost.get("peak_rss_bytes"))
        if fit is None:
            continue
        seconds[label] = fit + (draw or 0.0)
        if peak is not None:
            memory[label] = peak
        passed, _ = tables.tally(cells, label, inputs.queries)
        each = seconds[label] / passed if passed else None
        rows.append(
            (
                label,
                tables.seconds(seconds[label]),
                tables.size(peak),
                str(passed),
                tables.seconds(each),
            )
        )
    findings = []
    if len(seconds) > 1:
        fast = min(seconds, key=lambda label: seconds[label])
        slow = max(seconds, key=lambda label: seconds[label])
        findings.append(
            f"{fast} is done first ({tables.seconds(seconds[fast])}), {slow} last "
            f"({tables.seconds(seconds[slow])})."
        )
    if len(memory) > 1:
        most = max(memory, key=lambda label: memory[label])
        findings.append(f"{most} needs most memory ({tables.size(memory[most])}).")
    return Answer(
        "How much time and memory does each method take?",
        tuple(findings),
        _grid(
            ("label", "fit and sample", "peak memory", "queries passed", "time each"),
            rows,
        ),
        "Each method in a process of its own, on the hardware that is named below.",
    )


def caps(inputs: inputs_lib.Inputs, schema: schemas.Schema) -> Answer:
    """What the caps on rows of entity tables cost each query."""
    limits = {
        table.name: table.max_rows for table in schema.tables if table.role == "entity"
    }
    cells = tables.matrix(inputs.scores)
    rows, failed = [], []
    for query in inputs.queries:
        capped = [name for name in query.header.get("tables") or () if name in limits]
        cell = cells.get((_CEILING, query.name))
        if not capped or cell is None:
            continue
        checks = [
            row
            for row in inputs.scores
            if row["label"] == _CEILING and row["query"] == query.name
        ]
        worst = max(checks, key=_excess)
        title = str(query.header.get("codename") or query.name)
        half = cells.get((_HALF, query.name))
        rows.append(
            (
                title,
                ", ".join(f"{name} ({limits[name]} rows)" for name in capped),
                f"{cell.passed} of {cell.checks}",
                f"{half.passed} of {half.checks}" if half else tables.NOTHING,
                f"{worst['column'] or 'rows'}: {tables.show(worst['value'])}",
            )
        )
        if cell.verdict == "fail" and not (half and half.verdict == "fail"):
            failed.append(title)
    findings = []
    if rows:
        findings.append(
            f"Caps and bins alone, without any noise, fail {_listed(failed)}."
            if failed
            else "No query fails for caps and bins alone."
        )
    return Answer(
        "What do the caps on entity tables cost each query?",
        tuple(findings),
        _grid(
            ("query", "capped tables", "ceiling passes", "half passes", "worst check"),
            rows,
        ),
        "ceiling: the real fleet encoded and decoded, without noise. half: one half of "
        "the real fleet against the other, which no cap touches.",
    )


def missing(inputs: inputs_lib.Inputs) -> Answer:
    """Device tables that the source could not fill."""
    rows = []
    for name in inputs.missing_tables:
        readers = [
            str(query.header.get("codename") or query.name)
            for query in inputs.queries
            if name in (query.header.get("tables") or ())
        ]
        rows.append((name, ", ".join(readers) or tables.NOTHING))
    findings = (f"The source lacks {len(rows)} device tables.",) if rows else ()
    return Answer(
        "Which device tables were left out, for want of a source?",
        findings,
        _grid(("device table", "queries not evaluated"), rows),
        "",
    )


def _groups(
    inputs: inputs_lib.Inputs, key: Callable[[inputs_lib.Query], Any]
) -> dict[Any, list[inputs_lib.Query]]:
    """Scored queries by a key."""
    found: dict[Any, list[inputs_lib.Query]] = {}
    for query in inputs.queries:
        if query.values:
            found.setdefault(key(query), []).append(query)
    return found


def _values(
    inputs: inputs_lib.Inputs, label: str, names: Sequence[str], field: str, metric: str
) -> list[float]:
    """A field of the checks of a label on some queries; no metric: all."""
    found = (
        tables.parse(row[field])
        for row in inputs.scores
        if row["label"] == label
        and row["query"] in names
        and metric in ("", row["metric"])
    )
    return [value for value in found if value is not None]


def _median_error(
    inputs: inputs_lib.Inputs, label: str, names: Sequence[str]
) -> float | None:
    """Median normalised error; None if there is none."""
    values = _values(inputs, label, names, "normalized_error", "")
    middle: float | None = metrics.median(values)
    return middle


def _median_value(
    inputs: inputs_lib.Inputs, label: str, names: Sequence[str], metric: str
) -> float | None:
    """Median value of a metric; None if no check has it."""
    middle: float | None = metrics.median(
        _values(inputs, label, names, "value", metric)
    )
    return middle


def _excess(row: Mapping[str, str]) -> float:
    """How far the value of a check is beyond its threshold, as a ratio."""
    value, threshold = float(row["value"]), float(row["threshold"])
    if row["metric"] in metrics.LARGER_IS_BETTER:
        return (1 - value) / max(1 - threshold, 1e-9)
    return value / threshold


def _times(error: float | None) -> str:
    """A normalised error in brackets."""
    return "" if error is None else f" ({tables.show(error)}\N{MULTIPLICATION SIGN})"


def _kept(ratios: Sequence[float]) -> str:
    """How many classes of a band keep their share, and how many are lost."""
    if not ratios:
        return tables.NOTHING
    near = sum(0.5 <= ratio <= 2 for ratio in ratios)
    lost = sum(ratio == 0 for ratio in ratios)
    return f"{near} of {len(ratios)}, {lost} lost"


def _listed(names: Sequence[str]) -> str:
    """Names with commas and a last `and`."""
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def _grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tables.Grid:
    """A table of texts."""
    return tables.Grid(columns=tuple(columns), rows=tuple(tuple(row) for row in rows))
