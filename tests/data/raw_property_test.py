"""Any raw rows, written by any program: each device gets what was worked out by hand.

What a device gets depends on its own rows only, so that no row of one device changes
how the rows of others are read. Ten sources run with the other tests; hundreds with
python -m pytest tests/data/raw_property_test.py --hypothesis-profile=long
"""

import collections
import datetime
import decimal
import math
import shutil

import duckdb
import hypothesis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from tests.data.malformed_test import cases
from tests.data.raw import counts, rows, run_aggregate, texts

KNOWN = tuple(f"m{i:02d}" for i in range(40))
IDS = (
    b"m01", b"m02", b"m03", b"m03", b"stranger", b"", None, b"m\xff1", b"M01", b"m01 ",
    b"x" * 300, b"\0", b'"', b"m01\n",
)  # fmt: skip
APPS = (b"edge", b"word", b"\xc3\xa9", b"\xfe", None, b"", b'it\'s, "x"')
WEIGHTS = (
    1.0, 2.0, 50.0, 0.0, 5.5, -1.0, None, float("nan"), float("inf"), -float("inf"),
    1e300, 5e-324,
)  # fmt: skip
FAR = "far"  # a time beyond any calendar
DAY = datetime.datetime(2024, 1, 5)
TIMES = (DAY, datetime.datetime(2024, 2, 5, 1), datetime.datetime(1969, 12, 31), None)
WINDOWS = (("", ""), ("2024-01-01", "2024-01-31"), ("", "2024-01-05"))
NAMES = ("a.parquet", "B.PARQUET", "dt=1/c.parquet", "x=1/y=2/d.parq", "e [*]'.pq")

ROWS = st.lists(
    st.tuples(
        st.sampled_from(IDS),
        st.sampled_from((*TIMES, FAR)),
        st.sampled_from(APPS),
        st.sampled_from(WEIGHTS),
    ),
    max_size=6,
)
OPTIONS = st.fixed_dictionaries(
    {
        "writer": st.sampled_from(("pyarrow", "pyarrow", "pandas", "duckdb")),
        "unit": st.sampled_from(("ms", "us", "ns")),
        "zone": st.sampled_from((None, None, "UTC", "Asia/Tokyo")),
        "weight": st.sampled_from(
            (pa.float64(), pa.float32(), pa.decimal128(38, 10), pa.decimal128(38, 0))
        ),
        "dictionary": st.booleans(),
        "order": st.permutations(range(4)),
        "extra": st.booleans(),
        "row_group_size": st.sampled_from((1, 2, 1000)),
        "compression": st.sampled_from(("none", "snappy", "zstd")),
        "write_statistics": st.booleans(),
        "use_deprecated_int96_timestamps": st.booleans(),
        "data_page_version": st.sampled_from(("1.0", "2.0")),
    }
)


def is_text(value: bytes | None) -> bool:
    try:
        return value is None or value.decode() is not None
    except UnicodeDecodeError:
        return False


def weights(values, kind):
    """Weights as a column of a kind that holds them all, or of doubles."""
    if pa.types.is_decimal(kind):
        if not all(v is None or (math.isfinite(v) and abs(v) < 1e6) for v in values):
            return pa.array(values, pa.float64())
        if kind.scale == 0 and any(v is not None and v % 1 for v in values):
            return pa.array(values, pa.float64())
        if any(v is not None and 0 < abs(v) < 1e-3 for v in values):
            return pa.array(values, pa.float64())
        return pa.array(
            [None if v is None else decimal.Decimal(str(v)) for v in values], kind
        )
    if any(v is not None and v in (1e300, 5e-324) for v in values):
        kind = pa.float64()
    return pa.array(values, kind)


def times(values, unit, zone):
    """Times of a unit and zone; one beyond any calendar as the largest number."""
    per_second = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    start = datetime.datetime(1970, 1, 1)
    numbers = [
        None
        if value is None
        else 2 ** (62 if unit == "ms" else 63) - 1
        if value is FAR
        else round((value - start).total_seconds()) * per_second
        for value in values
    ]
    return pa.array(numbers, pa.int64()).cast(pa.timestamp(unit, zone))


def write(path, given, options) -> None:
    """Writes rows as one of three programs does."""
    ids, when, apps, weight = zip(*given, strict=True) if given else ((),) * 4
    columns = {
        "guid": texts(*ids),
        "ts": times(when, options["unit"], options["zone"]),
        "app": texts(*apps),
        "weight": weights(weight, options["weight"]),
    }
    is_plain = all(map(is_text, (*ids, *apps))) and FAR not in when
    if options["dictionary"] and is_plain:
        columns["app"] = columns["app"].dictionary_encode()
    names = [list(columns)[index] for index in options["order"]]
    table = pa.table({name: columns[name] for name in names})
    if options["extra"]:
        table = table.append_column("more", pa.array([[1]] * len(given)))
    path.parent.mkdir(parents=True, exist_ok=True)
    if options["writer"] == "pandas" and is_plain:
        frame = table.drop_columns([n for n in ("more",) if options["extra"]])
        frame.to_pandas(types_mapper=pd.ArrowDtype).to_parquet(path)
    elif options["writer"] == "duckdb" and is_plain:
        with duckdb.connect() as connection:
            whole = connection.from_arrow(table)
            whole.write_parquet(str(path), row_group_size=2048)
    else:
        is_old = options["use_deprecated_int96_timestamps"] and FAR not in when
        pq.write_table(
            table,
            path,
            row_group_size=options["row_group_size"],
            compression=options["compression"],
            write_statistics=options["write_statistics"],
            use_deprecated_int96_timestamps=is_old,
            data_page_version=options["data_page_version"],
        )


def selected(given, window):
    """The rows inside of a window."""
    first, last = (
        datetime.datetime.fromisoformat(day) if day else None for day in window
    )
    if first is None and last is None:
        return given
    return [
        row
        for row in given
        if isinstance(row[1], datetime.datetime)
        and (first is None or first <= row[1])
        and (last is None or row[1] < last + datetime.timedelta(days=1))
    ]


def worked_out(given):
    """What each device has crashed: number, mean of weights, number per app."""
    own = collections.defaultdict(list)
    for device, _, app, weight in given:
        if device is not None and is_text(device) and device.decode() in KNOWN:
            own[device.decode()].append((app, weight))
    crashes, apps = {}, {}
    for device, found in own.items():
        finite = [w for _, w in found if w is not None and math.isfinite(w)]
        mean = math.fsum(finite) / len(finite) if finite else None
        crashes[device] = (len(found), mean)
        for app, _ in found:
            text = app.decode() if app is not None and is_text(app) else None
            apps[device, text] = apps.get((device, text), 0) + 1
    return crashes, apps


@hypothesis.settings(cases(10), phases=(hypothesis.Phase.generate,))
@hypothesis.given(
    files=st.lists(st.tuples(ROWS, OPTIONS), min_size=1, max_size=len(NAMES)),
    window=st.sampled_from(WINDOWS),
)
def test_each_device_gets_what_its_own_rows_say(suite, source, tmp_path, files, window):
    folder = tmp_path / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    (folder / "prod/crashes/part.parquet").unlink()
    for name, (given, options) in zip(NAMES, files, strict=False):
        write(folder / "prod/crashes" / name, given, options)
    run, _ = run_aggregate(suite, folder, tmp_path, window=window, threads=1)
    everything = [row for given, _ in files for row in given]
    kept = selected(everything, window)
    crashes, apps = worked_out(kept)
    found = {device: tuple(rest) for device, *rest in rows(run.real, "crashes")}
    assert set(found) == set(crashes)
    for device, (num, mean) in crashes.items():
        assert found[device][0] == num
        assert found[device][1] == (mean if mean is None else pytest.approx(mean))
    assert {(d, app): num for d, app, num in rows(run.real, "apps")} == apps
    told = collections.Counter(counts(run, "crashes"))
    assert told["raw_rows"] == len(everything)
    assert told["raw_unselected"] == len(everything) - len(kept)
    assert told["raw_used"] == sum(num for num, _ in crashes.values())
    reasons = ("raw_used", "raw_orphan", "raw_no_id", "raw_unselected")
    assert sum(told[rule] for rule in reasons) == told["raw_rows"]
