"""Columns of shipped suites that say `absent: false` never are, whatever rows hold."""

import datetime
import math
import random
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax import schemas
from teledp_jax.data import encode
from tests import paths
from tests.data.raw import run_aggregate

ROWS = 1500
WHOLE = {
    "SMALLINT": (2**15 - 1, pa.int16()), "INTEGER": (2**31 - 1, pa.int32()),
    "BIGINT": (2**40, pa.int64()),
}  # fmt: skip
FRACTIONS = {"FLOAT": pa.float32(), "DOUBLE": pa.float64()}
NUMBERS = (None, math.nan, math.inf, -math.inf, 1e30, -1e30, 1e-30, -1.0, 0.0, 7.0)
STEP = datetime.timedelta(hours=1)


def values(kind: str, texts: list[str], chance: random.Random) -> pa.Array:
    """Values of a raw column: absent, odd, or such as the statements look for."""
    if kind in WHOLE:
        most, own = WHOLE[kind]
        some = (None, None, 0, 1, 2, 3, 500, 3000, most, -most)
        return pa.array(chance.choices(some, k=ROWS), own)
    if kind in FRACTIONS:
        numbers = (*NUMBERS, 1e300, -1e300) if kind == "DOUBLE" else NUMBERS
        return pa.array(chance.choices(numbers, k=ROWS), FRACTIONS[kind])
    if kind == "BOOLEAN":
        return pa.array(chance.choices((None, True, False), k=ROWS), pa.bool_())
    if kind == "VARCHAR":
        some = [None, "", "its own", *texts]
        return pa.array(chance.choices(some, k=ROWS), pa.string())
    first = datetime.datetime(2024, 5, 1)
    times = [first + STEP * chance.randrange(2000) for _ in range(ROWS)]
    some = [None if chance.random() < 0.1 else time for time in times]
    if kind == "DATE":
        return pa.array([time and time.date() for time in some], pa.date32())
    return pa.array(some, pa.timestamp("us"))


@pytest.mark.parametrize("name", ["dca", "flights", "eventlog"])
def test_columns_that_are_never_absent_have_a_value_in_every_row(name, tmp_path):
    suite, chance = paths.suite(name), random.Random(0)
    files = [*suite.device_files.values(), *suite.reporting_files.values()]
    # Texts that statements compare with, so that their cases all occur.
    found = {text for file in files for text in re.findall("'([^']*)'", file.statement)}
    texts = sorted(found - {""})
    for source in suite.sources.values():
        columns = {
            column: values(kind, texts, chance) for column, kind in source.types.items()
        }
        if source.device is not None:
            ids = [f"d{chance.randrange(40)}" for _ in range(ROWS)]
            columns[source.device] = pa.array(ids, pa.string())
        folder = tmp_path / "raw" / source.folder / source.name
        folder.mkdir(parents=True)
        pq.write_table(pa.table(columns), folder / "a.parquet")
    run, lacking = run_aggregate(suite, tmp_path / "raw", tmp_path, threads=1)
    assert not lacking
    devices = encode.encode(suite.schema, run.real).devices
    stated = [
        (table, position)
        for table in suite.schema.tables
        for position, column in enumerate(table.columns)
        if not column.may_be_absent
    ]
    assert stated
    for table, position in stated:
        codes = devices[table.name].codes[:, position]
        column = table.columns[position].name
        assert len(codes), f"{table.name}: no row"
        assert (codes != schemas.ABSENT).all(), f"{table.name}.{column}"
