"""The release card: what leaves beside the synthetic tables, and nothing exact."""

import importlib.metadata
import pathlib
from collections.abc import Mapping
from typing import Any

from teledp_jax import runs, schemas
from teledp_jax.report import audits, card_tables, complexity, run_files, template

SCHEMA = pathlib.Path(__file__).with_name("card.schema.json")
"""JSON schema of `card.json`."""

VERSION = 1
"""Of the keys of `card.json`; it grows when one changes its meaning or goes."""

_USES = (
    "SQL over whole fleets: counts, shares, means and rankings of groups of devices.",
    "Trying out queries, pipelines and models before they meet real data.",
)
_LIMITS = (
    "A row describes no real device. Do not act on single rows or devices.",
    "Answers about groups of few devices are mostly noise.",
    "Values outside of a column's domain were clamped, or called other, before the "
    "fit; inside a bin, values are drawn.",
    "What depends on columns in ways that the method does not measure may be lost.",
    "The tables do not tell how far off they are: see trust.parquet, if any.",
)


def write(
    run: runs.Run,
    label: str,
    schema: schemas.Schema,
    *,
    together: Mapping[str, Any] | None = None,
) -> None:
    """Writes `card.json` and `card.md` into `release/<label>/`.

    The card holds what is public (the config's method and settings, the ledger, the
    schema), what is counted on the synthetic tables, and what audits found on simulated
    fleets; no score, no time, no count of real rows.

    Args:
        run: The run folder of a run without a seed.
        label: One of its labels.
        schema: The schema by which it was fitted.
        together: Labels that leave together, and what they cost; None: only this one.

    Raises:
        InputError: If the config or the ledger cannot be read.
        ValueError: If the run is seeded: its noise is no secret. If the label exceeds
            its budget, or keeps its books as the published study does.
    """
    config = runs.read_json(run.config)
    if config.get("seeded"):
        raise ValueError(f"Expected a run without a seed to release {label!r}.")
    entry = runs.read_json(run.ledger)[label]
    if "claimed" in entry or not entry.get("within_budget"):
        raise ValueError(f"Expected {label!r} to be within its budget to release it.")
    card = _card(run, label, config, entry, schema)
    audit = runs.read_json(run.audit) if run.audit.exists() else {}
    card["together"] = together
    card["data_set"] = runs.read_json(run.book) if run.book.exists() else None
    card["audit"] = audits.for_card(audit, card["method"])
    graded = run.trust(label) / "trust.json"
    card["trust"] = runs.read_json(graded) if graded.exists() else {}
    runs.write_json(run.release(label) / "card.json", card)
    environment = template.environment(autoescape=False)  # it is Markdown
    text = environment.get_template("card.md.jinja").render(card=card)
    with runs.atomic(run.release(label) / "card.md") as temporary:
        temporary.write_text(text, encoding="utf-8")


def _card(
    run: runs.Run,
    label: str,
    config: Mapping[str, Any],
    entry: Mapping[str, Any],
    schema: schemas.Schema,
) -> dict[str, Any]:
    """The card as plain values."""
    settings: Mapping[str, Any] = config.get("config") or {}
    tables, num_devices = card_tables.describe(
        run,
        label,
        schema,
        run_files.domains(run, settings).get("sizes", {}),
        entry["max_rows"],
    )
    fields = (settings.get("methods") or {}).get(label) or {}
    method = run_files.method_name(settings, label)
    recorded = complexity.of(method)
    return {
        "card_version": VERSION,
        "label": label,
        "method": method,
        "about": recorded.about if recorded else "",
        "settings": {key: value for key, value in fields.items() if key != "method"},
        "chosen": _chosen(settings, label),
        "suite": pathlib.PurePath(settings["suite"]).name,  # of a path, only the name
        "window": _window(settings),
        "simulated": settings.get("source") is None,
        "holdout": settings.get("holdout"),
        "workloads": list(settings.get("workloads") or ()),
        "unit": entry["unit"],
        "adjacency": entry["adjacency"],
        "epsilon": entry["epsilon_pld"],
        "delta": entry["delta"],
        "delta_times_devices": entry["delta_times_devices"],
        "budget": entry["budget"],
        "epsilon_rdp": entry.get("epsilon_rdp"),
        "events": [
            {key: event[key] for key in ("stage", "mechanism", "event", "text")}
            for event in entry["events"]
        ],
        "num_synthetic_devices": num_devices,
        "learnt": _cost(run, settings),
        "tables": tables,
        "intended_use": list(_USES),
        "limits": list(_LIMITS),
        "versions": dict(config.get("versions") or {}),
        "teledp_jax": importlib.metadata.version("teledp_jax"),
    }


def _cost(run: runs.Run, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """What was learnt of domains, and its cost by itself; None: nothing was."""
    learnt = run_files.domains(run, settings)
    if not learnt:
        return None
    texts = learnt["domain"]["vocabularies"].values()
    return {
        "num_columns": len(learnt["sizes"]),
        "num_texts": sum(map(len, texts)),
        **{key: learnt[key] for key in ("share", "epsilon", "delta")},
    }


def _window(settings: Mapping[str, Any]) -> dict[str, str] | None:
    """First and last day that the config asks for; None: all that the source has."""
    first, last = settings.get("window") or ("", "")
    return {"first": first, "last": last} if first or last else None


def _chosen(settings: Mapping[str, Any], label: str) -> str:
    """How it was decided that this label leaves."""
    named = settings.get("release") or ()
    if label in named:
        return "The config names it for release."
    return "The config names no label for release, so it is the first that may leave."
