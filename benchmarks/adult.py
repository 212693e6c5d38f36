"""Methods on the public Adult table, rows as devices: mean error of two-way marginals.

python benchmarks/adult.py --methods=histogram,mst,aim --seeds=0,1,2

To set the reference scripts of the authors of `mbi` beside them, run those first, at
the same budget and limit of memory, each with its output in a file, and name the files:

    python mst.py --dataset=adult.csv --domain=domain.json --epsilon=1 --delta=1e-5
    python aim.py --dataset=adult.csv --domain=domain.json --epsilon=1 --delta=1e-5 \
        --max_model_size=8
    python benchmarks/adult.py --reference_logs=mst:mst.log,aim:aim.log \
        --reference=ryan112358/mbi@REVISION

The error is the mean over all pairs of columns of half the L1 distance of the shares,
which is what those scripts print. Adds to benchmarks/results/adult.json; other budgets
get other files.
"""

import importlib.metadata
import itertools
import json
import pathlib
import re
import time
from typing import Any

import dp_accounting
import jax
import machine
import numpy as np
import origin
from absl import app, flags, logging

from teledp_jax import arrays, base, keys, registry, runs, schemas
from teledp_jax.privacy import accounting, budgets, mechanisms

_ROOT = pathlib.Path(__file__).parent.parent
_DATA = flags.DEFINE_string(
    "data", str(_ROOT / "../shared/data/adult"), "Folder of adult.csv and domain.json."
)
_METHODS = flags.DEFINE_list("methods", [], "Method names.")
_SEEDS = flags.DEFINE_list("seeds", ["0"], "Seeds of keys.")
_EPSILON = flags.DEFINE_float("epsilon", 1.0, "Budget.")
_DELTA = flags.DEFINE_float("delta", 1e-5, "Budget.")
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")
_LOGS = flags.DEFINE_list("reference_logs", [], "name:file of what a script printed.")
_REFERENCE = flags.DEFINE_string("reference", "", "Repository and revision.")


def load(folder: pathlib.Path) -> tuple[schemas.Schema, arrays.DeviceArrays]:
    """The table as a suite of one anchor; codes without an order, as in the scripts."""
    domain = json.loads((folder / "domain.json").read_text())
    lines = (folder / "adult.csv").read_text().split()
    header = lines[0].split(",")
    cells = np.array([line.split(",") for line in lines[1:]], np.int64)
    columns = tuple(
        schemas.Column(
            name=name, kind="category", categories=tuple(map(str, range(size)))
        )
        for name, size in domain.items()
    )
    table = schemas.Table(
        name="adult", role="anchor", grain="a person", columns=columns
    )
    schema = schemas.Schema(suite="adult", device="id", tables=(table,))
    codes = cells[:, [header.index(name) for name in domain]] + 1
    dtype = arrays.code_dtype(max(column.num_codes for column in columns))
    one_each = arrays.edges(np.ones(len(codes), np.int64))
    return schema, {"adult": arrays.TableArrays(codes.astype(dtype), one_each)}


def error(real: arrays.DeviceArrays, synthetic: arrays.DeviceArrays) -> float:
    """Mean total variation of all two-way marginals."""
    first, second = (
        np.asarray(part["adult"].codes).astype(np.int64) for part in (real, synthetic)
    )
    found = []
    for one, two in itertools.combinations(range(first.shape[1]), 2):
        width = max(int(part[:, two].max()) for part in (first, second)) + 1
        cells = [part[:, one] * width + part[:, two] for part in (first, second)]
        size = max(int(part.max()) for part in cells) + 1
        shares = [np.bincount(part, minlength=size) / len(part) for part in cells]
        found.append(0.5 * np.abs(shares[0] - shares[1]).sum())
    return float(np.mean(found))


def measure(
    name: str, seed: int, schema: schemas.Schema, devices: arrays.DeviceArrays
) -> dict[str, Any]:
    """One fit: its error, its epsilon and its times."""
    module = registry.method(name)
    count = arrays.num_devices(devices)
    budget = budgets.Budget(
        epsilon=_EPSILON.value,
        delta=_DELTA.value,
        spent=dp_accounting.NoOpDpEvent(),
        num_devices=count,
    )
    method = module.make(module.Config(), schema, budget)
    context = base.Context(
        base.MemoryStore(),
        lambda done, total, facts: logging.info("%s: %d of %d", name, done, total),
        mechanisms.seeded_integer_noise,
    )
    public, privacy = jax.random.split(jax.random.key(seed))
    started, processor = time.perf_counter(), time.process_time()
    fitted = method.fit(keys.split(public, privacy), devices, context)
    fit_seconds = time.perf_counter() - started
    processor_seconds = time.process_time() - processor
    started = time.perf_counter()
    synthetic = method.sample(jax.random.fold_in(public, 2), fitted, count)
    return {
        "seed": seed,
        "code": origin.of_method(name),
        "mean_two_way_variation": error(devices, synthetic),
        "epsilon_pld": accounting.epsilon_pld(method.event, _DELTA.value),
        "fit_seconds": fit_seconds,
        "fit_processor_seconds": processor_seconds,
        "sample_seconds": time.perf_counter() - started,
        "facts": dict(method.facts),
    }


def read_log(path: pathlib.Path) -> dict[str, Any]:
    """The error that a reference script has printed: of its rows, the last number."""
    match = re.findall(r"^Average Error:\s+(.*)$", path.read_text(), re.MULTILINE)
    return {
        "mean_two_way_variation": float(match[-1].split()[-1]),
        "reference": _REFERENCE.value,
    }


def main(argv: list[str]) -> None:
    """Measures, adds to the result file and prints a table."""
    del argv
    name = "adult.json" if _EPSILON.value == 1 else f"adult_{_EPSILON.value:g}.json"
    path = pathlib.Path(_OUTPUT.value) / name
    result = runs.read_json(path) if path.exists() else {"methods": {}}
    result |= {
        "command": "python benchmarks/adult.py --methods=NAMES --seeds=SEEDS "
        f"--epsilon={_EPSILON.value:g} --delta={_DELTA.value:g}",
        "versions": machine.versions() | {"mbi": importlib.metadata.version("mbi")},
        "hardware": machine.describe("cpu"),
        "epsilon": _EPSILON.value,
        "delta": _DELTA.value,
    }
    for log in _LOGS.value:
        label, _, file = log.partition(":")
        result["methods"][f"{label} (reference)"] = [read_log(pathlib.Path(file))]
        runs.write_json(path, result)
    schema, devices = load(pathlib.Path(_DATA.value))
    for method in _METHODS.value:
        kept = result["methods"].get(method, [])
        for seed in map(int, _SEEDS.value):
            found = measure(method, seed, schema, devices)
            kept = [row for row in kept if row["seed"] != seed] + [found]
            result["methods"][method] = sorted(kept, key=lambda row: row["seed"])
            runs.write_json(path, result)
    for label, rows in result["methods"].items():
        values = [row["mean_two_way_variation"] for row in rows]
        print(f"{label:24s} {np.mean(values):.4f}  ({len(values)} runs)")


if __name__ == "__main__":
    app.run(main)
