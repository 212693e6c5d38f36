"""What was asked of foundation models, and what it cost."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from teledp_jax.report import run_files, tables, texts

METHOD = "pe_llm"

_REQUESTS = {
    "model": "model",
    "endpoint": "endpoint",
    "requests": "answers",
    "from_disk": "of them from disk",
    "attempts": "attempts for them",
    "failed_requests": "failed requests",
    "prompt_tokens": "prompt tokens",
    "completion_tokens": "completion tokens",
    "price": "cost",
}
_WRITTEN = {
    "records_asked": "asked for",
    "records_valid": "valid",
    "dropped": "dropped",
    "missing": "never written",
    "unreadable_answers": "answers without records",
}
DROPPED = {
    "dropped_shape": "not an object",
    "dropped_name": "unknown or missing name",
    "dropped_category": "text outside of a vocabulary",
    "dropped_number": "number out of bounds",
    "dropped_rows": "too many rows",
}
"""What the report calls each reason for which `pe.records` drops a record."""


class Section(NamedTuple):
    """Tables of the labels that asked a model.

    Attributes:
        requests: Requests, tokens and cost.
        written: Records, and why some were dropped.
    """

    requests: tables.Grid
    written: tables.Grid


def section(inputs: run_files.Inputs) -> Section | None:
    """Returns what labels of `METHOD` asked; None if there is none, or none has run."""
    facts = {
        label: _facts(inputs.costs[label].get("facts") or {})
        for label in inputs.labels
        if inputs.method(label) == METHOD and inputs.costs.get(label)
    }
    if not facts:
        return None
    return Section(_grid(facts, _REQUESTS), _grid(facts, _WRITTEN | DROPPED))


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a fit with what follows from them."""
    asked, valid = (facts.get(f"records_{part}", 0) for part in ("asked", "valid"))
    dropped = sum(facts.get(name, 0) for name in DROPPED)
    return {**facts, "dropped": dropped, "missing": asked - valid - dropped}


def _grid(facts: Mapping[str, Any], fields: Mapping[str, str]) -> tables.Grid:
    """Makes one row per label."""
    rows = [
        (label, *(texts.show(found.get(name)) for name in fields))
        for label, found in facts.items()
    ]
    return tables.Grid(columns=("label", *fields.values()), rows=tuple(rows))
