"""Shows on the first screen what was promised, what to trust and what was left out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from teledp_jax import runs
from teledp_jax.report import judged, run_files, texts

_UNIT = "one device with all its rows in all tables"


def section(inputs: run_files.Inputs) -> dict[str, Any]:
    """Makes the first screen of a run."""
    found = judged.verdicts(inputs.judgement)
    released = _released(inputs)
    shown = _order(inputs, found, released)
    entry = _entry(inputs, released or shown)
    return {
        "promise": sentence(entry) if entry else "",
        "total": _total(inputs),
        "together": _together(inputs, released),
        "released": released,
        "no_release": _no_release(inputs, released),
        "left_out": _left_out(inputs, found, shown[:1]),
        "lists": {label: judged.lists(found, label, inputs.queries) for label in shown},
        "shares": {
            label: judged.mean_share(found, label, inputs.queries) for label in shown
        },
        "grades": judged.GRADES,
    }


def sentence(entry: Mapping[str, Any]) -> str:
    """States in plain words what an entry of the ledger promises.

    Args:
        entry: Has `unit`, `epsilon_pld` and `delta`.
    """
    epsilon, delta = texts.parse(entry["epsilon_pld"]), texts.parse(entry["delta"])
    if epsilon is None or delta is None:
        return ""
    unit = entry.get("unit") or _UNIT
    return (
        "What anybody can learn about a single device from the synthetic tables of "
        f"one method is bounded: with or without {unit}, each outcome is at most "
        f"{_factor(epsilon)} times as likely (epsilon {texts.epsilon(epsilon)}), but "
        f"for a probability of {texts.show(delta)} (delta)."
    )


def _factor(epsilon: float) -> str:
    """Writes e to the epsilon, rounded up, so that no more is promised than is true."""
    if epsilon > 20:
        return f"e^{epsilon:.3g}"
    value = math.exp(epsilon)
    digits = max(0, 2 - math.floor(math.log10(value)))
    return f"{math.ceil(value * 10**digits) / 10**digits:,.{digits}f}"


def _entry(inputs: run_files.Inputs, shown: Sequence[str]) -> Mapping[str, Any]:
    """The entry of the ledger that the sentence is about: the costliest label's."""
    entries = [inputs.ledger[label] for label in shown if label in inputs.ledger]
    entries = [entry for entry in entries if entry.get("epsilon_pld") is not None]
    return max(entries, key=lambda entry: entry["epsilon_pld"], default={})


def _together(inputs: run_files.Inputs, released: Sequence[str]) -> str:
    """What the released labels cost together, as their cards state it."""
    for label in released:
        card = runs.read_json(inputs.run.release(label) / "card.json")
        together = card.get("together") or {}
        if len(together.get("labels") or ()) > 1:
            return (
                f"Anyone who has the tables of {', '.join(together['labels'])}, which "
                f"are released together: epsilon {texts.epsilon(together['epsilon'])}, "
                f"delta {texts.show(together['delta'])}."
            )
    return ""


def _total(inputs: run_files.Inputs) -> str:
    """What all releases of the data set cost together, as far as is known."""
    book = inputs.book
    if book:
        most = book["cap_epsilon"]
        return (
            f"All releases of {book['data_set'] or 'this data set'} so far: epsilon "
            f"{texts.epsilon(book['epsilon'])}"
            f"{'' if most is None else f' of at most {texts.show(most)}'}, delta "
            f"{texts.show(book['delta'])}."
        )
    entry = inputs.ledger.get("total") or {}
    if not entry:
        return ""
    return (
        "All methods of this run together, for anyone who sees all their tables: "
        f"epsilon {texts.epsilon(entry.get('epsilon_pld'))}, delta "
        f"{texts.show(entry.get('delta'))}. Other runs on the same data add to it."
    )


def _released(inputs: run_files.Inputs) -> list[str]:
    """Labels whose tables lie in the folder that may leave."""
    return [
        label
        for label in inputs.labels
        if (inputs.run.release(label) / "card.json").exists()
    ]


def _lacking(inputs: run_files.Inputs, label: str) -> list[str]:
    """Files that a released folder should hold and does not."""
    tables = [path.name for path in inputs.run.synthetic(label).glob("*.parquet")]
    folder = inputs.run.release(label)
    return [
        name
        for name in ("card.json", "card.md", *sorted(tables))
        if not (folder / name).exists()
    ]


def _no_release(inputs: run_files.Inputs, released: Sequence[str]) -> str:
    """Why nothing is released; empty if something is."""
    if released:
        return ""
    if inputs.config.get("seeded"):
        return (
            "Nothing: this run is an experiment. Its noise follows from a seed, so it "
            "is no secret."
        )
    return "Nothing so far."


def _order(
    inputs: run_files.Inputs, found: judged.Verdicts, released: Sequence[str]
) -> list[str]:
    """Labels with verdicts: released ones first, then by share of right answers."""
    has = {label for label, _ in found}
    shares = {
        label: judged.mean_share(found, label, inputs.queries) or 0.0
        for label in inputs.labels
        if label in has or not found
    }
    last = runs.QUERY_ANSWERS  # no tables
    return sorted(
        shares,
        key=lambda label: (label not in released, label == last, -shares[label]),
    )


def _left_out(
    inputs: run_files.Inputs, found: judged.Verdicts, first: Sequence[str]
) -> list[str]:
    """What the page cannot speak about, a sentence each."""
    told = []
    if inputs.missing_tables:
        lacking = set(inputs.missing_tables)
        unread = [
            str(query.header.get("codename") or query.name)
            for query in inputs.queries
            if lacking & set(query.header.get("tables") or ())
        ]
        told.append(
            "Tables that the source lacks, which are not released: "
            f"{', '.join(inputs.missing_tables)}. Questions about them, which are not "
            f"evaluated: {', '.join(unread) or 'none'}."
        )
    for label in _released(inputs):
        if files := _lacking(inputs, label):
            told.append(
                f"release/{label}/ lacks {', '.join(files)}: write the report again "
                "before it leaves."
            )
    for label in first:
        verdicts = {
            query.name: found.get((label, query.name), judged.NONE)
            for query in inputs.queries
        }
        unknown = sum(one.grade is judged.UNKNOWN for one in verdicts.values())
        if unknown and found:
            told.append(f"Questions that cannot be judged: {unknown}.")
        lost = sum(
            int(texts.parse(one.fields.get("groups_lost")) or 0)
            for one in verdicts.values()
        )
        if lost:
            told.append(f"Groups of devices that {label} lost: {lost:,} in all.")
    fewest = inputs.settings.get("min_devices")
    few = f"fewer than {fewest}" if fewest else "too few"
    told.append(
        f"Groups of {few} devices are not judged: expect nothing of rare groups."
    )
    claims = [label for label in inputs.labels if label not in inputs.honest]
    if claims:
        told.append(
            f"No release of {', '.join(claims)}: they cost a device more than they "
            "claim."
        )
    return told
