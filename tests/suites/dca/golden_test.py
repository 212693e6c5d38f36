"""The simulated fleet keeps its values, whatever its simulator looks like."""

import hashlib
import pathlib

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from teledp_jax.data import sqlfile
from teledp_jax.suites.dca import fleet
from tests import paths

SOURCES = sqlfile.read_folder(paths.SQL / "dca" / "source")
DIGESTS = {"a": "1101a29ac3f01e12", "b": "7d0986d6754aa45f"}


def digest(folder: pathlib.Path) -> str:
    """Hashes all raw files, without the last digits of numbers: processors vary."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.parquet")):
        found.update(str(path.relative_to(folder)).encode())
        table = parquet.read_table(path)
        for name in table.column_names:
            column = table[name].combine_chunks()
            if pa.types.is_dictionary(column.type):
                column = column.dictionary_decode()
            found.update(f"{name} {column.type} {len(column)}".encode())
            if pa.types.is_floating(column.type):
                numbers = column.to_numpy(zero_copy_only=False)
                text = "\n".join(np.char.mod("%.6g", numbers).tolist())
            else:
                text = "\n".join(map(str, column.cast(pa.string()).to_pylist()))
            found.update(text.encode())
    return found.hexdigest()[:16]


@pytest.mark.parametrize("world", sorted(DIGESTS))
def test_a_fleet_is_the_one_that_was_recorded(tmp_path, world):
    fleet.simulate(
        tmp_path,
        source=SOURCES,
        num_devices=40,
        seed=7,
        world=world,
        coverage=8.0,
        chunk_devices=25,
        progress=lambda done, total: None,
    )
    assert digest(tmp_path) == DIGESTS[world]
