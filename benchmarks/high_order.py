"""Tables whose label depends on many columns at once: can it be learnt from the rows?

python benchmarks/high_order.py --sets=xor3,xor5 --methods=pe,aim --seeds=0,1,2

Two classifiers (gradient boosting, random forest) are trained on synthetic rows and
tested on real ones. In sets xor2, xor3, ... the label is the exclusive or of so many
numbers. In shell3 and the like it says whether so many numbers lie far from the middle
of the cube; in cells3 and the like it is drawn for each cell of thirds of the numbers.
In thirds3 and the like it is the sum of the thirds that they lie in, modulo 3; in
centres3 and the like it is drawn for each of 24 random points, and the nearest decides.
In wide3 and the like it is an exclusive or of numbers whose public bounds are ten times
as wide as they need be. Two more numbers and a category say nothing. Settings of `pe`
were chosen on xor3, xor5 and person_activity; the others are for tests. --data=DIR
takes further sets from DIR/<set>/train.csv, test.csv and domain.json, which states for
each column `category` with its values or `number` with public bounds; the label is the
last column.

Numbers are cut into --bins even bins between their public bounds: nothing is taken from
the data for free. Adds to benchmarks/results/high_order.json; other budgets get other
files.
"""

import csv
import json
import pathlib
import re
import resource
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import machine
import numpy as np
import origin
from absl import app, flags
from jaxtyping import Float
from sklearn import ensemble

import teledp_jax as teledp
from teledp_jax import registry, runs, schemas

SETS = flags.DEFINE_list("sets", ["xor3"], "Names of sets.")
_DATA = flags.DEFINE_string("data", None, "Folder of sets that are no exclusive or.")
_METHODS = flags.DEFINE_list("methods", ["pe"], "Method names.")
SEEDS = flags.DEFINE_list("seeds", ["0"], "Seeds of keys.")
EPSILON = flags.DEFINE_float("epsilon", 1.0, "Budget.")
_BINS = flags.DEFINE_integer("bins", 1024, "Even bins of a number.")
OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")

_NUM_ROWS = flags.DEFINE_integer(
    "num_rows", 10_000, "Rows of an exclusive or to fit to."
)

_NUM_TESTED = 3_000
_MOST_TRAINED = 100_000  # synthetic rows that the classifiers see


class Set(NamedTuple):
    """A table with a label.

    Attributes:
        schema: One anchor; the label is its last column.
        train: Real rows to fit to.
        test: Real rows to test on.
    """

    schema: schemas.Schema
    train: Float[np.ndarray, "row column"]
    test: Float[np.ndarray, "row column"]


def draw(
    kind: str, size: int, num_rows: int, seed: int
) -> Float[np.ndarray, "row column"]:
    """Draws rows whose last column depends on some others together.

    Args:
        kind: `xor` and `wide`: the parity of the numbers above one half; `shell`:
            whether they are farther from the middle than most; `cells`: a fair coin for
            each of the cells that their thirds make; `thirds`: the sum of their thirds,
            modulo 3; `centres`: a fair coin for the nearest of 24 random points.
        size: How many numbers decide.
        num_rows: How many rows.
        seed: Of the draw.

    Returns:
        `size + 2` numbers in [0, 1), a category of four values, and the label.
    """
    rng = np.random.default_rng(seed)
    numbers = rng.random((num_rows, size + 2)).round(3)
    category = rng.integers(0, 4, num_rows)
    decide = numbers[:, :size]
    if kind in ("xor", "wide"):
        label = (decide > 0.5).sum(1) % 2
    elif kind == "shell":
        # The mean of the squared distance of a uniform point: size / 12.
        label = ((decide - 0.5) ** 2).sum(1) > size / 12
    elif kind == "thirds":
        label = np.minimum(decide * 3, 2).astype(int).sum(1) % 3
    elif kind == "centres":
        of_set = np.random.default_rng(size)
        centres, coins = of_set.random((24, size)), of_set.permutation(24) % 2
        apart = ((decide[:, None, :] - centres[None, :, :]) ** 2).sum(2)
        label = coins[apart.argmin(axis=1)]
    else:
        coins = np.random.default_rng(size).integers(0, 2, 3**size)
        label = coins[
            (np.minimum(decide * 3, 2).astype(int) * 3 ** np.arange(size)).sum(1)
        ]
    return np.column_stack([numbers, category, label])


def load(name: str) -> Set:
    """Makes or reads a set.

    Args:
        name: A kind of `draw` and a number, as xor3, or a folder of --data.

    Returns:
        The set.
    """
    if match := re.fullmatch(r"(xor|wide|shell|cells|thirds|centres)(\d+)", name):
        kind, size = match[1], int(match[2])
        names = [f"V{place}" for place in range(1, size + 3)]
        classes = [0, 1, 2] if kind == "thirds" else [0, 1]
        bounds = [0, 10 if kind == "wide" else 1]
        domain: dict[str, Any] = {column: {"number": bounds} for column in names}
        domain |= {"C": {"category": [0, 1, 2, 3]}, "Class": {"category": classes}}
        parts = [
            draw(kind, size, _NUM_ROWS.value, size),
            draw(kind, size, _NUM_TESTED, 100 + size),
        ]
    else:
        if _DATA.value is None:
            raise app.UsageError(f"State --data, the folder of {name}.")
        folder = pathlib.Path(_DATA.value) / name
        lacking = [
            name
            for name in ("domain.json", "train.csv", "test.csv")
            if not (folder / name).is_file()
        ]
        if lacking:
            raise app.UsageError(f"--data: {folder} lacks {', '.join(lacking)}.")
        domain = json.loads((folder / "domain.json").read_text())
        parts = [_read(folder / f"{part}.csv", domain) for part in ("train", "test")]
    columns = {column: _column(stated) for column, stated in domain.items()}
    return Set(teledp.schema(teledp.anchor("rows", columns), device="id"), *parts)


def _read(
    path: pathlib.Path, domain: Mapping[str, Any]
) -> Float[np.ndarray, "row column"]:
    """The rows of a CSV, in the order of the domain."""
    with path.open(newline="") as file:
        rows = [[float(row[name]) for name in domain] for row in csv.DictReader(file)]
    return np.array(rows)


def _column(stated: Mapping[str, Sequence[Any]]) -> Mapping[str, Any]:
    """A column of the schema, by what the domain states."""
    if "category" in stated:
        return teledp.category([f"{value:g}" for value in stated["category"]])
    low, high = stated["number"]
    return teledp.double(low=low, high=high, bins=_BINS.value)


def tables(part: Set) -> dict[str, dict[str, list[Any]]]:
    """Gives the rows to fit to as columns; each row is a device.

    Args:
        part: The set.
    """
    ids = [f"row-{number}" for number in range(len(part.train))]
    columns: dict[str, list[Any]] = {"id": ids}
    for place, column in enumerate(part.schema.anchor.columns):
        values = part.train[:, place].tolist()
        if not column.is_number:
            values = [f"{value:g}" for value in values]
        columns[column.name] = values
    return {"rows": columns}


def rows_of(synthetic: Any, part: Set) -> Float[np.ndarray, "row column"]:
    """Reads a synthetic table as numbers, as the real rows are.

    Args:
        synthetic: The table.
        part: The set.
    """
    columns = [
        np.asarray(synthetic[column.name].to_pylist(), np.float64)
        for column in part.schema.anchor.columns
    ]
    return np.column_stack(columns)


def accuracy(rows: Float[np.ndarray, "row column"], part: Set) -> list[float]:
    """Trains on synthetic rows, tests on real ones.

    Args:
        rows: Synthetic rows; those that lack a value do not count.
        part: The set.

    Returns:
        Share of right labels by gradient boosting and by a random forest.
    """
    rows = rows[np.isfinite(rows).all(axis=1)]
    classifiers = (
        ensemble.HistGradientBoostingClassifier(random_state=0, max_iter=60),
        ensemble.RandomForestClassifier(200, random_state=0),
    )
    features, label = part.test[:, :-1], part.test[:, -1]
    return [
        float((own.fit(rows[:, :-1], rows[:, -1]).predict(features) == label).mean())
        for own in classifiers
    ]


def measure(method: str, part: Set, seed: int) -> dict[str, Any]:
    """Fits one method once.

    Args:
        method: Its name.
        part: The set.
        seed: Of keys.

    Returns:
        Accuracies, epsilon, seconds, and the most memory that the process has held up
        to the end of the fit.
    """
    count = len(part.train)
    started, processor = time.perf_counter(), time.process_time()
    fitted = teledp.fit(
        teledp.encode(tables(part), part.schema),
        method,
        epsilon=EPSILON.value,
        delta=1 / (count * np.log(count)),
        seed=seed,
    )
    seconds = time.perf_counter() - started
    processor = time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # kilobytes
    synthetic = fitted.sample(min(count, _MOST_TRAINED))["rows"]
    boosting, forest = accuracy(rows_of(synthetic, part), part)
    return {
        "seed": seed,
        "code": origin.of_method(method),
        "boosting": boosting,
        "forest": forest,
        "epsilon": fitted.epsilon,
        "fit_seconds": seconds,
        "fit_processor_seconds": processor,
        "peak_rss_bytes": peak,
    }


def path_of(name: str) -> pathlib.Path:
    """Returns the file of a result; each budget has its own.

    Args:
        name: Of the result at epsilon 1.
    """
    if EPSILON.value != 1:
        name = f"{name}_{EPSILON.value:g}"
    return pathlib.Path(OUTPUT.value) / f"{name}.json"


def main(argv: list[str]) -> None:
    """Measures, adds to the result file and prints a table."""
    del argv
    path = path_of("high_order")
    result = runs.read_json(path) if path.exists() else {"sets": {}}
    result |= {
        "command": "python benchmarks/high_order.py --sets=SETS --methods=NAMES "
        f"--seeds=SEEDS --epsilon={EPSILON.value:g} --bins={_BINS.value}",
        "versions": machine.versions(),
        "hardware": machine.describe("cpu"),
        "epsilon": EPSILON.value,
        "bins": _BINS.value,
    }
    for method in _METHODS.value:
        registry.method(method)
    for name in SETS.value:
        part = load(name)
        if _NUM_ROWS.value != _NUM_ROWS.default:
            name = f"{name}, {_NUM_ROWS.value:,} rows"
        kept = result["sets"].setdefault(name, {})
        for method in _METHODS.value:
            for seed in map(int, SEEDS.value):
                found = measure(method, part, seed)
                rest = [row for row in kept.get(method, []) if row["seed"] != seed]
                kept[method] = sorted([*rest, found], key=lambda row: row["seed"])
                runs.write_json(path, result)
                print(
                    f"{name:18s} {method:18s} seed {seed}: boosting "
                    f"{found['boosting']:.3f}, forest {found['forest']:.3f}, "
                    f"{found['fit_seconds']:.0f} s"
                )


if __name__ == "__main__":
    app.run(main)
