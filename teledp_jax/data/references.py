"""What results are held to: the fleet in two random halves, and its ceiling."""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from teledp_jax import arrays, runs, schemas
from teledp_jax.data import decode, device_files

Read = Callable[[str, Sequence[str]], pa.Table]
"""Reads rows of a device table: from the names of the table and of columns."""

_SEED = 42  # which devices form which half; the halves are private


def write(
    schema: schemas.Schema,
    run: runs.Run,
    devices: arrays.DeviceArrays,
    read: Read,
    *,
    part: str = "",
) -> None:
    """Writes what sampling changes by itself, and what encoding does.

    Args:
        schema: The device tables, private domains learnt.
        run: The run folder; gets `run.half` and `run.ceiling`.
        devices: Devices, encoded.
        read: Reads their rows.
        part: Name of the part of the fleet that they are, as `part-00000`; empty is
            all.
    """
    generator = np.random.default_rng([_SEED, *part.encode()])
    decode.decode(schema, devices, generator, run.ceiling, part=part)
    ids = read(schema.anchor.name, [schema.device])[schema.device]
    first = ids.filter(generator.permutation(len(ids)) < len(ids) // 2)
    for table in schema.tables:
        rows = read(table.name, device_files.names(schema, table))
        inside = pc.is_in(rows[schema.device], value_set=first.combine_chunks())
        for which, mask in (("first", inside), ("second", pc.invert(inside))):
            whole = run.half(which) / f"{table.name}.parquet"
            with runs.atomic(device_files.part_path(whole, part)) as temporary:
                pq.write_table(rows.filter(mask), temporary)
