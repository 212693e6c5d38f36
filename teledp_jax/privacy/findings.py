"""What audits found: measured against claimed, as rows of one table."""

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from teledp_jax import runs

HOLDS, FAILS = "holds", "FAILS"
CAUGHT, MISSED = "caught", "NOT CAUGHT"
SKIPPED = "not run"

CONTROL = "control, by "
"""How `audit` of a planted fault begins; the audit that must catch it follows."""

ACCOUNTANT = "accountant"
"""`audit` of a comparison of accountants, which concerns every method."""

_TITLES = ("audit", "method", "measured", "claimed", "verdict")


class Finding(NamedTuple):
    """One row of the audit's table.

    Attributes:
        audit: What was checked.
        method: Of which method or mechanism; for a negative control, its name.
        measured: What was measured, in words and numbers.
        claimed: What it may be at most, in the same unit.
        verdict: `HOLDS` or `FAILS`; of a negative control `CAUGHT` or `MISSED`;
            `SKIPPED` where an optional library is absent.
    """

    audit: str
    method: str
    measured: str
    claimed: str
    verdict: str

    @property
    def is_bad(self) -> bool:
        """Whether a claim failed, or a planted fault went unseen."""
        return self.verdict in (FAILS, MISSED)


def verdict(holds: bool) -> str:
    """Returns the verdict on a claim that holds or does not."""
    return HOLDS if holds else FAILS


def table(findings: Sequence[Finding]) -> str:
    """Writes the findings as aligned text."""
    rows = [_TITLES, *findings]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_TITLES))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def summary(findings: Sequence[Finding]) -> str:
    """Counts in one line which claims hold and which planted faults were caught."""
    counts = {
        name: sum(finding.verdict == name for finding in findings)
        for name in (HOLDS, FAILS, CAUGHT, MISSED, SKIPPED)
    }
    return (
        f"{counts[HOLDS]} claims hold, {counts[FAILS]} fail; "
        f"{counts[CAUGHT]} negative controls caught, {counts[MISSED]} not caught; "
        f"{counts[SKIPPED]} not run."
    )


def markdown(findings: Sequence[Finding]) -> str:
    """Writes the findings as a Markdown table under their summary."""
    rows = [_TITLES, tuple("---" for _ in _TITLES), *findings]
    lines = (
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
        for row in rows
    )
    return "\n".join(["# Privacy audit", "", summary(findings), "", *lines, ""])


def write(
    folder: pathlib.Path, findings: Sequence[Finding], facts: Mapping[str, Any]
) -> None:
    """Writes `audit.json`, `audit.md` and `audit.txt` to a folder.

    Args:
        folder: Made if absent; `audit/` in a run folder is where its report looks.
        findings: What was found.
        facts: What it was found by: command, versions, hardware.
    """
    content = {
        **facts,
        "summary": summary(findings),
        "passed": not any(finding.is_bad for finding in findings),
        "findings": [finding._asdict() for finding in findings],
    }
    texts = {
        "audit.json": json.dumps(content, indent=2) + "\n",
        "audit.md": markdown(findings),
        "audit.txt": f"{table(findings)}\n\n{summary(findings)}\n",
    }
    for name, text in texts.items():
        with runs.atomic(folder / name) as path:
            path.write_text(text)
