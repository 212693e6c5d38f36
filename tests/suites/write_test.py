"""Raw files, their manifests and types."""

import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from teledp_jax import errors
from teledp_jax.data import sqlfile
from teledp_jax.suites import write

TYPES = {"guid": "VARCHAR", "n": "INTEGER"}


def source(tmp_path, statement: str) -> sqlfile.SqlFile:
    return sqlfile.SqlFile(path=tmp_path / "t.sql", header={}, statement=statement)


def test_a_part_has_the_stated_types_and_the_manifest_counts_it(tmp_path):
    writer = write.TableWriter(tmp_path, "t", TYPES, "prod")
    for size in (2, 3):
        writer.write({"n": pa.array(np.arange(size)), "guid": pa.array(["a"] * size)})
    writer.finish()
    manifest = json.loads((tmp_path / "prod/t/t-manifest.json").read_text())
    assert [part["meta"]["record_count"] for part in manifest["entries"]] == [2, 3]
    assert manifest["meta"]["record_count"] == 5
    table = parquet.read_table(tmp_path / "prod/t/part-00001.parquet")
    assert table.schema.types == [pa.string(), pa.int32()]
    assert table.column_names == ["guid", "n"]


def test_a_column_that_is_not_made_is_refused(tmp_path):
    writer = write.TableWriter(tmp_path, "t", TYPES, "prod")
    with pytest.raises(errors.InputError, match=r"t: the simulator has no.*'n'"):
        writer.write({"guid": pa.array(["a"])})


def test_types_come_from_the_ddl(tmp_path):
    ddl = "CREATE TABLE t (guid VARCHAR, n INTEGER)"
    file = sqlfile.SqlFile(path=tmp_path / "t.sql", header={}, statement=ddl)
    assert write.column_types(file) == TYPES
    odd = ddl.replace("INTEGER", "BLOB")
    with pytest.raises(errors.InputError, match="BLOB"):
        write.column_types(source(tmp_path, odd))
    with pytest.raises(errors.InputError, match=r"t\.sql"):
        write.column_types(source(tmp_path, "CREATE nothing"))
