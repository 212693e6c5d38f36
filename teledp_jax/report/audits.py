"""Shows what audits of the methods found, if a run folder holds an `audit.json`.

Audits run only on simulated fleets, so nothing of it comes from the fleet of the run.
"""

from collections.abc import Collection, Mapping
from typing import Any

from teledp_jax.privacy import findings
from teledp_jax.report import tables

Rows = list[dict[str, str]]


def section(audit: Mapping[str, Any], methods: Collection[str]) -> dict[str, Any]:
    """Returns the audit of some methods as the report shows it; empty without one.

    Args:
        audit: Content of `audit.json`.
        methods: Names in the registry.
    """
    if not audit:
        return {}
    rows: Rows = audit["findings"]
    return {
        "summary": audit["summary"],
        "command": audit.get("command", ""),
        "claims": _grid([row for row in rows if _concerns(row, methods)]),
        "controls": _grid([row for row in rows if _is_control(row)]),
    }


def for_card(audit: Mapping[str, Any], method: str) -> dict[str, Any] | None:
    """Returns the audit of one method for its release card; None without one."""
    if not audit:
        return None
    rows: Rows = audit["findings"]
    planted = [row for row in rows if _is_control(row)]
    return {
        "summary": audit["summary"],
        "command": audit.get("command", ""),
        "versions": audit.get("versions", {}),
        "findings": [row for row in rows if _concerns(row, (method,))],
        "controls_planted": len(planted),
        "controls_caught": sum(row["verdict"] == findings.CAUGHT for row in planted),
    }


def _is_control(row: Mapping[str, str]) -> bool:
    """Whether a row is about a planted fault."""
    return row["audit"].startswith(findings.CONTROL)


def _concerns(row: Mapping[str, str], methods: Collection[str]) -> bool:
    """Whether a row speaks of one of these methods, or of what they are made of."""
    name = row["method"].partition(",")[0]
    trains = any(method.startswith("dpsgd") for method in methods)
    return not _is_control(row) and (
        name in methods
        or row["audit"] == findings.ACCOUNTANT
        or (name == "DP-SGD" and trains)
    )


def _grid(rows: Rows) -> tables.Grid:
    """Rows as a table of the page."""
    columns = findings.Finding._fields
    return tables.Grid(
        columns=columns,
        rows=tuple(tuple(row[name] for name in columns) for row in rows),
    )
