import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from teledp_jax import runs
from teledp_jax.report import distributions, run_files
from tests import toys

AGE = toys.number("age", 1, 2, 4, scale="log", has_zero=True)
VENDOR = toys.category("vendor", "HP", "Other", other="Other")
TABLE = toys.anchor("sysinfo", AGE, VENDOR)


def write(folder, **columns):
    folder.mkdir(parents=True)
    pq.write_table(pa.table(columns), folder / "sysinfo.parquet")


def test_shares_follow_the_codes_of_the_schema(tmp_path):
    run = runs.Run(tmp_path)
    ages = [None, 0.0, 0.5, 1.0, 2.0, 3.0, 99.0, float("nan")]
    vendors = ["HP", "HP", "Acer", None, "Other", "HP", "HP", "HP"]
    write(run.real, age=ages, vendor=vendors)
    inputs = run_files.read(run, tmp_path / "suite")
    for column, values in ((AGE, ages), (VENDOR, vendors)):
        codes = [column.code_of(value) for value in values]
        expected = np.bincount(codes, minlength=column.num_codes) / 8
        shares = distributions.shares(inputs, TABLE, column)
        np.testing.assert_array_equal(shares["real"], expected)


def test_parts_of_a_table_are_read_as_one(tmp_path):
    run = runs.Run(tmp_path)
    (run.real / "sysinfo.parquet").mkdir(parents=True)
    for number, ages in enumerate(([1.0, 2.0], [], [3.0, None])):
        rows = pa.table({"age": pa.array(ages, pa.float64())})
        pq.write_table(rows, run.real / "sysinfo.parquet" / f"part-{number}.parquet")
    inputs = run_files.read(run, tmp_path / "suite")
    codes = [AGE.code_of(value) for value in (1.0, 2.0, 3.0, None)]
    expected = np.bincount(codes, minlength=AGE.num_codes) / 4
    found = distributions.shares(inputs, TABLE, AGE)["real"]
    np.testing.assert_array_equal(found, expected)


def test_missing_and_empty_tables_are_left_out(tmp_path):
    run = runs.Run(tmp_path)
    write(run.real, age=[1.0], vendor=["HP"])
    write(run.synthetic("pe"), age=pa.array([], pa.float64()))
    runs.write_json(run.summary, {"methods": {"pe": {}, "mst": {}}})
    inputs = run_files.read(run, tmp_path / "suite")
    assert list(distributions.shares(inputs, TABLE, AGE)) == ["real"]
    assert list(distributions.shares(inputs, TABLE, VENDOR)) == ["real"]
