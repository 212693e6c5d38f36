"""Answers how much time and memory each method takes."""

from teledp_jax.report import run_files, scores, tables, texts
from teledp_jax.studies.intel.questions import answer


def costs(inputs: run_files.Inputs) -> answer.Answer:
    """Tells the time and memory of each method, and the time per passed query."""
    cells = scores.matrix(inputs.scores)
    rows, seconds, memory = [], {}, {}
    for label in inputs.labels:
        cost = inputs.costs.get(label) or {}
        fit = texts.parse(cost.get("fit_seconds"))
        draw = texts.parse(cost.get("sample_seconds"))
        peak = texts.parse(cost.get("peak_rss_bytes"))
        if fit is None:
            continue
        seconds[label] = fit + (draw or 0.0)
        if peak is not None:
            memory[label] = peak
        passed, _ = scores.tally(cells, label, inputs.queries)
        rows.append(
            (
                label,
                texts.seconds(seconds[label]),
                texts.size(peak),
                str(passed),
                texts.seconds(seconds[label] / passed if passed else None),
            )
        )
    heads = ("label", "fit and sample", "peak memory", "queries passed", "time each")
    return answer.Answer(
        "How much time and memory does each method take?",
        tuple(_findings(seconds, memory)),
        tables.of(heads, rows),
        "Each method in a process of its own, on the hardware that is named below.",
    )


def _findings(seconds: dict[str, float], memory: dict[str, float]) -> list[str]:
    """Names the fastest, the slowest and the largest, if there are several."""
    findings = []
    if len(seconds) > 1:
        fast = min(seconds, key=lambda label: seconds[label])
        slow = max(seconds, key=lambda label: seconds[label])
        findings.append(
            f"{fast} is done first ({texts.seconds(seconds[fast])}), {slow} last "
            f"({texts.seconds(seconds[slow])})."
        )
    if len(memory) > 1:
        most = max(memory, key=lambda label: memory[label])
        findings.append(f"{most} needs most memory ({texts.size(memory[most])}).")
    return findings
