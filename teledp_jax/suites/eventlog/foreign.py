"""Tells what a file is that was given as a CSV but is not one."""

import pathlib

_ZIP = "a spreadsheet or a ZIP archive"
_UNPACK = "unpack it first"
_KINDS = (
    (b"\x1f\x8b", "compressed by gzip", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", _UNPACK),
    (b"\xfd7zXZ\0", "compressed by xz", _UNPACK),
    (b"BZh", "compressed by bzip2", _UNPACK),
    (b"\x04\x22\x4d\x18", "compressed by lz4", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"PK\x03\x04", _ZIP, "unpack it, or save the sheet as CSV in UTF-8"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet", "save the sheet as CSV in UTF-8"),
    (b"PAR1", "Parquet", "state its folder as --config.source, or save it as CSV"),
    (b"ARROW1", "an Arrow file", "save it as CSV"),
    (b"ORC", "an ORC file", "save it as CSV"),
    (b"Obj\x01", "an Avro file", "save it as CSV"),
    (b"SQLite format 3\0", "an SQLite database", "save the table as CSV"),
)


def kind(path: pathlib.Path) -> str | None:
    """Names what a file is and what to do; None if its first bytes do not tell.

    Args:
        path: A file that can be read.
    """
    with path.open("rb") as file:
        head = file.read(16)
    for magic, name, remedy in _KINDS:
        if head.startswith(magic):
            return f"is {name}, not a CSV; {remedy}."
    return None
