"""Device tables and arrays made by partition on a Ray cluster of this machine."""

import functools
import pathlib
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from teledp_jax import arrays, errors, runs
from teledp_jax.cluster import connection as cluster
from teledp_jax.cluster import encoding, exchange, partitions, shuffle
from teledp_jax.data import (
    aggregate,
    array_files,
    definition,
    encode,
    parts,
    rawfiles,
    shipped,
    warehouse,
)
from teledp_jax.data import suite as suite_lib
from teledp_jax.queries import catalog
from teledp_jax.queries import run as run_lib
from teledp_jax.suites.dca import fleet
from tests.cluster.pieces_test import partition_of

ray = pytest.importorskip("ray")
CRASHES = "university_prod/crashlog"
HALVES = ("first", "second")
OPEN = rawfiles.Selection(window=(None, None), device_share=1.0, holdout=0.2)


def quiet(done, total):
    return None


@pytest.fixture(scope="module", autouse=True)
def connected(tmp_path_factory):
    spill = tmp_path_factory.mktemp("spill")
    with cluster.connect(address="", num_cpus=2, spill_folder=spill):
        yield


TIED = "system_mods_top_blocker_hist"


@functools.cache
def tables(*names: str) -> definition.Suite:
    """Suite dca with these device tables and the anchor; all, if none is named."""
    suite = suite_lib.load(shipped.suite("dca"))
    every = {table.name for table in suite.schema.tables[1:]}
    return suite.without(every - set(names)) if names else suite


def stability() -> definition.Suite:
    """What workload stability reads, and a table of two raw tables."""
    suite = tables()
    queries = catalog.load(suite.folder / "queries")
    selected = catalog.select(queries, ["stability"])
    read = {name for query in selected for name in query.tables}
    return tables(*sorted(read - {suite.schema.anchor.name}), TIED)


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> pathlib.Path:
    """Raw files of a small fleet, with what no fleet should have."""
    folder = tmp_path_factory.mktemp("raw")
    sources = stability().sources.values()
    fleet.simulate(
        folder,
        source=[source.file for source in sources],
        num_devices=150,
        seed=0,
        progress=quiet,
    )
    part = sorted((folder / CRASHES).glob("*.parquet"))[0]
    rows = pq.read_table(part)
    guid = rows.column_names.index("guid")
    orphans = rows.slice(0, 3).set_column(guid, "guid", pa.array(["x", "y", None]))
    pq.write_table(orphans, part.with_name("more.parquet"))
    return folder


def locally(suite, raw, folder: pathlib.Path, **overrides) -> runs.Run:
    run = runs.Run(folder / "local")
    options = {
        "window": ("", ""),
        "device_share": 1.0,
        "holdout": 0.2,
        "allow_missing_tables": False,
        "memory_limit": "500MB",
        "temp_folder": folder / "temp",
        "progress": quiet,
    }
    aggregate.aggregate(suite, raw, run, **{**options, **overrides})
    return run


def plan(folder: pathlib.Path, num_partitions: int = 3) -> parts.Partitioning:
    return parts.Partitioning(
        num_partitions=num_partitions,
        memory_limit="500MB",
        temp_folder=folder / "temp",
        token="token",
    )


def on_ray(suite, raw, folder: pathlib.Path, selection=OPEN, **overrides) -> runs.Run:
    run = runs.Run(folder / "ray")
    partitions.aggregate_all(
        suite,
        raw,
        run,
        overrides.pop("plan", plan(folder)),
        selection=selection,
        allow_missing_tables=False,
        progress=quiet,
    )
    return run


def rows_of(path: pathlib.Path) -> list[tuple]:
    """All rows of a device table, sorted."""
    rows = [tuple(row.values()) for row in pq.read_table(path).to_pylist()]
    return sorted(rows, key=lambda row: [(v is not None, v or 0) for v in row])


def assert_same_tables(suite, local: runs.Run, other: runs.Run) -> None:
    for table in suite.schema.tables:
        name = f"{table.name}.parquet"
        for mine, theirs in ((local.real, other.real), (local.holdout, other.holdout)):
            schema = pq.read_schema(mine / name)
            assert pq.ParquetDataset(theirs / name).schema.equals(schema)
            assert rows_of(mine / name) == rows_of(theirs / name), name
    assert sorted(map(str, runs.read_csv(local.quality))) == sorted(
        map(str, runs.read_csv(other.quality))
    )


@pytest.fixture(scope="module")
def both(raw, tmp_path_factory) -> tuple[definition.Suite, runs.Run, runs.Run]:
    """The same tables, by one process and by three partitions."""
    suite = stability()
    folder = tmp_path_factory.mktemp("both")
    return suite, locally(suite, raw, folder), on_ray(suite, raw, folder)


def test_ray_makes_the_rows_and_counts_that_one_process_makes(both):
    suite, local, other = both
    counted = {row["rule"]: row["count"] for row in runs.read_csv(local.quality)}
    assert counted["orphan"] == "2"
    assert counted["raw_orphan"] == "2"
    assert_same_tables(suite, local, other)


def test_a_device_lies_in_the_partition_of_the_md5_of_its_id(both):
    suite, _, other = both
    for partition in range(3):
        name = f"{suite.schema.anchor.name}.parquet/part-{partition:05d}.parquet"
        ids = pq.read_table(other.real / name)[suite.schema.device].to_pylist()
        assert ids == sorted(ids) and ids
        assert {partition_of(device, 3) for device in ids} == {partition}


def test_queries_run_over_partitions_as_over_one_table(both, tmp_path):
    suite, local, other = both
    queries = catalog.select(catalog.load(suite.folder / "queries"), ["stability"])
    one, many = (
        run_lib.run_queries(
            run.real, queries, tmp_path / run.folder.name, advance=lambda: None
        )
        for run in (local, other)
    )
    assert len(one) > 5 and any(result and result.rows for result in one.values())
    for name, result in one.items():
        assert result is not None and many[name] is not None
        assert result.columns == many[name].columns
        for left, right in zip(result.rows, many[name].rows, strict=True):
            for one_cell, other_cell in zip(left, right, strict=True):
                assert one_cell == other_cell or one_cell == pytest.approx(
                    other_cell, rel=1e-9
                )


def test_arrays_are_encoded_by_partition_in_the_order_of_the_tables(both, tmp_path):
    suite, local, other = both
    schema = suite.schema
    counts = encoding.encode_all(schema, other, plan(tmp_path), progress=quiet)
    whole = encode.encode(schema, local.real)
    nonzero = {count for count in whole.counts if count.count}
    assert {count for count in counts if count.count} == nonzero
    found = array_files.load(other.arrays, schema)
    name = f"{schema.anchor.name}.parquet"
    ids = [
        pq.read_table(run.real / name)[schema.device].combine_chunks()
        for run in (local, other)
    ]
    place = np.asarray(pc.index_in(ids[1], value_set=ids[0]))
    expected = arrays.take(whole.devices, place)
    for table in schema.tables:
        np.testing.assert_array_equal(
            found[table.name].codes, expected[table.name].codes
        )
        np.testing.assert_array_equal(
            found[table.name].offsets, expected[table.name].offsets
        )


def test_halves_and_ceiling_are_made_by_partition(both, tmp_path):
    suite, _, other = both
    schema = suite.schema
    encoding.encode_all(schema, other, plan(tmp_path), progress=quiet)
    for table in schema.tables:
        name = f"{table.name}.parquet"
        halves = [pq.read_table(other.half(which) / name) for which in HALVES]
        ids = [set(half[schema.device].to_pylist()) for half in halves]
        assert not ids[0] & ids[1]
        whole = rows_of(other.real / name)
        assert len(whole) == sum(map(len, halves))
        if table.role == "anchor":
            assert abs(len(ids[0]) - len(ids[1])) <= 3  # one a partition
    found = encode.encode(schema, other.ceiling).devices
    expected = array_files.load(other.arrays, schema)
    for table in schema.tables:
        np.testing.assert_array_equal(
            found[table.name].codes, expected[table.name].codes
        )


def test_window_and_sample_cut_the_same_rows(raw, tmp_path):
    suite = tables("crashlog", TIED)
    window = ("2024-01-01", "2024-06-30")
    local = locally(suite, raw, tmp_path, window=window, device_share=0.5)
    selection = rawfiles.Selection(
        window=warehouse.parse_window(window), device_share=0.5, holdout=0.2
    )
    assert_same_tables(suite, local, on_ray(suite, raw, tmp_path, selection))


def test_one_device_with_a_tenth_of_all_rows_is_reduced(raw, tmp_path):
    suite = tables("crashlog")
    source = tmp_path / "raw"
    for name in suite.sources.values():
        folder = raw / name.folder / name.name
        (source / name.folder / name.name).mkdir(parents=True)
        for file in folder.glob("*.parquet"):
            shutil.copy(file, source / name.folder / name.name)
    rows = pq.read_table(sorted((raw / CRASHES).glob("*.parquet")))
    heavy = pa.concat_tables([rows.filter(pc.is_valid(rows["guid"]))] * 400)
    one = heavy["guid"][0].as_py()
    guid = rows.column_names.index("guid")
    share = heavy.slice(0, len(heavy) // 9)
    share = share.set_column(guid, "guid", pa.array([one] * len(share)))
    pq.write_table(pa.concat_tables([heavy, share]), source / CRASHES / "heavy.parquet")
    local = locally(suite, source, tmp_path)
    other = on_ray(suite, source, tmp_path, plan=plan(tmp_path, 16))
    assert_same_tables(suite, local, other)


def test_finished_work_is_found_again_under_the_same_token_only(raw, tmp_path):
    suite = tables("crashlog")
    run = on_ray(suite, raw, tmp_path)

    def times():
        files = sorted(run.staging.rglob("finished.json"))
        return {str(file): file.stat().st_mtime_ns for file in files}

    before = times()
    assert len(before) == 2 + 3
    on_ray(suite, raw, tmp_path)
    assert times() == before
    lost = run.staging / "done" / "part-00001" / "finished.json"
    lost.unlink()
    on_ray(suite, raw, tmp_path)
    assert {name for name, time in times().items() if time != before[name]} == {
        str(lost)
    }


def test_a_shuffle_that_a_lost_node_broke_starts_again(raw, tmp_path, monkeypatch):
    suite = stability().without({table.name for table in stability().schema.tables[1:]})
    original, tries = shuffle._shuffle, []

    def broken_once(source, files, folder, *others):
        tries.append(folder)
        original(source, files, folder, *others)
        if len(tries) == 1:
            raise ray.exceptions.NodeDiedError("lost with all it held")

    monkeypatch.setattr(shuffle, "_shuffle", broken_once)
    monkeypatch.setattr(exchange, "most_objects", lambda: 0)  # through files
    other = on_ray(suite, raw, tmp_path)
    assert len(tries) == 2
    assert_same_tables(suite, locally(suite, raw, tmp_path), other)


def test_a_table_that_is_missing_is_named_before_any_work(raw, tmp_path):
    suite = stability()
    source = tmp_path / "raw"
    source.mkdir()
    with pytest.raises(errors.InputError, match="is missing; put its Parquet files"):
        on_ray(suite, source, tmp_path)
    assert not (tmp_path / "ray" / "private" / "staging").exists()


def test_a_file_that_breaks_while_a_worker_reads_it_is_one_line(raw, tmp_path):
    suite = tables("crashlog")
    source = tmp_path / "raw"
    shutil.copytree(raw, source)
    file = sorted((source / CRASHES).glob("*.parquet"))[0]
    content = bytearray(file.read_bytes())
    group = pq.ParquetFile(file).metadata.row_group(0)
    guid = pq.read_schema(file).get_field_index("guid")
    start = group.column(guid).data_page_offset
    content[start : start + 200] = b"\xff" * 200  # its head and foot are whole
    file.write_bytes(content)
    with pytest.raises(errors.InputError, match="cannot be read") as caught:
        on_ray(suite, source, tmp_path)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)


def test_a_fault_of_the_user_in_a_task_is_told_as_it_is():
    def refuse():
        raise errors.InputError("crashlog.sql: the statement fails; use TRY_CAST.")

    with pytest.raises(errors.InputError) as caught:
        cluster.run_tasks(
            refuse, [(0, ())], num_bytes=1000, finished=lambda number, found: None
        )
    assert str(caught.value) == "crashlog.sql: the statement fails; use TRY_CAST."


def test_a_task_larger_than_every_node_is_refused(both, tmp_path):
    suite, _, other = both
    huge = parts.Partitioning(
        num_partitions=3, memory_limit="900TB", temp_folder=tmp_path, token="token"
    )
    with pytest.raises(errors.InputError, match="no node of the Ray cluster has more"):
        encoding.encode_all(suite.schema, other, huge, progress=quiet)


def test_tasks_are_handed_to_ray_as_others_end(monkeypatch):
    monkeypatch.setattr(cluster, "_QUEUED", 2)
    asked, ended, ahead = [], [], []

    def calls():
        for number in range(5):
            asked.append(number)
            yield number, (number,)

    def finished(number, found):
        ahead.append(len(asked) - len(ended))
        ended.append(found)

    cluster.run_tasks(
        lambda number: 10 * number, calls(), num_bytes=1, finished=finished
    )
    assert sorted(ended) == [0, 10, 20, 30, 40]
    assert max(ahead) == 2


def test_only_their_user_reads_what_workers_write(tmp_path):
    made = tmp_path / "made"
    cluster.run_tasks(lambda: made.touch(), [(0, ())], num_bytes=1, finished=print)
    assert made.stat().st_mode & 0o077 == 0
