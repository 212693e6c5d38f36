"""Shows how well models do that were trained on synthetic devices."""

from typing import Any

from teledp_jax.report import dots, embed, run_files, tables, texts


def section(inputs: run_files.Inputs, draw: embed.Draw) -> dict[str, Any]:
    """Makes the section: a table, and a figure for each of two scores."""
    tasks = tables.groups(inputs.downstream, "task")
    labels = [
        label
        for label in tables.groups(inputs.downstream, "label")
        if label not in run_files.REFERENCES
    ]
    drawn = []
    for score, name in (("auc", "AUC"), ("f1", "F1")) if tasks else ():
        series = {
            label: [
                next(
                    (texts.parse(row[score]) for row in rows if row["label"] == label),
                    None,
                )
                for rows in tasks.values()
            ]
            for label in labels
        }
        names = [texts.heading(task) for task in tasks]
        svg = dots.dots(names, series, inputs.labels, axis=name)
        alt = f"{name} on real devices held out, by training data"
        drawn.append(draw(f"downstream_{score}", svg, alt))
    ordered = [row for rows in tasks.values() for row in rows]
    return {
        "figures": drawn,
        "grid": tables.grid(
            [
                {"task": row["task"], "trained on": row["label"]}
                | {name: row[name] for name in row if name not in ("task", "label")}
                for row in ordered
            ]
        ),
    }
