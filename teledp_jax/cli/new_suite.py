"""Drafts a suite and a config from schemas of Parquet files.

    teledp new-suite --source=data/raw --device=vehicle_id my_suite
    teledp check my_suite
    teledp run --config=my_suite/config.py --workdir=runs/mine

Only names and types of columns and documents beside the files (SDV metadata.json, dbt
schema.yml, a data dictionary as CSV, manifests) are read, never a value. The draft runs
as it is.
"""

import pathlib
from collections.abc import Iterator

from absl import flags

from teledp_jax import errors
from teledp_jax.authoring import choosing, device_tables, files, reading
from teledp_jax.cli import command

ARGUMENTS = ("OUT",)
USES_JAX = False


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    command.define_path(
        values, "source", "Folder with <schema>/<table>/*.parquet or <table>/*.parquet."
    )
    flags.DEFINE_string(
        "device", None, "Column that says whose a row is.", flag_values=values
    )
    flags.DEFINE_string(
        "devices_table",
        None,
        "Table that lists the devices; found by its name if not given.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "columns",
        None,
        "Columns to use, as --columns=city,trips.purpose; none: those that documents "
        "and types speak for.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "num_devices",
        None,
        "Devices that you expect, not counted: decides how many columns are used; "
        f"none: {choosing.MOST_COLUMNS} per table.",
        flag_values=values,
    )


def main(values: flags.FlagValues, out: str) -> None:
    """Writes the draft to a new folder.

    Args:
        values: The flags.
        out: The folder.
    """
    for name in ("source", "device"):
        if not values[name].value:
            raise errors.InputError(f"State --{name}; see teledp new-suite --help.")
    source = reading.read(pathlib.Path(values.source), values.device)
    raws = choosing.choose(
        source.tables, names=values.columns, num_devices=values.num_devices
    )
    tables = device_tables.plan(raws, values.devices_table)
    written = files.write(pathlib.Path(out), source, tables)
    print(f"Wrote {len(written)} files below {out}:")
    for table in tables:
        print(f"  {table.role:<6}  {table.name}: {len(table.columns)} columns")
    for sentence in (*_left_out(source, raws), *source.differences):
        print(sentence)
    anchor = tables[0]
    whose = "all tables" if anchor.all_raw else anchor.raw.name
    print(
        f"The devices are those of {whose}; --devices_table names another table.\n"
        f"Next: teledp check {out}\n"
        f"      teledp run --config={out}/config.py --workdir=runs/{anchor.name}"
    )


def _left_out(
    source: reading.Source, raws: tuple[reading.RawTable, ...]
) -> Iterator[str]:
    """Sentences on tables and columns that the draft does not use."""
    for sentence in source.left_out:
        yield f"Left out: table {sentence}"
    for raw in raws:
        names: dict[str, list[str]] = {}
        for name, why in raw.left_out.items():
            names.setdefault(why, []).append(name)
        for why, same in names.items():
            yield f"Left out of {raw.name}: {errors.listed(same)}: {why}"
        if names:
            used = [column.name for column in raw.columns]
            yield f"Used of {raw.name}: {errors.listed(used) or 'its rows only'}."
