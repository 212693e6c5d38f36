"""Device tables in passes are those of one pass, byte for byte, on a bounded disk."""

import errno

import duckdb
import pytest

from teledp_jax import errors, runs
from teledp_jax.data import passes, planning, rawfiles, sizes, warehouse
from tests.data.raw import counts, rewrite, run_aggregate, texts


def crash_more(source, *, num_rows=20_000, heavy="m03"):
    """Adds crashes: a tenth of all of one machine, the others spread over machines."""
    with duckdb.connect() as connection:
        connection.sql(
            "SELECT CASE WHEN i % 10 = 0 THEN ? ELSE "
            "'m' || lpad((hash(i) % 50)::VARCHAR, 2, '0') END AS guid, "
            "TIMESTAMP '2024-01-05' + INTERVAL (i % 60) MINUTE AS ts, "
            "'app ' || (hash(i) % 300)::VARCHAR AS app, (i % 977) / 7 AS weight "
            "FROM range(?) events(i)",
            params=[heavy, num_rows],
        ).write_parquet(str(source / "prod/crashes/large.parquet"))


def tables(run):
    """Bytes of all files of device tables, by name."""
    return {
        (folder.name, path.name): path.read_bytes()
        for folder in (run.real, run.holdout)
        for path in sorted(folder.iterdir())
    }


def all_counts(run):
    return sorted(map(str, runs.read_csv(run.quality)))


@pytest.fixture
def whole(suite, source, tmp_path):
    """The run of one pass."""
    crash_more(source)
    run, _ = run_aggregate(suite, source, tmp_path / "whole", holdout=0.3)
    return run


def in_passes(suite, source, folder, **settings):
    options = {"num_passes": 3, "holdout": 0.3, **settings}
    return run_aggregate(suite, source, folder, **options)[0]


@pytest.fixture
def scans(monkeypatch):
    """What was rewritten, as table and parts of each scan; three parts are enough."""
    seen = []
    monkeypatch.setattr(planning, "FEW", 0)
    true = passes._write

    def write(rows, source, place, scan, num_parts):
        seen.append((source.name, scan.start, scan.stop))
        true(rows, source, place, scan, num_parts)

    monkeypatch.setattr(passes, "_write", write)
    return seen


def test_passes_give_the_same_files_and_counts(suite, source, tmp_path, whole, scans):
    run = in_passes(suite, source, tmp_path)
    assert tables(run) == tables(whole)
    assert all_counts(run) == all_counts(whole)
    assert scans == [("machines", 0, 3), ("crashes", 0, 3)]
    assert not list((tmp_path / "temp's").iterdir())


@pytest.mark.parametrize("num_passes", [2, 4])
def test_few_passes_read_the_source_itself(
    suite, source, tmp_path, whole, monkeypatch, num_passes
):
    monkeypatch.setattr(passes, "_write", None)
    run = in_passes(suite, source, tmp_path, num_passes=num_passes)
    assert tables(run) == tables(whole)
    assert all_counts(run) == all_counts(whole)
    assert not list((tmp_path / "temp's").iterdir())


def test_a_window_and_a_share_are_kept(suite, source, tmp_path):
    crash_more(source, num_rows=500)
    rule = {"window": ("2024-01-01", "2024-01-31"), "device_share": 0.5, "holdout": 0.3}
    whole, _ = run_aggregate(suite, source, tmp_path / "whole", **rule)
    run = in_passes(suite, source, tmp_path, **rule)
    assert tables(run) == tables(whole)
    assert all_counts(run) == all_counts(whole)


def test_a_small_disk_reads_the_source_several_times(
    suite, source, tmp_path, whole, scans, monkeypatch
):
    def small(*args, **options):
        found = plan(*args, **options)
        return found._replace(per_scan=2)

    plan = planning.plan
    monkeypatch.setattr(planning, "plan", small)
    run = in_passes(suite, source, tmp_path)
    assert tables(run) == tables(whole)
    assert all_counts(run) == all_counts(whole)
    assert [scan for scan in scans if scan[0] == "crashes"] == [
        ("crashes", 0, 2),
        ("crashes", 2, 3),
    ]


@pytest.mark.parametrize("few", [0, 4])
def test_values_that_no_database_takes_are_mended_and_counted(
    suite, source, tmp_path, monkeypatch, few
):
    monkeypatch.setattr(planning, "FEW", few)
    rewrite(
        source,
        "prod/crashes",
        lambda rows: rows.set_column(
            2, "app", [texts(b"edge", b"\xff", b"word", b"edge", b"edge")]
        ),
    )
    whole, _ = run_aggregate(suite, source, tmp_path / "whole")
    run = in_passes(suite, source, tmp_path, holdout=0.0)
    assert tables(run) == tables(whole)
    assert counts(run, "crashes")["not_utf8"] == 1
    assert all_counts(run) == all_counts(whole)


def test_a_killed_run_goes_on_at_its_pass(
    suite, source, tmp_path, whole, scans, monkeypatch
):
    true = passes.parts.reduce_partition
    reduced = []

    def reduce(suite, files, folder, *others):
        reduced.append(folder.name)
        if len(reduced) == 2:
            raise KeyboardInterrupt
        return true(suite, files, folder, *others)

    monkeypatch.setattr(passes.parts, "reduce_partition", reduce)
    with pytest.raises(KeyboardInterrupt):
        in_passes(suite, source, tmp_path, token="same")
    run = in_passes(suite, source, tmp_path, token="same", num_passes=0)
    assert tables(run) == tables(whole)
    assert all_counts(run) == all_counts(whole)
    assert len(scans) == 2  # rows are rewritten once
    before = len(reduced)
    in_passes(suite, source, tmp_path, token="other")
    assert len(reduced) == before + 3 and len(scans) == 4


def test_a_disk_that_is_full_is_told_and_finished_passes_stay(
    suite, source, tmp_path, whole, scans, monkeypatch
):
    true, usage = passes._write, passes.shutil.disk_usage

    def full(rows, source, place, scan, num_parts):
        if source.name == "crashes" and scan.start == 1:
            raise duckdb.IOException("No space left on device")
        true(rows, source, place, scan, num_parts)

    plan = planning.plan
    monkeypatch.setattr(
        planning, "plan", lambda *a, **o: plan(*a, **o)._replace(per_scan=1)
    )
    monkeypatch.setattr(passes, "_write", full)
    monkeypatch.setattr(
        passes.shutil, "disk_usage", lambda path: usage(path)._replace(free=10**6)
    )
    with pytest.raises(errors.InputError, match="the disk is full; free space"):
        in_passes(suite, source, tmp_path, token="same", temp_limit=None)
    monkeypatch.undo()
    run = in_passes(suite, source, tmp_path, token="same")
    assert tables(run) == tables(whole)
    assert all_counts(run) == all_counts(whole)


@pytest.mark.parametrize("few", [0, 8])
def test_a_disk_that_fills_in_pass_3_of_8_loses_no_finished_pass(
    suite, source, tmp_path, whole, monkeypatch, few
):
    monkeypatch.setattr(planning, "FEW", few)
    true, made = passes.parts._reduce, []

    def reduce(*arguments):
        made.append(len(made))
        if len(made) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return true(*arguments)

    monkeypatch.setattr(passes.parts, "_reduce", reduce)
    with pytest.raises(OSError, match="No space left"):  # a command says it in one line
        in_passes(suite, source, tmp_path, num_passes=8, token="same")
    run = in_passes(suite, source, tmp_path, num_passes=8, token="same")
    assert len(made) == 3 + 6
    assert tables(run) == tables(whole)
    assert all_counts(run) == all_counts(whole)


def planned(suite, source, tmp_path, **settings):
    with warehouse.connect(
        memory_limit="1GB", temp_folder=tmp_path / "temp", folders=[source]
    ):
        files = rawfiles.present(suite, source)
    options = {"device_share": 1.0, "num_parts": 0}
    return planning.plan(suite, files, suite.sources, **{**options, **settings})


def test_the_plan_follows_from_sizes_memory_and_disk(
    suite, source, tmp_path, monkeypatch
):
    monkeypatch.setattr(planning, "FEW", 3)
    crash_more(source, num_rows=200_000)
    crashes = sizes.of_files(
        rawfiles.find(source / "prod/crashes"), suite.sources["crashes"]
    )
    assert crashes.plain >= 200_000 * 4 * 8 and crashes.packed < crashes.plain
    work = 3 * crashes.plain
    ample = {"memory_bytes": work // 4 + 1, "disk_bytes": work}
    assert planned(suite, source, tmp_path, **ample).num_parts == 1
    tight = {"memory_bytes": work // 4 + 1, "disk_bytes": work // 2}
    found = planned(suite, source, tmp_path, **tight)
    assert (found.num_parts, found.num_scans) == (4, 1)
    assert found.disk_bytes <= tight["disk_bytes"]
    less = {"memory_bytes": work // 4 + 1, "disk_bytes": crashes.packed}
    found = planned(suite, source, tmp_path, **less)
    assert found.num_parts == 4 and found.num_scans > 1
    assert found.disk_bytes <= less["disk_bytes"]
    with pytest.raises(errors.InputError, match=r"one needs .* GB of disk, .* passes"):
        planned(
            suite, source, tmp_path, memory_bytes=work // 4, disk_bytes=0, num_parts=2
        )
    # What no disk holds rewritten is read from the source by each pass; few are anyway.
    bare = {"memory_bytes": work // 4 + 1, "disk_bytes": 0}
    found = planned(suite, source, tmp_path, **bare)
    assert (found.num_parts, found.num_scans, found.disk_bytes) == (4, 4, 0)
    found = planned(suite, source, tmp_path, **{**tight, "num_parts": 3})
    assert (found.per_scan, found.num_scans) == (0, 3)


def test_a_source_larger_than_memory_and_disk_goes_through_in_passes(
    suite, source, tmp_path, scans
):
    crash_more(source, num_rows=1_200_000)
    settings = {"holdout": 0.3, "memory_limit": "60MB", "threads": 1}
    whole, _ = run_aggregate(suite, source, tmp_path / "whole", holdout=0.3)
    run = in_passes(
        suite, source, tmp_path, num_passes=0, temp_limit="15MB", **settings
    )
    assert tables(run) == tables(whole)
    assert {table for table, *_ in scans} == {"machines", "crashes"}


def test_numbers_that_parquet_rounds_stay_exact(tmp_path):
    with duckdb.connect() as connection:
        rows = connection.sql("SELECT 170141183460469231731687303715884105727 AS n")
        rows.project(passes._exact(("n", "HUGEINT"))).write_parquet(
            str(tmp_path / "n.parquet")
        )
        found = connection.read_parquet(str(tmp_path / "n.parquet"))
        assert found.fetchall() == [("170141183460469231731687303715884105727",)]


def test_the_limit_of_the_disk_is_a_size(suite, source, tmp_path):
    assert planning.disk_bytes(tmp_path, "1MB") == 10**6
    assert planning.disk_bytes(tmp_path, None) > 10**6
    with pytest.raises(errors.InputError, match="temp_limit='much'"):
        in_passes(suite, source, tmp_path, temp_limit="much")
