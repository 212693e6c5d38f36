import hashlib

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest

from teledp_jax import errors, runs
from teledp_jax.data import device_files
from teledp_jax.data import suite as suite_lib
from tests.data.raw import counts, rewrite, rows, run_aggregate


def md5_share(salt: str, device: str) -> float:
    return int(hashlib.md5(f"{salt}:{device}".encode()).hexdigest()[:16], 16) / 2**64


def test_device_tables_hold_what_the_sql_says(suite, source, tmp_path):
    run, missing = run_aggregate(suite, source, tmp_path)
    machines = rows(run.real, "machines")
    assert machines[:2] == [("m00", "Dell", "EU", 8), ("m01", "Acer", "US", 16)]
    assert [row[0] for row in machines] == [f"m{i:02d}" for i in range(40)]
    assert rows(run.real, "crashes") == [("m07", 4, 2.5)]
    assert rows(run.real, "apps") == [("m07", "edge", 3), ("m07", "word", 1)]
    assert missing == ()
    for table in suite.schema.tables:
        file = pa.parquet.read_schema(run.real / f"{table.name}.parquet")
        expected = device_files.arrow_schema(suite.schema, table)
        assert (file.names, file.types) == (expected.names, expected.types)


def test_orphans_are_dropped_and_counted(suite, source, tmp_path):
    run, _ = run_aggregate(suite, source, tmp_path)
    assert counts(run, "apps") == {"orphan": 1}
    assert counts(run, "crashes") == {
        "orphan": 1,
        "raw_rows": 5,
        "raw_used": 4,
        "raw_orphan": 1,
    }


@pytest.mark.parametrize(
    ("window", "num_crashes"),
    [
        (("2024-01-01", "2024-01-31"), 3),
        (("2024-01-05", "2024-01-05"), 3),
        (("2024-01-06", ""), 1),
        (("", "2024-02-05"), 4),
    ],
)
def test_the_window_cuts_the_events(suite, source, tmp_path, window, num_crashes):
    run, _ = run_aggregate(suite, source, tmp_path, window=window)
    assert rows(run.real, "crashes")[0][:2] == ("m07", num_crashes)
    assert len(rows(run.real, "machines")) == 40


def test_the_sample_and_the_holdout_follow_the_md5_of_the_id(suite, source, tmp_path):
    run, _ = run_aggregate(suite, source, tmp_path, device_share=0.6, holdout=0.3)
    ids = [f"m{i:02d}" for i in range(40)]
    drawn = [name for name in ids if md5_share("sample", name) < 0.6]
    aside = [name for name in drawn if md5_share("holdout", name) < 0.3]
    assert [row[0] for row in rows(run.holdout, "machines")] == aside
    kept = [row[0] for row in rows(run.real, "machines")]
    assert kept == [name for name in drawn if name not in aside]


def test_rows_without_an_id_and_second_anchor_rows_are_dropped(suite, source, tmp_path):
    extra = pa.table(
        {
            "guid": ["m03", "m03", None],
            "vendor": ["HP", None, "HP"],
            "country": ["US", "DE", "US"],
            "ram_gb": pa.array([4, 4, 4], pa.int32()),
        }
    )
    pa.parquet.write_table(extra, source / "pad/machines/extra.parquet")
    run, _ = run_aggregate(suite, source, tmp_path)
    machines = dict((row[0], row[1:]) for row in rows(run.real, "machines"))
    assert len(machines) == len(rows(run.real, "machines")) == 40
    assert machines["m03"] == ("Acer", "US", 16)
    assert counts(run, "machines") == {
        "no_id": 1,
        "duplicate": 2,
        "raw_rows": 43,
        "raw_no_id": 1,
        "raw_used": 42,
    }


def test_each_raw_row_is_used_or_counted_with_its_reason(suite, source, tmp_path):
    window = ("2024-01-01", "2024-01-31")
    run, _ = run_aggregate(suite, source, tmp_path, window=window)
    assert counts(run, "crashes") == {
        "orphan": 1,
        "raw_rows": 5,
        "raw_unselected": 1,
        "raw_orphan": 1,
        "raw_used": 3,
    }


def test_a_missing_table_is_named(suite, source, tmp_path):
    (source / "prod/crashes/part.parquet").unlink()
    with pytest.raises(errors.InputError, match=r"crashes is missing.*allow_missing"):
        run_aggregate(suite, source, tmp_path)


def test_a_missing_table_may_be_allowed_but_not_the_anchors(suite, source, tmp_path):
    (source / "prod/crashes/part.parquet").unlink()
    run, missing = run_aggregate(suite, source, tmp_path, allow_missing_tables=True)
    assert missing == ("apps", "crashes")
    assert rows(run.real, "crashes") == rows(run.holdout, "apps") == []
    (source / "pad/countries/part.parquet").unlink()
    with pytest.raises(errors.InputError, match="the anchor reads it"):
        run_aggregate(suite, source, tmp_path, allow_missing_tables=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop_columns("app"), "lacks column app"),
        (
            lambda table: table.set_column(3, "weight", pa.array(["1"] * 5)),
            "weight is VARCHAR, expected DOUBLE",
        ),
    ],
)
def test_a_column_that_differs_is_named(suite, source, tmp_path, change, message):
    rewrite(source, "prod/crashes", change)
    with pytest.raises(errors.InputError, match=message):
        run_aggregate(suite, source, tmp_path)


def test_a_narrower_type_is_widened(suite, source, tmp_path):
    rewrite(
        source,
        "prod/crashes",
        lambda table: table.set_column(3, "weight", table["weight"].cast(pa.float32())),
    )
    run, _ = run_aggregate(suite, source, tmp_path)
    assert rows(run.real, "crashes") == [("m07", 4, 2.5)]


@pytest.mark.parametrize("size", [0, 100])
def test_an_empty_or_truncated_file_is_named(suite, source, tmp_path, size):
    path = source / "prod/crashes/part.parquet"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(errors.InputError, match=r"part.parquet.*copy it again"):
        run_aggregate(suite, source, tmp_path)
    assert not (runs.Run(tmp_path / 'it\'s a "run"').real).exists()


def test_no_error_shows_a_value(suite_folder, source, tmp_path):
    path = suite_folder / "device/crashes.sql"
    path.write_text(path.read_text().replace("avg(weight)", "avg(app::INTEGER)"))
    with pytest.raises(errors.InputError, match="TRY_CAST") as caught:
        run_aggregate(suite_lib.load(suite_folder), source, tmp_path)
    assert "edge" not in str(caught.value)
    assert "word" not in str(caught.value)


def test_odd_values_of_one_device_stop_nothing(suite, source, tmp_path):
    rewrite(
        source,
        "prod/crashes",
        lambda table: table.set_column(
            3, "weight", pa.array([float("nan"), float("inf"), -1.0, None, 1e300])
        ),
    )
    run, _ = run_aggregate(suite, source, tmp_path)
    assert rows(run.real, "crashes")[0][:2] == ("m07", 4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": ("2024-02-01", "2024-01-01")}, "window"),
        ({"window": ("yesterday", "today")}, "window"),
        ({"device_share": 1.5}, "device_share"),
        ({"holdout": -0.1}, "holdout"),
        ({"memory_limit": "much"}, "memory_limit"),
    ],
)
def test_a_bad_setting_is_named(suite, source, tmp_path, settings, message):
    with pytest.raises(errors.InputError, match=message):
        run_aggregate(suite, source, tmp_path, **settings)


def test_a_fleet_of_which_nobody_is_left_gives_empty_tables(suite, source, tmp_path):
    run, missing = run_aggregate(suite, source, tmp_path, device_share=0.0)
    assert not missing
    for table in suite.schema.tables:
        assert rows(run.real, table.name) == []


def test_data_larger_than_the_memory_limit_aggregate(suite, source, tmp_path):
    with duckdb.connect() as connection:
        connection.sql(
            "SELECT md5((i % 700000)::VARCHAR) AS guid, TIMESTAMP '2024-01-05' AS ts, "
            "'app ' || md5(i::VARCHAR) AS app, random() AS weight "
            "FROM range(2000000) events(i)"
        ).write_parquet(str(source / "prod/crashes/large.parquet"))
    run, _ = run_aggregate(suite, source, tmp_path, memory_limit="140MB", threads=2)
    assert counts(run, "apps") == {"orphan": 2000001}
    assert counts(run, "crashes")["orphan"] == 700001
    assert counts(run, "crashes")["raw_orphan"] == 2000001


def test_rows_are_ordered_by_id_in_large_tables(suite, source, tmp_path):
    with duckdb.connect() as connection:
        connection.sql(
            "SELECT md5(i::VARCHAR) AS guid, 'HP' AS vendor, 'DE' AS country, "
            "4::INTEGER AS ram_gb FROM range(300000) machines(i)"
        ).write_parquet(str(source / "pad/machines/large.parquet"))
    run, _ = run_aggregate(suite, source, tmp_path)
    ids = pa.parquet.read_table(run.real / "machines.parquet")["guid"].to_pylist()
    assert ids == sorted(ids)
    assert len(ids) == 300040
