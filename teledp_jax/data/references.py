"""What results are held to: the fleet in two random halves, and its ceiling."""

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from teledp_jax import arrays, runs, schemas
from teledp_jax.data import decode, device_files

_SEED = 42  # which devices form which half; the halves are private


def write(
    schema: schemas.Schema,
    run: runs.Run,
    devices: arrays.DeviceArrays,
    *,
    part: str = "",
) -> None:
    """Writes what sampling changes by itself, and what encoding does.

    Args:
        schema: The device tables, private domains learnt.
        run: The run folder, with `run.real`; gets `run.half` and `run.ceiling`.
        devices: What `run.real` encodes to.
        part: Name of the one part of it that is meant, as `part-00000`; empty is all.
    """
    generator = np.random.default_rng([_SEED, *part.encode()])
    decode.decode(schema, devices, generator, run.ceiling, part=part)
    name = f"{schema.anchor.name}.parquet"
    ids = pq.read_table(device_files.part_path(run.real / name, part))[schema.device]
    first = ids.filter(generator.permutation(len(ids)) < len(ids) // 2)
    for table in schema.tables:
        name = f"{table.name}.parquet"
        rows = pq.read_table(device_files.part_path(run.real / name, part))
        inside = pc.is_in(rows[schema.device], value_set=first.combine_chunks())
        for which, mask in (("first", inside), ("second", pc.invert(inside))):
            with runs.atomic(
                device_files.part_path(run.half(which) / name, part)
            ) as temporary:
                pq.write_table(rows.filter(mask), temporary)
