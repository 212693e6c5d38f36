"""Draws devices from a fitted method, also on conditions.

    teledp sample --model=runs/demo/models/pe.model --where=os=Windows --output=more

A run keeps each fitted method in models/LABEL.model of its folder; Fitted.save of the
Python interface writes the same file. A draw costs no budget. --where names a column of
the anchor, or TABLE.COLUMN of which some row must match, and a text, a number or a
range as 8:16, 8: or :16. All names must hold; a name that is given twice holds for
either value.
"""

import pathlib

import pyarrow.parquet as pq
from absl import flags

from teledp_jax import errors, runs
from teledp_jax.cli import command
from teledp_jax.job import conditions, fitted


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    command.define_path(values, "model", "File of a fitted method.")
    command.define_path(values, "output", "New folder of <table>.parquet.")
    flags.DEFINE_integer(
        "num_devices",
        None,
        "Devices to draw; none: as many as it was fitted to.",
        flag_values=values,
    )
    flags.DEFINE_multi_string(
        "where", [], "A condition NAME=VALUE; may be repeated.", flag_values=values
    )
    flags.DEFINE_integer(
        "seed", None, "Repeats a draw; the fit stays as it is.", flag_values=values
    )


def main(values: flags.FlagValues) -> None:
    """Writes the tables of the draw.

    Args:
        values: The flags.
    """
    if values.model is None or values.output is None:
        raise errors.InputError("State --model and --output, as --output=more.")
    output = pathlib.Path(values.output)
    if output.exists():
        raise errors.InputError(f"--output={output}: exists; name a new folder.")
    method = fitted.load(values.model)
    count = method.num_devices if values.num_devices is None else values.num_devices
    tables = method.sample(
        count,
        where=conditions.read_texts(method.schema, values.where),
        seed=values.seed,
    )
    with runs.atomic_folder(output) as folder:
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet")
    print(f"{method.promise}\n")
    for name, table in tables.items():
        print(f"{output / name}.parquet: {table.num_rows:,} rows")
