"""Raw files as programs write them: random rows, random types, random options.

All is drawn from one generator, so that a seed is a file.
"""

import contextlib
import datetime
import decimal
import math
import pathlib
import random
import tempfile
from collections.abc import Iterator
from typing import Any, NamedTuple

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq

from tests.data.raw import texts

KNOWN = tuple(f"m{i:02d}" for i in range(40))
IDS = (
    *(name.encode() for name in KNOWN[:8]), b"m01", b"m03", b"stranger", b"", None,
    b"m\xff1", b"M01", b"m01 ", b"x" * 300, b"\0", b'"', b"m01\n",
)  # fmt: skip
APPS = (b"edge", b"word", b"\xc3\xa9", b"\xfe", None, b"", b'it\'s, "x"', b"a/b=c%20")
FINITE = (1.0, 2.0, 50.0, 0.0, 5.5, -1.0, None)
ODD = (math.nan, math.inf, -math.inf)
EXTREME = (1e300, 5e-324)
FAR = "far"  # a time beyond any calendar
_FARTHEST = 2**62 - 1  # and twice that
DAY = datetime.datetime(2024, 1, 5)
TIMES = (
    DAY, datetime.datetime(2024, 2, 5, 1), datetime.datetime(1969, 12, 31),
    datetime.datetime(2024, 1, 31, 23, 59, 59), None,
)  # fmt: skip
NAMES = (
    "{}.parquet", "{}.PARQUET", "dt=1/{}.parquet", "x=1/y=2/{}.parq", "e [*]'{}.pq",
    "a?#%20 {}.Parquet", "ü/{}.pq",
)  # fmt: skip
COMPRESSIONS = ("none", "snappy", "gzip", "brotli", "zstd", "lz4")

Row = tuple[bytes | None, Any, bytes | None, float | None]
"""Device, time, app and weight of a raw row."""


class Written(NamedTuple):
    """What a program wrote.

    Attributes:
        rows: What its files hold, each value as it is meant.
        writer: The program.
        files: Number of files.
    """

    rows: list[Row]
    writer: str
    files: int


def is_text(value: bytes | None) -> bool:
    """Whether bytes are UTF-8."""
    try:
        return value is None or value.decode() is not None
    except UnicodeDecodeError:
        return False


def write(folder: pathlib.Path, number: int, rng: random.Random) -> Written:
    """Writes random rows as one of three programs does.

    Args:
        folder: The folder of raw table crashes.
        number: Of the file; no other file of the folder has it.
        rng: Draws all of it.
    """
    kind, values = _weights(rng)
    given: list[Row] = [
        (rng.choice(IDS), rng.choice((*TIMES, FAR)), rng.choice(APPS), weight)
        for weight in rng.choices(values, k=rng.choice((0, 1, 3, 6, 9)))
    ]
    is_plain = rng.random() < 0.6
    if is_plain:  # what all programs can write
        given = [r for r in given if is_text(r[0]) and is_text(r[2]) and r[1] != FAR]
    columns = _columns(given, kind, rng, is_plain=is_plain)
    names = list(columns)
    rng.shuffle(names)
    table = pa.table({name: columns[name] for name in names})
    path = folder / rng.choice(NAMES).format(number)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = rng.choice(("pyarrow", "pandas", "duckdb")) if is_plain else "pyarrow"
    if writer == "pyarrow" and is_plain and given and rng.random() < 0.2:
        return Written(given, "pyarrow, a folder", _folders(table, folder, number, rng))
    _WRITERS[writer](table, path, rng)
    return Written(given, writer, 1)


def _weights(rng: random.Random) -> tuple[pa.DataType, tuple[float | None, ...]]:
    """A type for weights, and values that it holds as they are."""
    whole = (1.0, 2.0, 50.0, 0.0, None)
    return rng.choice(
        (
            (pa.float64(), (*FINITE, *ODD, *EXTREME)),
            (pa.float64(), (*FINITE, *ODD, *EXTREME)),
            (pa.float32(), (*FINITE, *ODD)),
            (pa.float16(), (*FINITE, *ODD)),
            (pa.decimal128(38, 10), FINITE),
            (pa.decimal128(7, 2), FINITE),
            (pa.decimal128(38, 0), whole),
            (pa.int8(), whole),
            (pa.int32(), whole),
            (pa.uint16(), whole),
            (pa.null(), (None,)),
        )
    )


def _columns(
    given: list[Row], kind: pa.DataType, rng: random.Random, *, is_plain: bool
) -> dict[str, Any]:
    """Columns of rows, each in one of the types that a program may take."""
    ids, when, apps, weight = zip(*given, strict=True) if given else ((),) * 4
    if pa.types.is_decimal(kind):
        weight = tuple(None if v is None else decimal.Decimal(str(v)) for v in weight)
    elif pa.types.is_integer(kind):
        weight = tuple(None if v is None else int(v) for v in weight)
    columns = {
        "guid": _texts(ids, rng, is_plain=is_plain),
        "ts": _times(when, rng),
        "app": _texts(apps, rng, is_plain=is_plain),
        "weight": pa.array(weight, kind),
    }
    more = {
        "more": pa.array([[1]] * len(given)),
        "a.b 'c\"": pa.array([{"x": 1}] * len(given)),
    }
    return columns | (more if rng.random() < 0.2 else {})


def _texts(values: tuple, rng: random.Random, *, is_plain: bool) -> Any:
    """Texts, plain, of another width or by a dictionary."""
    column = texts(*values)
    if is_plain and rng.random() < 0.2:
        column = column.cast(pa.large_string())
    if is_plain and rng.random() < 0.3:
        column = column.dictionary_encode()
    return column


def _times(values: tuple, rng: random.Random) -> Any:
    """Times of a unit and zone; one beyond any calendar as the largest number."""
    units = ("ms", "us", "ns") if FAR in values else ("s", "ms", "us", "ns")
    unit = rng.choice(units)  # writers count seconds in milliseconds
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    start = datetime.datetime(1970, 1, 1)
    numbers = [
        None
        if value is None
        else _FARTHEST * (2 if unit in ("us", "ns") else 1)
        if value is FAR
        else round((value - start).total_seconds()) * per_second
        for value in values
    ]
    zone = rng.choice((None, None, "UTC", "Asia/Tokyo"))
    return pa.array(numbers, pa.int64()).cast(pa.timestamp(unit, zone))


def _by_pyarrow(table: pa.Table, path: pathlib.Path, rng: random.Random) -> None:
    """One file by pyarrow, in any of its options."""
    numbers = table["ts"].cast(pa.int64()).to_pylist()
    far = any(value is not None and value >= _FARTHEST for value in numbers)
    options: dict[str, Any] = {
        "row_group_size": rng.choice((1, 2, 1000)),
        "compression": rng.choice(COMPRESSIONS),
        "write_statistics": rng.choice((True, False, ["guid"])),
        "data_page_version": rng.choice(("1.0", "2.0")),
        "data_page_size": rng.choice((None, 1, 64)),
        "version": "2.6" if far else rng.choice(("1.0", "2.4", "2.6")),
        "use_dictionary": rng.choice((True, False, ["app"])),
        "store_schema": rng.random() < 0.7,
        "write_page_index": rng.random() < 0.3,
        "write_page_checksum": rng.random() < 0.3,
        "use_compliant_nested_type": rng.random() < 0.5,
        "store_decimal_as_integer": rng.random() < 0.5,
        "use_deprecated_int96_timestamps": rng.random() < 0.3 and not far,
        "flavor": rng.choice((None, "spark")) if not far else None,
    }
    if options["flavor"] == "spark":  # which knows no names with such letters
        table = table.select([n for n in table.column_names if " " not in n])
    if options["use_dictionary"] is False:
        options["column_encoding"] = rng.choice(
            (None, {"guid": "DELTA_BYTE_ARRAY"}, {"app": "DELTA_LENGTH_BYTE_ARRAY"})
        )
    if options["use_dictionary"] is False and not options.get("column_encoding"):
        options["use_byte_stream_split"] = (
            ["weight"] if pa.types.is_floating(table["weight"].type) else False
        )
    if not far and rng.random() < 0.2:
        options["coerce_timestamps"] = rng.choice(("ms", "us"))
        options["use_deprecated_int96_timestamps"] = False
        options["flavor"] = None
    pq.write_table(table, path, **options)


def _by_pandas(table: pa.Table, path: pathlib.Path, rng: random.Random) -> None:
    """One file by pandas, in any of its options."""
    frame = table.to_pandas(types_mapper=rng.choice((None, pd.ArrowDtype)))
    if rng.random() < 0.3 and not isinstance(frame["app"].dtype, pd.ArrowDtype):
        frame["app"] = frame["app"].astype("category")
    if rng.random() < 0.3:
        frame = frame.set_index("guid", drop=False).rename_axis("index")
    frame.to_parquet(
        path,
        compression=rng.choice((*COMPRESSIONS[1:], None)),
        index=rng.choice((None, True, False)),
        row_group_size=rng.choice((1, 1000)),
    )


def _by_duckdb(table: pa.Table, path: pathlib.Path, rng: random.Random) -> None:
    """One file by DuckDB, in any of its options."""
    if pa.types.is_float16(table["weight"].type):  # which DuckDB does not take
        place = table.column_names.index("weight")
        table = table.set_column(place, "weight", table["weight"].cast(pa.float32()))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.from_arrow(table).write_parquet(
            str(path),
            compression=rng.choice(("uncompressed", *COMPRESSIONS[1:])),
            row_group_size=rng.choice((2048, 122880)),
            field_ids=rng.choice((None, "auto")),
        )


def _folders(
    table: pa.Table, folder: pathlib.Path, number: int, rng: random.Random
) -> int:
    """Files by app, which the names of folders state; gives their number."""
    columns = [n for n in table.column_names if n != "app"]
    plain = table.set_column(
        table.column_names.index("app"), "app", table["app"].cast(pa.string())
    )
    place = folder / f"by app {number}"
    pyarrow.dataset.write_dataset(
        plain.select([*columns, "app"]),
        place,
        format="parquet",
        partitioning=pyarrow.dataset.partitioning(
            pa.schema([("app", pa.string())]), flavor="hive"
        ),
        basename_template=rng.choice(("part-{i}.parquet", "{i}.PQ")),
    )
    return len([path for path in place.rglob("*") if path.is_file()])


_WRITERS = {"pyarrow": _by_pyarrow, "pandas": _by_pandas, "duckdb": _by_duckdb}


@contextlib.contextmanager
def spoilt(
    folder: pathlib.Path, number: int, rng: random.Random
) -> Iterator[pathlib.Path]:
    """Puts a file there that cannot be read as it is meant; takes it away again.

    Args:
        folder: The folder of raw table crashes.
        number: Of the file; no other file of the folder has it.
        rng: Draws what is wrong.

    Yields:
        Its path.
    """
    path = folder / f"spoilt {number}.parquet"
    columns: dict[str, Any] = {
        "guid": ["m01"],
        "ts": pa.array([DAY], pa.timestamp("us")),
        "app": ["edge"],
        "weight": [1.0],
    }
    fault = rng.choice(("cut", "nothing", "text", "lack", "type", "twice"))
    if fault == "lack":
        del columns[rng.choice(list(columns))]
    elif fault == "type":
        wrong = (["1.0"], [[1.0]], [True], [2**40], [b"1"])
        columns["weight"] = rng.choice(wrong)
    elif fault == "twice":
        columns["WEIGHT"] = [2.0]
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        pq.write_table(pa.table(columns), file.name)
        content = pathlib.Path(file.name).read_bytes()
    if fault == "cut":
        content = content[: rng.randrange(1, len(content) - 1)]
    elif fault == "nothing":
        content = b""
    elif fault == "text":
        content = b"guid,ts,app,weight\n"
    path.write_bytes(content)
    try:
        yield path
    finally:
        path.unlink()
