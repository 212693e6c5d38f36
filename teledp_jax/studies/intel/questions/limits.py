"""Answers what caps on rows and missing tables cost each query."""

from collections.abc import Mapping

from teledp_jax import schemas
from teledp_jax.evaluation import metrics
from teledp_jax.report import run_files, scores, tables, texts
from teledp_jax.studies.intel.questions import answer

_CEILING, _HALF = "ceiling", "half_sample"


def caps(inputs: run_files.Inputs, schema: schemas.Schema) -> answer.Answer:
    """Tells what the caps on rows of entity tables cost each query."""
    limits = {
        table.name: table.max_rows for table in schema.tables if table.role == "entity"
    }
    cells = scores.matrix(inputs.scores)
    rows, failed = [], []
    for query in inputs.queries:
        capped = [name for name in query.header.get("tables") or () if name in limits]
        cell = cells.get((_CEILING, query.name))
        if not capped or cell is None:
            continue
        title = str(query.header.get("codename") or query.name)
        half = cells.get((_HALF, query.name))
        rows.append(
            (
                title,
                ", ".join(f"{name} ({limits[name]} rows)" for name in capped),
                f"{cell.passed} of {cell.checks}",
                f"{half.passed} of {half.checks}" if half else texts.NOTHING,
                _worst(inputs, query.name),
            )
        )
        if cell.verdict == "fail" and not (half and half.verdict == "fail"):
            failed.append(title)
    fails = f"Caps and bins, without any noise, fail {answer.listed(failed)}."
    passes = "No query fails for caps and bins only."
    heads = ("query", "capped tables", "ceiling passes", "half passes", "worst check")
    return answer.Answer(
        "What do the caps on entity tables cost each query?",
        (fails if failed else passes,) if rows else (),
        tables.of(heads, rows),
        "ceiling: the real fleet encoded and decoded, without noise. half: one half of "
        "the real fleet against the other, which no cap touches.",
    )


def missing(inputs: run_files.Inputs) -> answer.Answer:
    """Names the device tables that the source could not fill."""
    rows = []
    for name in inputs.missing_tables:
        readers = [
            str(query.header.get("codename") or query.name)
            for query in inputs.queries
            if name in (query.header.get("tables") or ())
        ]
        rows.append((name, ", ".join(readers) or texts.NOTHING))
    findings = (f"The source lacks {len(rows)} device tables.",) if rows else ()
    return answer.Answer(
        "Which device tables were left out, for want of a source?",
        findings,
        tables.of(("device table", "queries not evaluated"), rows),
        "",
    )


def _worst(inputs: run_files.Inputs, query: str) -> str:
    """Shows the check of a query on which the ceiling is farthest off."""
    checks = [
        row
        for row in inputs.scores
        if row["label"] == _CEILING and row["query"] == query
    ]
    worst = max(checks, key=_excess)
    return f"{worst['column'] or 'rows'}: {texts.show(worst['value'])}"


def _excess(row: Mapping[str, str]) -> float:
    """Computes how far a check is beyond its threshold, as a ratio."""
    value, threshold = float(row["value"]), float(row["threshold"])
    if row["metric"] in metrics.LARGER_IS_BETTER:
        return (1 - value) / max(1 - threshold, 1e-9)
    return value / threshold
