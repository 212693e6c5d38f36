"""Text of any usual encoding as UTF-8: found by its first bytes, never guessed late."""

import codecs
import contextlib
import pathlib
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from teledp_jax import errors

UTF8 = "utf-8"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = ("cp1252", "latin-1")  # the first leaves five bytes out, the second none
_HEAD = 4096
_CHUNK = 1 << 24


def detect(path: pathlib.Path) -> str:
    """Name of the encoding of a text file.

    A byte order mark decides, then zero bytes (UTF-16 without a mark, where most
    characters are Latin), then whether all of it is UTF-8; what is not is taken as
    Windows-1252, or as Latin-1 where Windows-1252 leaves a byte out.

    Raises:
        InputError: If the file cannot be read or is empty.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if not head:
                raise errors.InputError(
                    f"{path}: is empty; expected a CSV with a header."
                )
            for mark, name in _MARKS:
                if head.startswith(mark):
                    return name
            if b"\0" in head:
                even, odd = head[::2].count(0), head[1::2].count(0)
                return "utf-16-le" if odd > even else "utf-16-be"
            file.seek(0)
            return next(name for name in (UTF8, *_WESTERN) if _decodes(file, name))
    except OSError as error:
        raise errors.InputError(f"{path}: cannot be read ({error.strerror}).") from None


def _decodes(file: BinaryIO, name: str) -> bool:
    """Whether all of a file has an encoding."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(name)()
    try:
        while chunk := file.read(_CHUNK):
            if name != UTF8 or not chunk.isascii() or decoder.getstate()[0]:
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


@contextlib.contextmanager
def as_utf8(path: pathlib.Path) -> Iterator[tuple[pathlib.Path, str]]:
    """Gives a UTF-8 file with the text of a file, and the encoding that it has.

    A file in UTF-8 is given itself, another one as a copy that is gone at the end.

    Raises:
        InputError: If the file cannot be read, is empty, or breaks its encoding.
    """
    name = detect(path)
    if name == UTF8:
        yield path, name
        return
    with tempfile.TemporaryDirectory(prefix="teledp-") as folder:
        copy = pathlib.Path(folder) / "utf8.csv"
        try:
            with (
                path.open(encoding=name, newline="") as source,
                copy.open("w", encoding=UTF8, newline="") as target,
            ):
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
        except UnicodeError:
            raise errors.InputError(
                f"{path}: begins as {name.upper()} but does not read as such to its "
                "end; save it as CSV in UTF-8."
            ) from None
        yield copy, name
