"""Turns a text file whose encoding is stated into UTF-8, one line at a time.

The encoding is never guessed from the content: one user's bytes could change how the
rows of others read. Only a byte order mark, which stands before the first line, may
tell another one.
"""

import codecs
import contextlib
import importlib
import pathlib
import tempfile
from collections.abc import Iterator

from teledp_jax import errors

UTF8 = "utf-8"

_MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = {"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"}
_BLOCK = 1 << 22
_BROKEN = "\udcff"  # a lone surrogate: as UTF-8 it is broken, so its line is rejected

codecs.register_error("teledp_jax.broken", lambda error: (_BROKEN, _end(error)))


def _end(error: UnicodeError) -> int:
    """Finds where a broken character ends."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.end


def named(encoding: str) -> str:
    """Checks the name of an encoding, and gives it in its usual form.

    Args:
        encoding: UTF-8, UTF-16 or UTF-32 with its order of bytes, or an encoding of one
            byte per character. In others a line can change how the next one reads.

    Raises:
        InputError: If it is unknown or of another kind.
    """
    try:
        name = codecs.lookup(encoding).name
        if name == UTF8 or name in _WIDE or _is_byte_per_character(name):
            return name
    except (ImportError, LookupError, TypeError, ValueError):
        pass
    raise errors.InputError(
        f"encoding={encoding!r}: state utf-8, utf-16-le, utf-16-be or an encoding of "
        "one byte per character, as cp1252 or latin-1; convert other files to UTF-8."
    )


def _is_byte_per_character(name: str) -> bool:
    """Tells whether each byte is one character, and ASCII bytes are themselves."""
    if name in ("ascii", "iso8859-1"):
        return True
    codec = importlib.import_module(f"encodings.{name.replace('-', '_')}")
    table: str = getattr(codec, "decoding_table", "")
    return table[:128] == bytes(range(128)).decode("ascii")


@contextlib.contextmanager
def as_utf8(path: pathlib.Path, encoding: str) -> Iterator[tuple[pathlib.Path, str]]:
    """Gives a file of UTF-8 with the lines of a file, and the encoding that it has.

    A character that breaks the encoding becomes bytes that are no UTF-8, in its own
    line; the lines before and behind it stay as they are.

    Args:
        path: The file.
        encoding: Its encoding, unless it begins with a byte order mark.

    Yields:
        The file itself if it is in UTF-8, else a copy that is gone at the end; and the
        encoding.

    Raises:
        InputError: If the file cannot be read or the encoding is not taken.
    """
    name = _marked(path) or named(encoding)
    if name == UTF8:
        yield path, name
        return
    with tempfile.TemporaryDirectory(prefix="teledp-") as folder:
        copy = pathlib.Path(folder) / "utf8.csv"
        decoder = codecs.getincrementaldecoder(name)("teledp_jax.broken")
        with path.open("rb") as source, copy.open("wb") as target:
            while block := source.read(_BLOCK):
                target.write(decoder.decode(block).encode(UTF8, "surrogatepass"))
            rest = decoder.decode(b"", final=True)
            target.write(rest.encode(UTF8, "surrogatepass"))
        yield copy, name


def _marked(path: pathlib.Path) -> str | None:
    """Reads the byte order mark of a file; None if it has none."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise errors.InputError(f"{path}: cannot be read ({error.strerror}).") from None
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)
