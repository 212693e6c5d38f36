"""Files that were given as a CSV but are not."""

import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet
import pytest

from teledp_jax.suites.eventlog import foreign

TEXT = b"Product Type,Event Type,Time of Event,User ID\n"


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


def parquet() -> bytes:
    file = io.BytesIO()
    pa.parquet.write_table(pa.table({"a": [1]}), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (gzip.compress(TEXT, mtime=0), "gzip, not a CSV; unpack it"),
        (pa.compress(TEXT, codec="zstd", asbytes=True), "zstd"),
        (zipped(), "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save the sheet as CSV"),
        (parquet(), "is Parquet"),
    ],
)
def test_a_file_is_known_by_its_first_bytes(tmp_path, content, kind):
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    assert kind in foreign.kind(path)


def test_text_is_nothing_else(tmp_path):
    path = tmp_path / "log.csv"
    for content in (TEXT, b"", b"\xff\xfe"):
        path.write_bytes(content)
        assert foreign.kind(path) is None
