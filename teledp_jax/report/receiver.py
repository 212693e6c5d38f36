"""Writes `card.html`: the release card and the grades of answers, for who receives it.

It is made only of files of the released folder and of public queries, so that nothing
exact can reach it.
"""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.parquet as pq

from teledp_jax import runs
from teledp_jax.report import judged, overview, page, run_files, tables, template, texts

NAME = "card.html"

MOST_ANSWERS = 100
"""Answers to a question that the page shows; `trust.parquet` has them all."""

_GRADES = {"avoid": judged.AVOID, "care": judged.CARE, "use": judged.USE}


def write(folder: pathlib.Path, queries: Sequence[run_files.Query]) -> pathlib.Path:
    """Writes the page beside a card.

    Args:
        folder: A released folder: `card.json`, and perhaps `trust.parquet`.
        queries: The queries that the grades are about.

    Returns:
        Path of the page.

    Raises:
        InputError: If there is no card.
    """
    card: dict[str, Any] = runs.read_json(folder / "card.json")
    path = folder / "trust.parquet"
    rows = pq.read_table(path).to_pylist() if path.exists() else []
    environment = template.environment()
    html = environment.get_template("release.html.jinja").render(
        card=card,
        seeded=False,
        promise=overview.sentence(
            {**card, "epsilon_pld": card["epsilon"], "delta": card["delta"]}
        ),
        grades=_graded(card, queries),
        questions=[_question(card, query, rows) for query in _order(card, queries)],
        tables=[(table, _columns(table)) for table in card["tables"]],
        events=tables.grid(
            [
                {name: event[name] for name in ("stage", "mechanism", "text")}
                for event in card["events"]
            ]
        ),
        findings=tables.grid((card.get("audit") or {}).get("findings") or []),
        **page.script_of(environment),
    )
    with runs.atomic(folder / NAME) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return folder / NAME


def _grade(card: Mapping[str, Any], query: run_files.Query) -> judged.Grade:
    """Grade of a question, as the card has it."""
    graded = (card.get("trust") or {}).get("queries") or {}
    return _GRADES.get(graded.get(query.name, ""), judged.UNKNOWN)


def _order(
    card: Mapping[str, Any], queries: Sequence[run_files.Query]
) -> list[run_files.Query]:
    """The questions, those not to use first."""
    order = [*_GRADES.values(), judged.UNKNOWN]
    return sorted(queries, key=lambda query: order.index(_grade(card, query)))


def _graded(
    card: Mapping[str, Any], queries: Sequence[run_files.Query]
) -> list[tuple[judged.Grade, list[run_files.Query]]]:
    """A list of questions per grade; none without grades."""
    if not card.get("trust"):
        return []
    lists = [
        (grade, [query for query in queries if _grade(card, query) is grade])
        for grade in judged.GRADES
    ]
    return [pair for pair in lists if pair[1] or pair[0] is not judged.UNKNOWN]


def _question(
    card: Mapping[str, Any],
    query: run_files.Query,
    rows: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The part of one question: its grade, and its answers, the worst first."""
    order = list(_GRADES)
    own = [row for row in rows if row["query"] == query.name]
    own.sort(key=lambda row: order.index(row["grade"]))
    shown = [
        (
            judged.group(row["group_key"]),
            texts.heading(row["column"]),
            texts.show(row["devices"]),
            row["text"] if row["value"] is None else texts.show(row["value"]),
            _between(row),
            f"{_GRADES[row['grade']].mark} {_GRADES[row['grade']].brief}",
            row["reason"] or "",
        )
        for row in own[:MOST_ANSWERS]
    ]
    level = (card.get("trust") or {}).get("level")
    heads = (
        "group", "value", "synthetic devices", "answer",
        f"{texts.percent(level)} interval", "grade", "reason",
    )  # fmt: skip
    answers = tables.of(heads, shown)._replace(more=len(own) - len(shown))
    return {"query": query, "grade": _grade(card, query), "answers": answers}


def _between(row: Mapping[str, Any]) -> str:
    """Writes an interval."""
    if row["low"] is None or row["high"] is None:
        return texts.NOTHING
    return f"{texts.show(row['low'])} to {texts.show(row['high'])}"


def _columns(table: Mapping[str, Any]) -> tables.Grid:
    """Describes the columns of a table."""
    origins = {"stated": "public file", "learnt": "learnt under noise", "": ""}
    rows = [
        (
            column["name"],
            column["meaning"],
            column["unit"],
            texts.domain(column["domain"]),
            origins[column["domain_from"]],
            column["type"],
        )
        for column in table["columns"]
    ]
    return tables.of(("column", "meaning", "unit", "domain", "from", "type"), rows)
