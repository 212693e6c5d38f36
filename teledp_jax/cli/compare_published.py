"""Sets a simulated fleet's answers beside published ones.

    teledp compare-published --published=DIR --output=runs/published

DIR holds real/*.csv and, of its halves, normalized_error/baseline_d1_vs_d2_summary.csv.
A fleet at published coverage is simulated and aggregated in the folder --output, some
20 minutes and 5 GB for a million devices on 2 cores. Prints two tables, of measures and
of what one half of the fleet passes against the other, and writes them to
published_<number of devices>.json there.
"""

import pathlib

from absl import flags

from teledp_jax import errors, runs
from teledp_jax.cli import command
from teledp_jax.job import provenance
from teledp_jax.studies.intel import published_fleet


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    command.define_path(values, "published", "Folder that holds real/*.csv.")
    command.define_path(values, "output", "Folder to write to.")
    flags.DEFINE_integer(
        "num_devices", 1_000_000, "Size of the fleet.", flag_values=values
    )
    flags.DEFINE_integer("seed", 0, "Seed of the simulation.", flag_values=values)
    flags.DEFINE_string("memory_limit", "6GB", "Memory of DuckDB.", flag_values=values)
    flags.DEFINE_bool("keep_raw", False, "Keep the raw files.", flag_values=values)


def main(values: flags.FlagValues) -> None:
    """Prints and writes the comparison."""
    if not values.published or not values.output:
        raise errors.InputError("State --published=DIR and --output=DIR.")
    real = pathlib.Path(values.published) / "real"
    if not real.is_dir():
        raise errors.InputError(f"{real}: no such folder.")
    output = pathlib.Path(values.output)
    output.mkdir(parents=True, exist_ok=True)
    published = pathlib.Path(values.published)
    queries = published_fleet.device_tables(
        output,
        num_devices=values.num_devices,
        seed=values.seed,
        memory_limit=values.memory_limit,
        keep_raw=values.keep_raw,
    )
    results = published_fleet.answers(output, queries)
    found = published_fleet.measures(published, output, num_devices=values.num_devices)
    print(f"{'query':14} {'column':38} {'measure':16} {'value':>8} {'groups':>6}")
    for row in found:
        print(
            f"{row['query']:14} {row['column']:38} {row['measure']:16} "
            f"{row['value']:8.3f} {row['groups']:6d}"
        )
    split = published_fleet.halves(published, queries, results)
    print(f"\n{'half against half':18} {'simulated':>9} {'published':>9}  failed")
    for row in split:
        print(
            f"{row['query']:18} {row['score']:9.3f} {row['published_score']:9.3f}  "
            f"{', '.join(row['failed'])}"
        )
    path = output / f"published_{values.num_devices}.json"
    content = {
        **provenance.describe(),
        "code": provenance.code_of("teledp_jax.studies.intel.published_fleet"),
        "num_devices": values.num_devices,
        "measures": found,
        "halves": split,
    }
    runs.write_json(path, content)
