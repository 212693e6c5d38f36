"""Raw files in the forms that people have them: each value as the file means it."""

import datetime
import decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax import errors
from teledp_jax.data import inspect, rawfiles, reading
from tests.data.raw import counts, rows, run_aggregate, texts

TIME = datetime.datetime(2024, 1, 5, 10)
NAN, INF = float("nan"), float("inf")


def crashes(weights, ids=None, times=None, apps="edge") -> dict:
    """Columns of raw table crashes, one row per weight."""
    num = len(weights)
    times = [TIME] * num if times is None else times
    return {
        "guid": ["m01"] * num if ids is None else ids,
        "ts": times if isinstance(times, pa.Array) else pa.array(times),
        "app": [apps] * num,
        "weight": weights,
    }


@pytest.fixture
def put(source):
    """Writes files of raw table crashes, in place of those that are there."""
    place = source / "prod/crashes"
    (place / "part.parquet").unlink()

    def write(columns, name="a.parquet", **options):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), place / name, **options)

    return write


def aggregated(suite, source, tmp_path, **settings):
    run, _ = run_aggregate(suite, source, tmp_path, **settings)
    return run, rows(run.real, "crashes")


def test_nan_and_infinity_are_absent_whatever_statistics_say(
    suite, source, tmp_path, put
):
    ids = ["m01", "m01", "m02", "m03", "m03"]
    put(crashes([50.0, NAN, NAN, INF, 7.0], ids))
    run, found = aggregated(suite, source, tmp_path)
    assert found == [("m01", 2, 50.0), ("m02", 1, None), ("m03", 2, 7.0)]
    assert counts(run, "crashes")["raw_not_finite"] == 3


def test_no_comparison_is_decided_by_statistics_that_leave_nan_out(
    suite_folder, source, tmp_path, put
):
    from teledp_jax.data import suite as suite_lib

    path = suite_folder / "device/crashes.sql"
    text = path.read_text()
    path.write_text(text.replace("GROUP BY", "WHERE weight < 100 GROUP BY"))
    put(crashes([50.0, NAN]))
    _, found = aggregated(suite_lib.load(suite_folder), source, tmp_path)
    assert found == [("m01", 1, 50.0)]


def test_ids_as_numbers_and_times_as_iso_text_are_read(suite, source, put):
    ids = pa.array([7, 7, 12], pa.int64())
    times = pa.array(["2024-01-05T10:00:00", "2024-01-06", "soon"])
    put(crashes([1.0, 2.0, 4.0], ids, times))
    with duckdb.connect() as connection:
        whole = suite.sources["crashes"]
        files = [source / "prod/crashes/a.parquet"]
        assert list(rawfiles.faults(connection, whole, files)) == []
        found = reading.open_files(connection, whole, files)
        assert found.project("guid, ts, weight").fetchall() == [
            ("7", TIME, 1.0),
            ("7", datetime.datetime(2024, 1, 6), 2.0),
            ("12", None, 4.0),
        ]
    told = inspect.describe(suite, source).differences
    assert {text.partition(": ")[2] for text in told if "read as" in text} == {
        "column guid is BIGINT and read as VARCHAR.",
        "column ts is VARCHAR and read as TIMESTAMP.",
    }


def test_decimals_of_different_scale_stay_what_they_are(suite, source, tmp_path, put):
    number = decimal.Decimal
    put(crashes(pa.array([number("5.5")], pa.decimal128(38, 10))))
    put(crashes(pa.array([number("50")], pa.decimal128(38, 0)), ["m02"]), "b.parquet")
    put(crashes(pa.array([7], pa.int8()), ["m03"]), "c.parquet")
    _, found = aggregated(suite, source, tmp_path)
    assert found == [("m01", 1, 5.5), ("m02", 1, 50.0), ("m03", 1, 7.0)]


def test_files_may_order_and_add_columns_as_they_like(suite, source, tmp_path, put):
    columns = crashes([1.0])
    put(columns)
    put({"more": [[1]], **dict(reversed(columns.items()))}, "b.parquet")
    put({**columns, "weight": pa.nulls(1)}, "c.parquet")
    put({**columns, "app": pa.array(["edge"]).dictionary_encode()}, "d.parquet")
    put({"other": pa.array([], pa.int8())}, "e.parquet")
    run, found = aggregated(suite, source, tmp_path)
    assert found == [("m01", 4, 1.0)]
    assert counts(run, "crashes") == {"raw_rows": 4, "raw_used": 4}


def test_a_table_of_files_without_rows_has_no_rows(suite, source, tmp_path, put):
    put({"guid": pa.array([], pa.int8())})
    _, found = aggregated(suite, source, tmp_path)
    assert found == []


def test_files_of_partition_folders_and_endings_in_capitals_are_read(
    suite, source, tmp_path, put
):
    put(crashes([1.0]))
    put(crashes([2.0]), "B.PARQUET")
    put(crashes([3.0]), "dt=2024-01-05/000.parquet")
    put(crashes([4.0]), "year=2024/month=01/c.pq")
    put(crashes([99.0]), "_temporary/d.parquet")
    put(crashes([99.0]), ".hidden.parquet")
    _, found = aggregated(suite, source, tmp_path)
    assert found == [("m01", 4, 2.5)]


def test_a_column_may_be_stated_by_the_names_of_folders_alone(
    suite, source, tmp_path, put
):
    columns = crashes([1.0])
    del columns["app"]
    put(columns, "app=edge/a.parquet")
    put(columns, "app=a%20b/a.parquet")
    put(columns, "app=__HIVE_DEFAULT_PARTITION__/a.parquet")
    put(crashes([1.0], apps="word"))
    run, _ = aggregated(suite, source, tmp_path)
    assert sorted(rows(run.real, "apps"), key=str) == [
        ("m01", "a b", 1),
        ("m01", "edge", 1),
        ("m01", "word", 1),
        ("m01", None, 1),
    ]


def test_times_of_any_zone_and_unit_are_read_in_utc(suite, source, tmp_path, put):
    tokyo = datetime.timezone(datetime.timedelta(hours=9))
    local = datetime.datetime(2024, 1, 6, 5, tzinfo=tokyo)  # the 5th, 20:00 in UTC
    put(crashes([1.0], times=pa.array([local], pa.timestamp("us", "Asia/Tokyo"))))
    for unit in ("s", "ms", "us", "ns"):
        times = pa.array([TIME], pa.timestamp(unit))
        put(crashes([1.0], times=times), f"{unit}.parquet")
    put(crashes([1.0]), "96.parquet", use_deprecated_int96_timestamps=True)
    _, found = aggregated(suite, source, tmp_path, window=("2024-01-05", "2024-01-05"))
    assert found == [("m01", 6, 1.0)]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("window", [("", ""), ("2024-01-01", "9999-12-31")])
def test_an_absurd_time_stops_nothing(suite, source, tmp_path, put, unit, window):
    second = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    given = [2**63 - 1, 2**62, -(2**63) + 1, 1_704_448_800 * second]
    put(crashes([1.0] * 4, times=pa.array(given, pa.int64()).cast(pa.timestamp(unit))))
    run, ((device, num, _),) = aggregated(suite, source, tmp_path, window=window)
    assert device == "m01"
    found = counts(run, "crashes")
    assert num == found["raw_used"] == 4 - found.get("raw_unselected", 0)
    assert (num == 4) == (window == ("", ""))


def test_ids_that_are_no_text_are_no_ids_and_all_others_stay(
    suite, source, tmp_path, put
):
    ids = texts(b"m01", b"m\xff1", b"m02", b"", b"M01", b" m01")
    put(crashes([1.0, 9.0, 2.0, 9.0, 9.0, 9.0], ids))
    put({**crashes([3.0]), "app": texts(b"\xfe")}, "b.parquet")
    run, found = aggregated(suite, source, tmp_path)
    assert found == [("m01", 2, 2.0), ("m02", 1, 2.0)]
    assert (None, "m01") not in found
    assert counts(run, "crashes") == {
        "not_utf8": 2,
        "no_id": 1,
        "orphan": 2,
        "raw_rows": 7,
        "raw_no_id": 2,
        "raw_orphan": 2,
        "raw_used": 3,
    }


def test_damaged_row_groups_are_all_named(suite, source, tmp_path, put):
    table = crashes([float(i) for i in range(3000)])
    for name in ("a.parquet", "b.parquet"):
        put(table, name, row_group_size=1000, use_dictionary=False)
        path = source / "prod/crashes" / name
        place = pq.read_metadata(path).row_group(1).column(3).data_page_offset
        content = bytearray(path.read_bytes())
        content[place : place + 40] = b"\xff" * 40
        path.write_bytes(bytes(content))
    with pytest.raises(errors.InputError) as caught:
        aggregated(suite, source, tmp_path)
    text = str(caught.value)
    assert text.count("row group 1 of 3 is damaged") == 2
    assert "a.parquet" in text
    assert "b.parquet" in text
    assert "copy the file again" in text


def test_all_faults_of_a_source_are_told_at_once(suite, source, tmp_path, put):
    columns = crashes([1.0])
    put({**columns, "weight": ["1"]})
    put({**columns, "weight": ["1"]}, "b.parquet")
    put({**columns, "app": [["x"]]}, "c.parquet")
    put({**columns, "ts": pa.array([1.5])}, "d.parquet")
    put(
        {"GUID": ["m01"], **{k: v for k, v in columns.items() if k != "guid"}},
        "e.parquet",
    )
    (source / "prod/crashes/f.parquet").write_bytes(b"PAR1")
    (source / "prod/crashes/g.parquet").symlink_to(source / "gone")
    (source / "pad/countries/part.parquet").unlink()
    with pytest.raises(errors.InputError) as caught:
        aggregated(suite, source, tmp_path)
    text = str(caught.value)
    for part in (
        "a.parquet and 1 more files: column weight is VARCHAR, expected DOUBLE",
        "c.parquet: column app is VARCHAR[], expected VARCHAR",
        "d.parquet: column ts is DOUBLE, expected TIMESTAMP",
        "e.parquet: lacks column guid (VARCHAR; it has GUID)",
        "f.parquet: is no whole Parquet file (4 bytes); copy it again",
        "g.parquet: is not there, or a link to no file; copy it again",
        "table countries is missing",
    ):
        assert part in text
    assert "\n" not in text


def test_a_file_that_the_database_cannot_decode_is_read_all_the_same(
    suite, source, tmp_path, put
):
    columns = crashes(pa.array([5.5, None], pa.float16()))
    put(columns, use_dictionary=False, use_byte_stream_split=["weight"])
    _, found = aggregated(suite, source, tmp_path)
    assert found == [("m01", 2, 5.5)]


def test_a_value_of_one_file_has_no_other_file_read_in_another_way(
    suite, source, tmp_path, put
):
    apps = pa.array(["edge"]).dictionary_encode()  # Arrow cannot decode what follows
    encoding = {"app": "DELTA_LENGTH_BYTE_ARRAY", "guid": "DELTA_BYTE_ARRAY"}
    put({**crashes([1.0]), "app": apps}, use_dictionary=False, column_encoding=encoding)
    put({**crashes([2.0]), "app": texts(b"\xff")}, "b.parquet")
    run, found = aggregated(suite, source, tmp_path)
    assert found == [("m01", 2, 1.5)]
    assert counts(run, "crashes")["not_utf8"] == 1


def test_two_columns_of_one_name_are_refused_whichever_has_the_capitals(
    suite, source, tmp_path, put
):
    columns = crashes([1.0])
    put({**columns, "WEIGHT": [2.0]})
    put({"WEIGHT": [2.0], **columns}, "b.parquet")
    with pytest.raises(errors.InputError, match="and 1 more files: has two columns"):
        aggregated(suite, source, tmp_path)


def test_a_file_that_is_damaged_later_is_refused_and_not_left_out(suite, put, source):
    put(crashes([1.0]))
    put(crashes([2.0]), "b.parquet")
    files = sorted((source / "prod/crashes").iterdir())
    with duckdb.connect() as connection:
        own = suite.sources["crashes"]
        assert len(reading.open_files(connection, own, files)) == 2
        files[1].write_bytes(b"PAR1")
        with pytest.raises(errors.InputError, match=r"b\.parquet: is no whole Parquet"):
            reading.open_files(connection, own, files)
