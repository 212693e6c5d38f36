import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax import errors
from teledp_jax.data import device_files
from tests.queries import fleet


def test_a_file_has_the_id_then_the_columns_in_their_types():
    apps = device_files.arrow_schema(fleet.SCHEMA, fleet.SCHEMA.table("apps"))
    assert apps.names == ["guid", "app", "hangs"]
    assert apps.types == [pa.string(), pa.string(), pa.int64()]


def test_a_part_lies_in_the_folder_of_its_table(tmp_path):
    table = tmp_path / "apps.parquet"
    assert device_files.part_path(table, "") == table
    assert device_files.part_path(table, "part-00001") == table / "part-00001.parquet"


def test_a_column_is_read_from_a_file_or_from_all_parts(tmp_path):
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / "one.parquet")
    folder = tmp_path / "two.parquet"
    folder.mkdir()
    for part, value in enumerate((3, 4)):
        pq.write_table(pa.table({"x": [value]}), folder / f"part-{part}.parquet")
    read = device_files.read_column
    assert read(tmp_path, "one", "x").to_pylist() == [1, 2]
    assert read(tmp_path, "two", "x").to_pylist() == [3, 4]
    assert read(tmp_path, "two", "x", part="part-1").to_pylist() == [4]


@pytest.mark.parametrize("column", ["x", "y"])
def test_what_cannot_be_read_is_named(tmp_path, column):
    if column == "y":
        pq.write_table(pa.table({"x": [1]}), tmp_path / "one.parquet")
    with pytest.raises(errors.InputError, match=rf"one\.parquet.*{column}"):
        device_files.read_column(tmp_path, "one", column)
