"""Shows what a run promises: budgets, events, and what private domains cost."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from teledp_jax.report import judged, run_files, tables, texts


class Claim(NamedTuple):
    """What one label, or all of them together, promises.

    Attributes:
        label: The label, or `total`.
        method: Name of its method.
        entry: Its entry in the ledger.
        events: Its events, one per row.
    """

    label: str
    method: str
    entry: Mapping[str, Any]
    events: tables.Grid

    @property
    def claimed(self) -> str:
        """What the published study would say of it; empty for all other labels."""
        claim = self.entry.get("claimed")
        if not claim:
            return ""
        parts = claim["num_parts"]
        each = f"{texts.show(claim['epsilon'])} for each of {parts} parts"
        whole = f"{texts.show(claim['epsilon'])} in all"
        return f"{each if parts > 1 else whole} ({claim['reading']})"


def section(inputs: run_files.Inputs) -> dict[str, Any]:
    """Makes the section: unit, adjacency, budgets and events, and the total."""
    claims = [
        Claim(label, inputs.method(label), entry, _events(entry))
        for label, entry in inputs.ledger.items()
    ]
    return {
        "claims": [claim for claim in claims if claim.label != "total"],
        "total": next((claim for claim in claims if claim.label == "total"), None),
        "first": claims[0].entry if claims else {},
        "claimed": [claim.label for claim in claims if claim.claimed],
        "num_devices": inputs.config.get("num_devices"),
    }


def _events(entry: Mapping[str, Any]) -> tables.Grid:
    """Shows the events of an entry of the ledger."""
    rows = [
        (
            str(event.get("stage", "")),
            str(event.get("mechanism", "")),
            str(event.get("text") or event.get("event", "")),
        )
        for event in entry.get("events") or ()
    ]
    return tables.of(("stage", "mechanism", "event"), rows)


def domains(inputs: run_files.Inputs) -> dict[str, Any]:
    """Shows what private domains cost by themselves, and how much was learnt.

    Returns:
        The facts; empty if the config states all domains.
    """
    learnt = inputs.domains
    if not learnt:
        return {}
    devices = max(int(inputs.config.get("num_devices") or 0), 1)
    sizes = [
        (name, size["kind"], str(size["learnt"]), str(size["stated"]))
        for name, size in learnt["sizes"].items()
    ]
    found = judged.verdicts(inputs.judgement)
    right = {
        name: share
        for name in ("ceiling", "ceiling_public")
        if (share := judged.mean_share(found, name, inputs.queries)) is not None
    }
    shares = [
        (name, f"{100 * count / devices:.1f} %")
        for name, count in learnt["domain"]["presences"].items()
    ]
    heads = ("column", "kind", "bins or values used", "in the header")
    return {
        "share": learnt["share"],
        "epsilon": learnt["epsilon"],
        "delta": learnt["delta"],
        "devices": learnt.get("devices", {}),
        "num_texts": sum(map(len, learnt["domain"]["vocabularies"].values())),
        "num_columns": learnt["num_columns"],
        "right": right if len(right) == 2 else {},
        "has_texts": bool(learnt["domain"]["vocabularies"]),
        "sizes": tables.of(heads, sizes),
        "presences": tables.of(("table", "devices that have it"), shares),
    }
