import dataclasses
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from teledp_jax import arrays, errors, runs, schemas
from teledp_jax.data import encode as encode_lib
from teledp_jax.data import quality
from tests import toys

VENDOR = toys.category("vendor", "Dell", "HP", "Other", other="Other")
REGION = toys.category("region", "EU", "US")
RUNS = toys.whole("runs", 1, 2, 4, 8, 16, scale="log", has_zero=True)
POWER = toys.number("power", -1, 0, 10)
SCHEMA = toys.schema(
    toys.anchor("machines", VENDOR, REGION),
    toys.group("usage", RUNS, POWER),
    toys.entity("apps", REGION, RUNS, rows=2, by="runs"),
)


def write(folder: pathlib.Path, machines: dict, usage: dict, apps: dict) -> None:
    types = {"runs": pa.int64(), "power": pa.float64()}
    for name, columns in (("machines", machines), ("usage", usage), ("apps", apps)):
        table = pa.table(
            {
                key: pa.array(values, types.get(key, pa.string()))
                for key, values in columns.items()
            }
        )
        pa.parquet.write_table(table, folder / f"{name}.parquet")


MACHINES = {
    "guid": ["a", "b", "c"],
    "vendor": ["HP", "Acer", None],
    "region": ["US", "Mars", "EU"],
}
USAGE = {"guid": ["c", "a"], "runs": [0, 5], "power": [0.0, 99.0]}
APPS = {
    "guid": ["b", "a", "b", "b", "x"],
    "region": ["EU", "US", "US", None, "EU"],
    "runs": [1, 3, 9, 9, 9],
}


def test_tables_encode_to_codes_worked_by_hand(tmp_path):
    write(tmp_path, MACHINES, USAGE, APPS)
    devices, counts = encode_lib.encode(SCHEMA, tmp_path)
    for name, codes, offsets in (
        ("machines", [[2, 2], [3, 0], [0, 1]], [0, 1, 2, 3]),
        ("usage", [[4, 2], [1, 2]], [0, 1, 1, 2]),
        ("apps", [[2, 3], [2, 5], [0, 5]], [0, 1, 3, 3]),
    ):
        np.testing.assert_array_equal(devices[name].codes, codes)
        np.testing.assert_array_equal(devices[name].offsets, offsets)
    assert devices["machines"].codes.dtype == np.uint8
    found = {(c.table, c.column, c.rule): c.count for c in counts if c.count}
    assert found == {
        ("machines", "vendor", "unknown_text"): 1,
        ("machines", "region", "unknown_text"): 1,
        ("usage", "power", "clamped_high"): 1,
        ("apps", "guid", "over_cap"): 1,
        ("apps", "guid", "unknown_device"): 1,
    }


def test_rows_that_break_a_constraint_are_used_and_counted(tmp_path):
    limit = schemas.Constraint(kind="at_most", columns=("runs", "power"))
    usage = dataclasses.replace(SCHEMA.tables[1], constraints=(limit,))
    schema = toys.schema(SCHEMA.tables[0], usage, SCHEMA.tables[2])
    write(tmp_path, MACHINES, USAGE | {"power": [0.0, 3.0]}, APPS)
    devices, counts = encode_lib.encode(schema, tmp_path)
    assert quality.Count("usage", "runs", "breaks_constraint", 1) in counts
    np.testing.assert_array_equal(devices["usage"].offsets, [0, 1, 1, 2])


def test_devices_come_in_the_order_of_ids_and_once(tmp_path):
    machines = {
        "guid": ["b", "a", "b"],
        "vendor": ["HP", "Dell", "Other"],
        "region": ["EU", "EU", "EU"],
    }
    write(tmp_path, machines, USAGE, APPS)
    devices, counts = encode_lib.encode(SCHEMA, tmp_path)
    np.testing.assert_array_equal(devices["machines"].codes[:, 0], [1, 3])
    assert quality.Count("machines", "guid", "second_row", 1) in counts


def test_the_order_of_rows_in_files_changes_nothing(tmp_path):
    rng = np.random.default_rng(0)
    size = 300
    usage = {
        "guid": rng.choice(["a", "b", "c"], size),
        "runs": rng.integers(0, 20, size),
        "power": rng.normal(size=size),
    }
    apps = {
        "guid": rng.choice(["a", "b", "c"], size),
        "region": rng.choice(["EU", "US"], size),
        "runs": rng.integers(0, 20, size),
    }
    write(tmp_path, MACHINES, usage, apps)
    first, _ = encode_lib.encode(SCHEMA, tmp_path)
    order = rng.permutation(size)
    write(
        tmp_path,
        MACHINES,
        {key: values[order] for key, values in usage.items()},
        {key: values[order] for key, values in apps.items()},
    )
    second, _ = encode_lib.encode(SCHEMA, tmp_path)
    for table in ("usage", "apps"):
        np.testing.assert_array_equal(first[table].codes, second[table].codes)


def test_another_device_leaves_the_arrays_of_a_device_alone(tmp_path):
    write(tmp_path, MACHINES, USAGE, APPS)
    with_b, _ = encode_lib.encode(SCHEMA, tmp_path)
    write(
        tmp_path,
        {key: [values[0], values[2]] for key, values in MACHINES.items()},
        USAGE,
        APPS,
    )
    without_b, _ = encode_lib.encode(SCHEMA, tmp_path)
    expected = arrays.take(with_b, np.array([0, 2]))
    for name, table in without_b.items():
        np.testing.assert_array_equal(table.codes, expected[name].codes)
        np.testing.assert_array_equal(table.offsets, expected[name].offsets)


@pytest.mark.parametrize(
    ("owners", "offsets", "dropped"),
    [
        (["b"] * 100_000 + ["a"], [0, 1, 60_001, 60_001], 40_000),
        (["c", "a"], [0, 1, 1, 2], 0),
        ([], [0, 0, 0, 0], 0),
    ],
)
def test_a_table_has_any_number_of_rows(tmp_path, owners, offsets, dropped):
    apps = toys.entity("apps", REGION, RUNS, rows=60_000, by="runs")
    schema = toys.schema(*SCHEMA.tables[:2], apps)
    count = len(owners)
    rows = {"guid": owners, "region": ["EU"] * count, "runs": [*range(count)]}
    write(tmp_path, MACHINES, USAGE, rows)
    devices, counts = encode_lib.encode(schema, tmp_path)
    assert devices["apps"].offsets.tolist() == offsets
    over = [c.count for c in counts if c.rule == "over_cap"]
    assert over == [dropped]
    narrow = arrays.narrow(schema.narrowed(), devices)
    assert arrays.num_rows(narrow["apps"]).max() <= 16


def test_counts_replace_those_of_the_same_stage_alone(tmp_path):
    path = tmp_path / "quality.csv"
    quality.record(path, [quality.Count("t", "c", "orphan", 3)], rules=["orphan"])
    encode_lib.write_quality(path, [quality.Count("t", "c", "negative", 1)])
    encode_lib.write_quality(path, [quality.Count("t", "c", "negative", 2)])
    rows = [(row["rule"], row["count"]) for row in runs.read_csv(path)]
    assert rows == [("orphan", "3"), ("negative", "2")]


def test_a_damaged_device_table_is_named(tmp_path):
    write(tmp_path, MACHINES, USAGE, APPS)
    (tmp_path / "usage.parquet").write_bytes(b"PAR1")
    with pytest.raises(errors.InputError, match=r"usage\.parquet"):
        encode_lib.encode(SCHEMA, tmp_path)
