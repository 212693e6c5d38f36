"""How many names of entity tables a run learns, by how many devices have them.

python benchmarks/names.py --config=configs/dca_intel.py --tables=runs/dca_intel/real

Reads device tables of a simulated or public fleet and learns names as a run of the
config does, with a key for each seed. A name is common if at least --share of the
devices have it; the result says how many common names each column has, how many of them
its header lists, and how many are kept. Writes benchmarks/results/names_<config>.json.
"""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import jax
import machine
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from absl import app, flags
from ml_collections import config_flags

from teledp_jax import base, runs, schemas
from teledp_jax.data import headers
from teledp_jax.data import values as values_lib
from teledp_jax.job import learn, provenance, settings
from teledp_jax.privacy import domain, mechanisms, texts

_CONFIG = config_flags.DEFINE_config_file("config", None, "Config file.")
_TABLES = flags.DEFINE_string("tables", None, "Device tables.", required=True)
_SHARE = flags.DEFINE_float("share", 0.003, "Least share of devices of a common name.")
_NUM_SEEDS = flags.DEFINE_integer("num_seeds", 3, "Draws of noise.")
_NAME = flags.DEFINE_string("name", "names", "Name of the result.")
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")


def common_names(
    schema: schemas.Schema, folder: pathlib.Path, name: str, least: float
) -> set[str]:
    """Texts of a column that at least so many devices have."""
    table, _, column = name.partition(".")
    rows = pq.read_table(folder / f"{table}.parquet", columns=[schema.device, column])
    pairs = rows.group_by([schema.device, column]).aggregate([]).drop_null()
    counts = pairs.group_by(column).aggregate([([], "count_all")])
    found = counts.filter(pc.greater_equal(counts["count_all"], least))
    return set(found[column].to_pylist())


def measure(
    asked: settings.Settings, schema: schemas.Schema, folder: pathlib.Path
) -> dict[str, Any]:
    """Learns names under each seed, and counts them by column."""
    num_devices = pq.read_metadata(folder / f"{schema.anchor.name}.parquet").num_rows
    inquiry = learn.inquire(asked, schema)
    if inquiry is None:
        raise app.UsageError("The config learns no names of these tables.")
    listed = inquiry.questions.vocabularies
    values = values_lib.read(
        schema, folder, numbers=(), vocabularies=listed, presences=(), secret=b"names"
    )
    numbers = np.bincount(values.device[texts.bound(values, max_texts=10_000)])
    context = base.Context(
        base.MemoryStore(), lambda *args: None, mechanisms.seeded_integer_noise
    )
    draws: list[Mapping[str, tuple[str, ...]]] = [
        domain.estimate(
            jax.random.key(seed),
            dataclasses.replace(inquiry.questions, numbers={}, presences=()),
            inquiry.mechanism,
            values,
            context=context._replace(store=base.MemoryStore()),
        ).vocabularies
        for seed in range(_NUM_SEEDS.value)
    ]
    columns = {}
    for name, public in listed.items():
        common = common_names(schema, folder, name, _SHARE.value * num_devices)
        columns[name] = {
            "common": len(common),
            "common_listed": len(common & set(public)),
            "common_kept": [len(common & {*public, *own[name]}) for own in draws],
            "learnt": [len(own[name]) for own in draws],
        }
    return {
        "num_devices": num_devices,
        "names_per_device": np.quantile(numbers[numbers > 0], [0.5, 0.9, 1]).tolist(),
        **learn.facts(asked, inquiry),
        "columns": columns,
    }


def main(argv: list[str]) -> None:
    """Measures, writes the result and prints the columns."""
    del argv
    folder = pathlib.Path(_TABLES.value)
    asked = settings.resolve(_CONFIG.value)
    schema = headers.read_schema(asked.suite_folder)
    there = [t for t in schema.tables if (folder / f"{t.name}.parquet").exists()]
    found = measure(asked, dataclasses.replace(schema, tables=tuple(there)), folder)
    path = pathlib.Path(_OUTPUT.value) / f"{_NAME.value}.json"
    runs.write_json(
        path,
        {
            "command": "python benchmarks/names.py --config=CONFIG --tables=TABLES "
            f"--share={_SHARE.value:g} --num_seeds={_NUM_SEEDS.value}",
            "versions": machine.versions(),
            "hardware": machine.describe("cpu"),
            "budget": {"epsilon": asked.epsilon, "delta": asked.delta},
            "share_of_devices": _SHARE.value,
            **found,
            "code": provenance.code_of("teledp_jax.privacy.domain"),
        },
    )
    for name, own in found["columns"].items():
        print(f"{name}: {own}")
    print(path)


if __name__ == "__main__":
    app.run(main)
