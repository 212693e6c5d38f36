"""How raw files are cut into tasks, and what a task hands out; without a cluster."""

import dataclasses
import itertools

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax import errors
from teledp_jax.cluster import exchange, pieces, shuffle
from teledp_jax.data import rawfiles, shipped, sizes, suite

USERS = suite.load(shipped.suite("eventlog")).sources["users"]
SOURCE = dataclasses.replace(USERS, name="t")
OPEN = rawfiles.Selection(window=(None, None), device_share=1.0, holdout=0.0)


def write(path, ids, rows_of_group):
    pq.write_table(pa.table({"user_id": ids}), path, row_group_size=rows_of_group)


def test_a_chunk_ends_where_it_is_as_large_as_a_task(tmp_path, monkeypatch):
    monkeypatch.setattr(exchange, "TASK_BYTES", 4 * 8)  # four values
    write(tmp_path / "a.parquet", [f"{i}" for i in range(7)], 2)
    write(tmp_path / "b.parquet", ["x"], 1)
    files = sorted(tmp_path.glob("*.parquet"))
    monkeypatch.setattr(
        sizes, "of_group", lambda group, source: sizes.Size(0, group.num_rows * 8)
    )
    chunks = list(shuffle._chunks(SOURCE, files))
    assert [(c.first, c.stop, c.number, c.num_bytes) for c in chunks] == [
        (0, 2, 0, 32),
        (2, 4, 1, 24),
        (0, 1, 2, 8),
    ]
    tasks = [[c.number for c in task] for task in shuffle._tasks_of({"t": chunks})]
    assert tasks == [[0], [1, 2]]


def test_small_tables_are_shuffled_together(tmp_path, monkeypatch):
    for name in ("one", "two", "three"):
        write(tmp_path / f"{name}.parquet", ["x"] * 10, 10)
    files = {n: [tmp_path / f"{n}.parquet"] for n in ("one", "two", "three")}
    sources = {n: dataclasses.replace(SOURCE, name=n) for n in files}
    size = next(shuffle._chunks(SOURCE, files["one"])).num_bytes
    assert size >= 10 * 8
    monkeypatch.setattr(shuffle, "_LOT_BYTES", 2 * size)
    assert [list(lot) for lot in shuffle._lots(files, sources)] == [
        ["one", "two"],
        ["three"],
    ]


def test_a_task_hands_out_each_row_once_to_its_partition(tmp_path):
    ids = [f"user-{i % 9}" for i in range(40)]
    write(tmp_path / "a.parquet", ids, 16)
    chunks = list(shuffle._chunks(SOURCE, [tmp_path / "a.parquet"]))
    tasks = pa.table({"chunks": [[c._asdict() for c in chunks]]})
    schema = pieces.encoded(USERS.empty()).schema
    found = shuffle._split(
        tasks,
        sources={"t": SOURCE},
        schemas={"t": schema},
        selection=OPEN,
        num_partitions=3,
    )
    rows = {
        part: pa.ipc.open_file(pa.BufferReader(piece)).read_all()["user_id"].to_pylist()
        for part, piece in zip(
            found[pieces.PARTITION].to_pylist(), found["piece"].to_pylist(), strict=True
        )
    }
    assert sorted(itertools.chain.from_iterable(rows.values())) == sorted(ids)
    owners = [set(part) for part in rows.values()]
    assert len(set.union(*owners)) == sum(map(len, owners)) == 9


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 no")
    with pytest.raises(errors.InputError, match=r"a\.parquet: cannot be read"):
        list(shuffle._chunks(SOURCE, [path]))


def test_a_task_is_bound_by_its_rows_and_by_nested_columns(tmp_path, monkeypatch):
    monkeypatch.setattr(exchange, "TASK_BYTES", 8_000)
    source = dataclasses.replace(
        USERS, types={"user_id": "VARCHAR", "list": "BIGINT[]"}
    )
    rows = pa.table({"user_id": ["a"] * 1000, "list": [list(range(100))] + [[]] * 999})
    pq.write_table(rows, tmp_path / "part.parquet", row_group_size=250)
    chunks = list(shuffle._chunks(source, [tmp_path / "part.parquet"]))
    # 16 bytes per row: two groups of 250 rows are as much as a task reads
    assert [(c.first, c.stop, c.num_bytes) for c in chunks] == [
        (0, 2, 8_000),
        (2, 4, 8_000),
    ]
    long = pa.table({"user_id": ["a"] * 10, "list": [list(range(1000))] * 10})
    pq.write_table(long, tmp_path / "long.parquet", use_dictionary=False)
    (chunk,) = shuffle._chunks(source, [tmp_path / "long.parquet"])
    assert chunk.num_bytes > 10 * 1000 * 8
