"""Pieces of raw tables, without a cluster."""

import hashlib

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax import errors
from teledp_jax.cluster import pieces
from teledp_jax.data import shipped, suite, warehouse

ROWS = pa.table({"user_id": ["p", "q", None, "p"], "n": [1, 2, 3, 4]})


def opened(content: bytes) -> pa.Table:
    return pa.ipc.open_file(pa.BufferReader(content)).read_all()


def test_texts_are_dictionaries_and_rows_stay():
    encoded = pieces.encoded(ROWS)
    assert pa.types.is_dictionary(encoded.schema.field("user_id").type)
    assert encoded.to_pylist() == ROWS.to_pylist()


def test_a_piece_holds_no_text_of_other_pieces():
    content = pieces.piece(pieces.encoded(ROWS).slice(1, 1))
    rows = opened(content)
    assert rows.to_pylist() == [{"user_id": "q", "n": 2}]
    assert rows.column("user_id").chunk(0).dictionary.to_pylist() == ["q"]


def test_the_partition_of_a_row_is_that_of_its_id():
    source = suite.load(shipped.suite("eventlog")).sources["events"]
    with warehouse.sealed() as connection:
        found = pieces.partition_of(connection, ROWS, source, 7)
        stated = (
            connection.from_arrow(ROWS)
            .project(warehouse.partition("user_id", 7).alias("number"))
            .fetchall()
        )
    assert found.tolist() == [number for (number,) in stated]
    assert found[0] == found[3]


def test_an_id_may_be_of_any_type():
    source = suite.load(shipped.suite("eventlog")).sources["events"]
    rows = pa.table({"user_id": pa.array([5, 6, 5], pa.int64())})
    with duckdb.connect() as connection:
        found = pieces.partition_of(connection, rows, source, 100)
    assert found[0] == found[2] and set(found) <= set(range(100))


def test_pieces_of_a_partition_become_one_file_in_the_order_of_their_numbers(tmp_path):
    rows = pieces.encoded(ROWS)
    given = [("t", 3, 0, rows.slice(0, 1)), ("t", 1, 0, rows.slice(1, 2)),
             ("t", 1, 1, rows.slice(3, 1))]  # fmt: skip
    table = pa.table(
        {
            "table": [name for name, *_ in given],
            "number": [number for _, number, _, _ in given],
            pieces.PARTITION: [part for _, _, part, _ in given],
            "piece": pa.array([pieces.piece(r) for *_, r in given], pa.large_binary()),
        }
    )
    (tmp_path / "t").mkdir()
    written = pieces.write(table, folder=tmp_path, attempt="a")
    assert sorted(written["file"].to_pylist()) == [
        "t/partition=0/000001-a.parquet",
        "t/partition=1/000001-a.parquet",
    ]
    first = pieces.partition_folder(tmp_path, "t", 0) / "000001-a.parquet"
    found = pq.ParquetFile(first).read().to_pylist()
    assert [row["n"] for row in found] == [2, 3, 1]


def pieces_of(numbers: list[int]) -> pa.Table:
    """Pieces of one table and partition, each a row with its number."""
    rows = [
        pa.table({"guid": pa.array([f"g{n}"]).dictionary_encode(), "n": [n]})
        for n in numbers
    ]
    return pa.table(
        {
            "table": ["crashlog"] * len(numbers),
            "number": numbers,
            "partition": [1] * len(numbers),
            "piece": list(map(pieces.piece, rows)),
        }
    )


def test_pieces_of_a_partition_become_one_file(tmp_path):
    (tmp_path / "crashlog").mkdir()
    for numbers in ([5, 3], [3, 5], [4]):  # the second is the first one run again
        pieces.write(pieces_of(numbers), folder=tmp_path, attempt="one")
    folder = tmp_path / "crashlog" / "partition=1"
    written = {
        file.name: pq.ParquetFile(file).read().to_pylist() for file in folder.iterdir()
    }
    assert written == {
        "000003-one.parquet": [{"guid": "g3", "n": 3}, {"guid": "g5", "n": 5}],
        "000004-one.parquet": [{"guid": "g4", "n": 4}],
    }


def test_a_staged_file_is_written_some_rows_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "_GROUP_ROWS", 2)
    (tmp_path / "crashlog").mkdir()
    pieces.write(pieces_of([0, 1, 2]), folder=tmp_path, attempt="one")
    (file,) = tmp_path.rglob("*.parquet")
    assert pq.ParquetFile(file).num_row_groups == 2
    assert pq.read_table(file)["guid"].to_pylist() == ["g0", "g1", "g2"]


def test_a_folder_that_pieces_cannot_go_to_is_named_in_one_line(tmp_path):
    occupied = tmp_path / "file"
    occupied.touch()
    with pytest.raises(errors.InputError, match=r"Not a directory\); free disk space"):
        pieces.write(pieces_of([0]), folder=occupied, attempt="one")


def partition_of(device, num_partitions: int) -> int:
    """The partition of a device, worked out beside the package."""
    digest = hashlib.md5(f"partition:{device}".encode()).digest()
    return int.from_bytes(digest[:8], "little") % num_partitions


@pytest.mark.parametrize("ids", [["a", None, "b", "a"], [7, None, 1234567890123, 7]])
def test_rows_of_one_id_of_any_type_fall_together(ids):
    users = suite.load(shipped.suite("eventlog")).sources["users"]
    rows = pieces.encoded(pa.table({"user_id": ids}))
    with warehouse.sealed() as connection:
        found = pieces.partition_of(connection, rows, users, 100)
    expected = [0 if own is None else partition_of(own, 100) for own in ids]
    assert found.tolist() == expected
