"""The release card: what leaves beside the synthetic tables, and nothing exact."""

import importlib.metadata
import pathlib
from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from teledp_jax import runs
from teledp_jax.report import audits, run_files, template


def write(
    run: runs.Run, label: str, *, together: Mapping[str, Any] | None = None
) -> None:
    """Writes `card.json` and `card.md` into `release/<label>/`.

    The card holds what is public (the config's method and settings, the ledger, the
    schema), what is counted on the synthetic tables, and what audits found on simulated
    fleets; no score, no time, no count of real rows.

    Args:
        run: The run folder of a run without a seed.
        label: One of its labels.
        together: Labels that leave together, and what they cost; None: it alone.

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
    card = _card(run, label, config.get("config") or {}, entry)
    audit = runs.read_json(run.audit) if run.audit.exists() else {}
    card["together"] = together
    card["data_set"] = runs.read_json(run.book) if run.book.exists() else None
    card["audit"] = audits.for_card(audit, card["method"])
    runs.write_json(run.release(label) / "card.json", card)
    environment = template.environment(autoescape=False)  # it is Markdown
    text = environment.get_template("card.md.jinja").render(card=card)
    with runs.atomic(run.release(label) / "card.md") as temporary:
        temporary.write_text(text, encoding="utf-8")


def _card(
    run: runs.Run, label: str, settings: dict[str, Any], entry: dict[str, Any]
) -> dict[str, Any]:
    """The card as plain values."""
    tables, num_devices = _tables(run, label)
    fields = (settings.get("methods") or {}).get(label) or {}
    return {
        "label": label,
        "method": run_files.method_name(settings, label),
        "settings": {key: value for key, value in fields.items() if key != "method"},
        "suite": pathlib.PurePath(settings["suite"]).name,  # of a path, only the name
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
        "tables": tables,
        "teledp_jax": importlib.metadata.version("teledp_jax"),
    }


def _tables(run: runs.Run, label: str) -> tuple[list[dict[str, Any]], int]:
    """Name, rows and columns of the synthetic tables, and the number of devices.

    The id is the first column of each table, and the anchor's ids are all of them.
    """
    tables, num_devices = [], 0
    for path in sorted(run.synthetic(label).glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            ids = file.read(columns=schema.names[:1]).column(0)
        num_devices = max(num_devices, pc.count_distinct(ids).as_py())
        tables.append(
            {
                "name": path.stem,
                "num_rows": len(ids),
                "columns": {field.name: str(field.type) for field in schema},
            }
        )
    return tables, num_devices
