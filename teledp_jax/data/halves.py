"""The real fleet in two random halves: what sampling alone changes."""

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from teledp_jax import runs
from teledp_jax import schema as schema_lib


def split(
    schema: schema_lib.Schema, run: runs.Run, generator: np.random.Generator
) -> None:
    """Writes the device tables of each half to `run.half`.

    Args:
        schema: The device tables.
        run: The run folder, with `run.real`.
        generator: Says which device falls into which half.
    """
    anchor = pq.read_table(run.real / f"{schema.anchor.name}.parquet")
    ids = anchor[schema.device]
    first = ids.filter(generator.permutation(len(ids)) < len(ids) // 2)
    for table in schema.tables:
        rows = pq.read_table(run.real / f"{table.name}.parquet")
        inside = pc.is_in(rows[schema.device], value_set=first.combine_chunks())
        for which, mask in (("first", inside), ("second", pc.invert(inside))):
            path = run.half(which) / f"{table.name}.parquet"
            with runs.atomic(path) as temporary:
                pq.write_table(rows.filter(mask), temporary)
