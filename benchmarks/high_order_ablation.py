"""What carries the published recipe for tables, and the steps from it to `pe`.

python benchmarks/high_order_ablation.py --sets=xor3 --seeds=0,1,2

Each row changes one choice of Tab-PE or of `pe`; see benchmarks/high_order.py for sets,
classifiers and flags. The published recipe gives the records that it keeps, the others
as many rows as they were fitted to. Adds to results/high_order_ablation.json;
other budgets get other files.
"""

import time
from typing import Any, NamedTuple

import dp_accounting
import high_order
import jax
import machine
import numpy as np
import origin
from absl import app, flags
from jaxtyping import Float

import teledp_jax as teledp
from teledp_jax import arrays, base, keys, runs, schemas
from teledp_jax.methods import pe
from teledp_jax.pe import strata, tab_pe
from teledp_jax.privacy import budgets, mechanisms

_ROWS = flags.DEFINE_list("rows", [], "Numbers of rows to measure, from 0; none: all.")


class Row(NamedTuple):
    """One row of the table.

    Attributes:
        change: What is changed.
        config: Settings of `pe`.
        recipe: Of Tab-PE.
    """

    change: str
    config: pe.Config
    recipe: tab_pe.Recipe = tab_pe.PUBLISHED


_TAB_PE = pe.Config(selection="tab_pe")
_RECIPE = tab_pe.PUBLISHED

ROWS = (
    Row("Tab-PE as published", _TAB_PE),
    Row("classes vote together", pe.Config(selection="tab_pe", label=strata.NO_LABEL)),
    Row("ranks from the first round", _TAB_PE, _RECIPE._replace(num_drawn=0)),
    Row("draws in all rounds", _TAB_PE, _RECIPE._replace(num_drawn=14)),
    Row("one child in place of three", _TAB_PE, _RECIPE._replace(num_children=1)),
    Row("parents are not kept", _TAB_PE, _RECIPE._replace(keeps_parents=False)),
    Row(
        "steps stay at a tenth",
        _TAB_PE,
        _RECIPE._replace(first_degree=0.1, last_degree=0.1),
    ),
    Row("categories nine times as far", _TAB_PE, _RECIPE._replace(mismatch=2.0)),
    Row("seven rounds", _TAB_PE, _RECIPE._replace(num_rounds=7)),
    Row("4,000 records", _TAB_PE, _RECIPE._replace(num_records=4000)),
    Row("`pe`: votes on leaves, fitted together", pe.Config()),
    Row("`pe`, classes vote together", pe.Config(label=strata.NO_LABEL)),
    Row("`pe`, no pairs at the start", pe.Config(pairs_share=0.0)),
    Row("`pe`, pool of 10,000", pe.Config(pool=10_000)),
    Row("`pe`, five rounds", pe.Config(num_rounds=5)),
)


def values(
    schema: schemas.Schema, devices: arrays.DeviceArrays
) -> Float[np.ndarray, "row column"]:
    """Reads codes as numbers: the middle of a bin, the number that a category names.

    Args:
        schema: The schema of a set.
        devices: Synthetic devices.

    Returns:
        Rows; NaN where a value is absent.
    """
    found = []
    codes = arrays.flatten(schema, devices)
    for column, own in zip(schema.anchor.columns, codes.T, strict=True):
        if column.is_number:
            edges = np.asarray(column.edges)
            known = (edges[1:] + edges[:-1]) / 2
        else:
            known = np.asarray(column.categories, np.float64)
        first = [np.nan, 0.0][: column.first_bin]  # absent, and zero if it has one
        found.append(np.append(first, known)[own])
    return np.column_stack(found)


def measure(row: Row, part: high_order.Set, seed: int) -> dict[str, Any]:
    """Fits one row once.

    Args:
        row: What to fit.
        part: The set.
        seed: Of keys.

    Returns:
        Accuracies and seconds.
    """
    count = len(part.train)
    devices = teledp.encode(high_order.tables(part), part.schema).arrays
    budget = budgets.Budget(
        epsilon=high_order.EPSILON.value,
        delta=1 / (count * np.log(count)),
        spent=dp_accounting.NoOpDpEvent(),
        num_devices=count,
    )
    made = pe.make(row.config, part.schema, budget, recipe=row.recipe)
    context = base.Context(
        base.MemoryStore(), lambda *args: None, mechanisms.seeded_integer_noise
    )
    public, privacy = jax.random.split(jax.random.key(seed))
    started = time.process_time()
    fitted = made.fit(keys.split(public, privacy), devices, context)
    seconds = time.process_time() - started
    is_tab_pe = row.config.selection == "tab_pe"
    drawn = made.sample(
        jax.random.fold_in(public, 2),
        fitted,
        row.recipe.num_records if is_tab_pe else count,
    )
    boosting, forest = high_order.accuracy(values(part.schema, drawn), part)
    return {
        "seed": seed,
        "code": origin.of_method("pe"),
        "boosting": boosting,
        "forest": forest,
        "fit_processor_seconds": seconds,
    }


def main(argv: list[str]) -> None:
    """Measures, adds to the result file and prints a line for each run."""
    del argv
    path = high_order.path_of("high_order_ablation")
    result = runs.read_json(path) if path.exists() else {"sets": {}}
    result |= {
        "command": "python benchmarks/high_order_ablation.py --sets=SETS --seeds=SEEDS "
        f"--epsilon={high_order.EPSILON.value:g}",
        "versions": machine.versions(),
        "hardware": machine.describe("cpu"),
        "epsilon": high_order.EPSILON.value,
    }
    rows = [ROWS[int(number)] for number in _ROWS.value] or ROWS
    for name in high_order.SETS.value:
        part = high_order.load(name)
        kept = result["sets"].setdefault(name, {})
        for row in rows:
            for seed in map(int, high_order.SEEDS.value):
                found = measure(row, part, seed)
                rest = [run for run in kept.get(row.change, []) if run["seed"] != seed]
                kept[row.change] = sorted([*rest, found], key=lambda run: run["seed"])
                runs.write_json(path, result)
                print(
                    f"{name:18s} {row.change:40s} seed {seed}: boosting "
                    f"{found['boosting']:.3f}, forest {found['forest']:.3f}"
                )


if __name__ == "__main__":
    app.run(main)
