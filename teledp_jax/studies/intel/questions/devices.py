"""Answers what becomes of minorities, and what classifiers learn."""

import statistics
from collections.abc import Sequence

from teledp_jax.report import run_files, tables, texts
from teledp_jax.studies.intel.questions import answer

BANDS = ((0.0, 0.001), (0.001, 0.01), (0.01, 0.05))
"""Shares of devices by which rare events are told apart."""


def minorities(inputs: run_files.Inputs) -> answer.Answer:
    """Tells what happens to classes of under 5 % of the devices."""
    rows, findings = [], []
    for label, events in tables.groups(inputs.rare_events, "label").items():
        pairs = [
            (
                texts.parse(event["real_share"]) or 0.0,
                texts.parse(event["ratio"]) or 0.0,
            )
            for event in events
        ]
        bands = [
            [ratio for share, ratio in pairs if low <= share < high]
            for low, high in BANDS
        ]
        rows.append((label, *(_kept(ratios) for ratios in bands)))
        if label in inputs.honest:
            near, lost = _near_and_lost([ratio for _, ratio in pairs])
            findings.append(
                f"{label}: of {len(pairs)} classes {near} keep their share within a "
                f"factor of 2, {lost} are lost."
            )
    heads = (f"{100 * low:g} to {100 * high:g} % of devices" for low, high in BANDS)
    return answer.Answer(
        "What becomes of minority classes under 5 %?",
        tuple(findings),
        tables.of(("label", *heads), rows),
        "Classes whose share is within a factor of 2 of the real one, of all in the "
        "band, and how many are lost; classes of fewer than 20 devices are left out.",
    )


def downstream(inputs: run_files.Inputs) -> answer.Answer:
    """Tells how well classifiers do that were trained on synthetic devices."""
    gaps: dict[str, list[float]] = {}
    scores: dict[str, list[float]] = {}
    for rows in tables.groups(inputs.downstream, "task").values():
        by_label = {row["label"]: texts.parse(row["auc"]) for row in rows}
        real = by_label.get("real")
        for label, auc in by_label.items():
            if auc is not None and real is not None:
                scores.setdefault(label, []).append(auc)
                gaps.setdefault(label, []).append(real - auc)
    own = {label: statistics.mean(gaps[label]) for label in gaps}
    named = {label: own[label] for label in own if label in inputs.honest}
    findings = []
    if named:
        best = min(named, key=lambda label: named[label])
        findings.append(
            f"{best} comes nearest to training on the real fleet: its AUC is "
            f"{named[best]:.3f} lower in the mean of {len(gaps[best])} tasks."
        )
    return answer.Answer(
        "How good are downstream classifiers?",
        tuple(findings),
        tables.of(
            ("trained on", "mean AUC", "below real, mean", "below real, worst"),
            [
                (
                    label,
                    f"{statistics.mean(scores[label]):.3f}",
                    f"{own[label]:.3f}",
                    f"{max(gaps[label]):.3f}",
                )
                for label in gaps
            ],
        ),
        "Area under the ROC curve on real devices held out, over all tasks.",
    )


def _kept(ratios: Sequence[float]) -> str:
    """Tells how many classes of a band keep their share, and how many are lost."""
    if not ratios:
        return texts.NOTHING
    near, lost = _near_and_lost(ratios)
    return f"{near} of {len(ratios)}, {lost} lost"


def _near_and_lost(ratios: Sequence[float]) -> tuple[int, int]:
    """Counts ratios within a factor of 2, and those of 0."""
    near = sum(0.5 <= ratio <= 2 for ratio in ratios)
    return near, sum(ratio == 0 for ratio in ratios)
