import pyarrow as pa
import pytest

from teledp_jax import errors
from teledp_jax.data import rawvalues
from tests.data.raw import texts

BYTES = (b"a", b"\xff", None, b"\xc3\xa9", b"\xff")


@pytest.mark.parametrize("kind", ["plain", "large", "dictionary"])
def test_text_that_is_not_utf8_is_absent_and_all_other_text_stays(kind):
    column = texts(*BYTES)
    if kind == "large":
        column = column.view(pa.string()).cast(pa.binary()).cast(pa.large_binary())
        column = column.view(pa.large_string())
    elif kind == "dictionary":
        index = pa.array([0, 1, None, 2, 1], pa.int8())
        words = texts(b"a", b"\xff", b"\xc3\xa9")
        column = pa.DictionaryArray.from_arrays(index, words)
    rows, counts = rawvalues.usable(pa.table({"x": column, "y": range(5)}))
    assert rows["x"].to_pylist() == [
        "a",
        None,
        None,
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
        None,
    ]
    assert rows["y"].to_pylist() == list(range(5))
    assert counts == {("x", "not_utf8"): 2}


@pytest.mark.parametrize(
    ("unit", "most"), [("s", 9223372036854), ("ms", 9223372036854775)]
)
def test_times_beyond_microseconds_are_absent(unit, most):
    given = pa.array([most, most + 1, -most - 1, None, 0], pa.int64())
    rows, counts = rawvalues.usable(pa.table({"t": given.cast(pa.timestamp(unit))}))
    assert rows["t"].cast(pa.int64()).to_pylist() == [most, None, None, None, 0]
    assert counts == {("t", "time_too_far"): 2}


def test_rows_that_any_database_takes_are_left_as_they_are():
    table = pa.table({"a": ["x"], "t": pa.array([2**63 - 1]).cast(pa.timestamp("us"))})
    rows, counts = rawvalues.usable(table)
    assert rows is table
    assert not counts


def test_a_file_that_is_no_parquet_is_one_line(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"no")
    with pytest.raises(errors.InputError, match=r"a\.parquet: cannot be read"):
        with rawvalues.opened(path):
            pass
