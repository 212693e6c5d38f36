"""Device tables batch by batch: the same arrays, and no more in memory than a batch."""

import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax import arrays, errors, runs
from teledp_jax.data import array_files, batches, encode, quality
from teledp_jax.job import encoding
from tests import toys

SCHEMA = toys.schema(
    toys.anchor("base", toys.category("kind", "a", "b")),
    toys.group("rare", toys.number("size", 0, 1, 2)),
    toys.entity("apps", toys.number("size", 0, 1, 2), rows=3, by="size"),
)
DEVICE = SCHEMA.device


def write(folder: pathlib.Path, num_devices: int) -> None:
    """Device tables: a row of `rare` for every third device, none to four of `apps`."""
    rng = np.random.default_rng(0)
    ids = [f"{number:06}" for number in range(num_devices)]
    owners = np.repeat(np.arange(num_devices), rng.integers(0, 5, num_devices))
    made = {
        "base": {DEVICE: ids, "kind": rng.choice(["a", "b", "c"], num_devices)},
        "rare": {DEVICE: ids[::3], "size": rng.uniform(0, 3, len(ids[::3]))},
        "apps": {
            DEVICE: [*np.array(ids)[owners], "zz"],
            "size": rng.uniform(0, 3, len(owners) + 1),
        },
    }
    folder.mkdir(parents=True)
    for name, columns in made.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet", row_group_size=50)


@pytest.fixture
def small(monkeypatch) -> None:
    """Batches of some forty devices, read a few rows at a time."""
    monkeypatch.setattr(batches, "VALUES", 200)
    monkeypatch.setattr(batches, "_ROWS", 7)


def quiet(done, total):
    return None


def counted(counts: list[quality.Count]) -> set[quality.Count]:
    return {count for count in counts if count.count}


def assert_same(found: arrays.DeviceArrays, expected: arrays.DeviceArrays) -> None:
    for table in SCHEMA.tables:
        for mine, theirs in zip(found[table.name], expected[table.name], strict=True):
            np.testing.assert_array_equal(mine, theirs)
            assert mine.dtype == theirs.dtype


def test_a_fleet_in_batches_is_encoded_as_one_at_once(small, tmp_path):
    run = runs.Run(tmp_path)
    write(run.real, 150)
    number = batches.count(SCHEMA, run.real)
    assert number > 3
    told: list[tuple[int, int]] = []
    counts = encoding.encode_batches(
        SCHEMA, run, progress=lambda *steps: told.append(steps)
    )
    assert told == [(done, number) for done in range(1, number + 1)]
    whole = encode.encode(SCHEMA, run.real)
    assert_same(array_files.load(run.arrays, SCHEMA), whole.devices)
    assert counted(counts) == counted(whole.counts)
    rules = {count.rule for count in counted(counts)}
    assert {"unknown_device", "over_cap"} <= rules
    again = encode.encode(SCHEMA, run.ceiling).devices
    assert_same(again, whole.devices)


def test_halves_of_batches_part_the_fleet(small, tmp_path):
    run = runs.Run(tmp_path)
    write(run.real, 150)
    encoding.encode_batches(SCHEMA, run, progress=quiet)
    for table in SCHEMA.tables:
        name = f"{table.name}.parquet"
        halves = [
            pq.read_table(run.half(which) / name) for which in ("first", "second")
        ]
        ids = [set(half[DEVICE].to_pylist()) for half in halves]
        assert not ids[0] & ids[1]
        rows = pa.concat_tables(halves).sort_by([(DEVICE, "ascending")])
        assert rows[DEVICE].equals(pq.read_table(run.real / name)[DEVICE])
        if table.role == "anchor":
            assert abs(len(ids[0]) - len(ids[1])) <= batches.count(SCHEMA, run.real)


def test_no_more_devices_are_in_memory_than_a_batch_holds(small, tmp_path):
    write(tmp_path / "few", 150)
    write(tmp_path / "many", 600)
    most, peaks = {}, {}
    for name in ("few", "many"):
        pa.default_memory_pool().release_unused()
        start, peak = pa.total_allocated_bytes(), 0
        own = []
        for batch in batches.read(SCHEMA, tmp_path / name):
            own.append(len(batch.tables["base"]))
            peak = max(peak, pa.total_allocated_bytes() - start)
        assert sum(own) == {"few": 150, "many": 600}[name]
        most[name], peaks[name] = max(own), peak
    assert max(most.values()) <= 200 // 6  # for a device has six values or more
    assert 0 < peaks["many"] < 2 * peaks["few"]


def test_a_small_fleet_is_one_batch_whose_files_are_no_parts(tmp_path):
    run = runs.Run(tmp_path)
    write(run.real, 20)
    assert [batch.part for batch in batches.read(SCHEMA, run.real)] == [""]
    encoding.encode_batches(SCHEMA, run, progress=quiet)
    assert (run.ceiling / "base.parquet").is_file()


def test_parts_of_a_cluster_are_batches(tmp_path):
    for part in ("part-00000", "part-00001"):
        write(tmp_path / part, 5)
    for table in SCHEMA.tables:
        (tmp_path / "real" / f"{table.name}.parquet").mkdir(parents=True)
        for part in ("part-00000", "part-00001"):
            (tmp_path / part / f"{table.name}.parquet").rename(
                tmp_path / "real" / f"{table.name}.parquet" / f"{part}.parquet"
            )
    found = list(batches.read(SCHEMA, tmp_path / "real"))
    assert [batch.part for batch in found] == ["part-00000", "part-00001"]
    assert [len(batch.column("base", "kind")) for batch in found] == [5, 5]
    assert batches.count(SCHEMA, tmp_path / "real") == 2


def test_a_table_out_of_order_is_refused_where_batches_need_order(small, tmp_path):
    write(tmp_path / "real", 150)
    path = tmp_path / "real" / "rare.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.take(np.arange(len(rows))[::-1]), path)
    with pytest.raises(errors.InputError, match=r"rare\.parquet: rows are not in the"):
        list(batches.read(SCHEMA, tmp_path / "real"))


def test_a_file_that_breaks_off_is_one_line(small, tmp_path):
    write(tmp_path / "real", 150)
    path = tmp_path / "real" / "rare.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(errors.InputError, match=r"rare\.parquet: cannot be read"):
        batches.count(SCHEMA, tmp_path / "real")


def test_arrays_that_grow_are_those_saved_at_once(tmp_path):
    devices = toys.devices(SCHEMA, 30)
    with array_files.writing(tmp_path / "grown", SCHEMA) as add:
        for start in range(0, 30, 8):
            add(arrays.take(devices, slice(start, start + 8)))
    assert_same(array_files.load(tmp_path / "grown", SCHEMA), devices)
    with array_files.writing(tmp_path / "none", SCHEMA):
        pass
    assert array_files.stored_devices(tmp_path / "none", SCHEMA) == 0
