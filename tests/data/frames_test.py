"""Device tables in memory, in every form that is taken."""

import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import teledp_jax as teledp
from teledp_jax.data import encode as encode_lib

SCHEMA = teledp.schema(
    teledp.anchor(
        "devices",
        {
            "os": teledp.category(["a", "b"], other="b"),
            "ram": teledp.integer(low=1, high=64, bins=4, scale="log"),
        },
    ),
    teledp.entity(
        "crashes",
        {"count": teledp.double(low=1, high=100, bins=4, scale="log")},
        max_rows=2,
        cap_by="count",
    ),
    device="guid",
)
DEVICES = {"guid": ["y", "x", "z"], "os": ["a", None, "c"], "ram": [4, None, 999]}
CRASHES = {"guid": ["x", "x", "x", "w"], "count": [1.0, 50.0, float("nan"), 2.0]}
TYPES = {"guid": pa.string(), "os": pa.string(), "ram": pa.int64()}


def table(columns):
    return pa.table(
        {
            name: pa.array(values, TYPES.get(name, pa.float64()))
            for name, values in columns.items()
        }
    )


FORMS = {
    "mapping": lambda columns, folder: columns,
    "arrow": lambda columns, folder: table(columns),
    "batch": lambda columns, folder: table(columns).to_batches()[0],
    "pandas": lambda columns, folder: pd.DataFrame(columns),
    "pandas indexed": lambda columns, folder: pd.DataFrame(
        columns, index=range(7, 7 + len(columns["guid"]))
    ),
    "categorical": lambda columns, folder: pd.DataFrame(columns).astype(
        {"guid": "category"}
    ),
    "capsule": lambda columns, folder: Capsule(table(columns)),
}


class Capsule:
    """What any other library of data frames offers."""

    def __init__(self, rows):
        self._rows = rows

    def __arrow_c_stream__(self, requested_schema=None):
        return self._rows.__arrow_c_stream__(requested_schema)


def same(one, other):
    return all(
        np.array_equal(one.arrays[name].codes, other.arrays[name].codes)
        and np.array_equal(one.arrays[name].offsets, other.arrays[name].offsets)
        for name in one.arrays
    )


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the stages of a run make of the same rows on disk."""
    folder = tmp_path_factory.mktemp("tables")
    for name, columns in (("devices", DEVICES), ("crashes", CRASHES)):
        pq.write_table(table(columns), folder / f"{name}.parquet")
    return folder, encode_lib.encode(SCHEMA, folder)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_encodes_as_files_do(form, expected, tmp_path):
    make = FORMS[form]
    tables = {"devices": make(DEVICES, tmp_path), "crashes": make(CRASHES, tmp_path)}
    devices = teledp.encode(tables, SCHEMA)
    folder, encoded = expected
    assert devices.schema == SCHEMA
    for name in encoded.devices:
        np.testing.assert_array_equal(
            devices.arrays[name].codes, encoded.devices[name].codes
        )
    assert same(devices, teledp.encode(paths(folder), SCHEMA))
    assert devices.arrays["devices"].codes.tolist() == [[0, 0], [1, 3], [2, 5]]


def paths(folder):
    return {
        "devices": folder / "devices.parquet",
        "crashes": f"{folder}/crashes.parquet",
    }


def test_what_was_changed_is_counted_and_is_no_error():
    rows = {"guid": ["x", None, "x"], "os": ["a", "a", "b"], "ram": [1, 1, 10**6]}
    devices = teledp.encode({"devices": rows, "crashes": CRASHES}, SCHEMA)
    found = {(c.table, c.column, c.rule): c.count for c in devices.changes}
    assert found == {
        ("devices", "guid", "no_id"): 1,
        ("devices", "ram", "clamped_high"): 1,
        ("devices", "guid", "second_row"): 1,
        ("crashes", "guid", "over_cap"): 1,
        ("crashes", "guid", "unknown_device"): 1,
    }
    assert devices.arrays["devices"].offsets.tolist() == [0, 1]


def test_ids_may_be_whole_numbers_and_values_decimals():
    devices = {"guid": [10, 9], "os": ["a", "b"], "ram": [decimal.Decimal(4), None]}
    crashes = {"guid": np.array([9], np.uint16), "count": np.array([50], np.int8)}
    made = teledp.encode({"devices": devices, "crashes": crashes}, SCHEMA)
    assert made.arrays["devices"].codes[:, 0].tolist() == [1, 2]  # "10" < "9"
    assert made.arrays["crashes"].offsets.tolist() == [0, 0, 1]


def test_tables_may_have_no_rows_and_the_fleet_no_devices():
    empty = {"guid": [], "os": [], "ram": []}
    made = teledp.encode(
        {"devices": empty, "crashes": {"guid": [], "count": []}}, SCHEMA
    )
    assert made.arrays["devices"].codes.shape == (0, 2)


def test_devices_show_no_number():
    made = teledp.encode({"devices": DEVICES, "crashes": CRASHES}, SCHEMA)
    assert repr(made) == "Devices(fleet: devices, crashes; private)"


def without(name):
    return {column: values for column, values in DEVICES.items() if column != name}


@pytest.mark.parametrize(
    ("devices", "match"),
    [
        (without("guid"), "lacks the id column guid"),
        (pd.DataFrame(DEVICES).set_index("guid"), "reset_index"),
        (without("ram"), r"lacks the columns \['ram'\]"),
        ({**DEVICES, "cpu": [1, 2, 3]}, r"no columns \['cpu'\]; known: \['guid', "),
        ({**DEVICES, "os": [1, 2, 3]}, "column os is int64, expected texts"),
        ({**DEVICES, "os": [True, False, None]}, "column os is bool"),
        ({**DEVICES, "ram": ["4", "8", "16"]}, "column ram is string, expected num"),
        ({**DEVICES, "ram": [[1], [2], [3]]}, "column ram is list"),
        ({**DEVICES, "guid": [1.0, 2.0, 3.0]}, "guid is double, expected texts or w"),
        ({**DEVICES, "ram": [1, "two", 3]}, "column ram holds values of several types"),
        ({**DEVICES, "ram": [1, 2]}, "different numbers of rows"),
        ("no/such/file.parquet", r"no/such/file\.parquet: is no readable"),
        (7, "got int"),
    ],
)
def test_a_fault_of_the_frame_is_one_line(devices, match):
    with pytest.raises(teledp.InputError, match=match) as caught:
        teledp.encode({"devices": devices, "crashes": CRASHES}, SCHEMA)
    assert "\n" not in str(caught.value)
    assert "two" not in str(caught.value)


@pytest.mark.parametrize(
    ("tables", "match"),
    [
        ({"devices": DEVICES}, r"tables \['crashes'\] are missing"),
        ({"devices": DEVICES, "crashes": CRASHES, "apps": {}}, r"no tables \['apps'\]"),
    ],
)
def test_tables_and_schema_must_agree(tables, match):
    with pytest.raises(teledp.InputError, match=match):
        teledp.encode(tables, SCHEMA)


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "devices.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(teledp.InputError, match=r"devices\.parquet"):
        teledp.encode({"devices": path, "crashes": CRASHES}, SCHEMA)
