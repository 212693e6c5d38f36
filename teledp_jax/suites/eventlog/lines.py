"""Reads a CSV by physical lines: what a line says depends on no other line.

A line ends with LF or CRLF. It is UTF-8 without NUL or stray CR, has as many fields as
the header, and closes its quotes; what is not so is a fault of this line only. Plain
lines are read by blocks, the few others one by one.
"""

import pathlib
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from jaxtyping import Bool, Integer

LONGEST = 1 << 20
"""Bytes of the longest line that is read; a longer one is a reject."""

FILE_ROW, FAULT, TEXT = "file_row", "fault", "line_text"
"""Columns of a block: number of the line behind the header, why it does not read, and
what it says if it does not."""

EMPTY = "empty line"
TOO_LONG = "line too long"
NUL_BYTE = "NUL byte"
STRAY_CR = "stray carriage return"
BROKEN = "broken encoding"
MALFORMED = "malformed line"

_BLOCK = 1 << 24
_SHOWN = 1000  # bytes of a rejected line
_MARK = b"\xef\xbb\xbf"
_LF, _CR, _NUL, _QUOTE, _COMMA, _FIRST_OF_MARK = 0x0A, 0x0D, 0x00, 0x22, 0x2C, _MARK[0]
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def header(path: pathlib.Path) -> list[str] | None:
    """Reads the names of the columns; None if the first line does not read as such."""
    with path.open("rb") as file:
        block = next(_blocks(file), b"\n")
    line = block[: block.index(b"\n")].removesuffix(b"\r").removeprefix(_MARK)
    fields = split(line)
    if _broken(line) or fields is None:
        return None
    return [field.decode() for field in fields]


def split(line: bytes) -> list[bytes] | None:
    """Splits a line at its commas; None if a quote is not closed.

    Args:
        line: Without its end.

    References:
        RFC 4180, without line breaks in quotes; a quote inside a field that does not
        begin with one is a character like others.
    """
    if b'"' not in line:
        return line.split(b",")
    fields, place = [], 0
    while True:
        if line.startswith(b'"', place):
            close = _closing(line, place + 1)
            if close is None or line[close + 1 : close + 2] not in (b"", b","):
                return None
            fields.append(line[place + 1 : close].replace(b'""', b'"'))
            end = close + 1
        else:
            comma = line.find(b",", place)
            end = len(line) if comma < 0 else comma
            fields.append(line[place:end])
        if end == len(line):
            return fields
        place = end + 1


def _closing(line: bytes, place: int) -> int | None:
    """Finds the quote that closes a field; two in a row are one inside it."""
    while (found := line.find(b'"', place)) >= 0:
        if not line.startswith(b'"', found + 1):
            return found
        place = found + 2
    return None


def blocks(path: pathlib.Path, places: Sequence[int], width: int) -> Iterator[pa.Table]:
    """Reads all lines behind the first one.

    Args:
        path: A CSV in UTF-8.
        places: Numbers of the columns to read.
        width: Number of columns that a line must have.

    Yields:
        A row per line, in order: `FILE_ROW`, the columns under the names `0`, `1` and
        so on, in the order of `places`, `FAULT` and `TEXT`. A line has a fault or has
        columns.
    """
    first = 0
    with path.open("rb") as file:
        for number, block in enumerate(_blocks(file)):
            if number == 0:
                block = block[block.index(b"\n") + 1 :]
            if block:
                table = _block(block, places, width, first)
                first += len(table)
                yield table


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yields whole lines, some at a time; of a line that is too long only a part."""
    rest, is_cut = b"", False
    while block := file.read(_BLOCK):
        if is_cut:
            end = block.find(b"\n")
            if end < 0:
                continue
            block, is_cut = block[end:], False
        block = rest + block
        last = block.rfind(b"\n") + 1
        if last:
            yield block[:last]
        rest = block[last:]
        if len(rest) > LONGEST + 1:  # room for a CR that belongs to the end
            rest, is_cut = rest[: LONGEST + 2], True
    if rest:
        yield rest + b"\n"


def _block(block: bytes, places: Sequence[int], width: int, first: int) -> pa.Table:
    """Reads whole lines, of which `first` are behind the header before them."""
    codes = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(codes == _LF)
    starts = np.concatenate([[0], ends[:-1] + 1])
    returned = (ends > starts) & (codes[ends - 1] == _CR)
    stops = ends - returned
    plain = (
        (_count(codes == _COMMA, starts) == width - 1)
        & (_count(_special(codes), starts) == returned)
        & (codes[starts] != _FIRST_OF_MARK)  # a parser would skip a mark
        & (stops - starts <= LONGEST)
    )
    plain &= _decodes(block, codes, starts, stops)
    odd = np.flatnonzero(~plain)
    kept = block if not len(odd) else codes[np.repeat(plain, ends - starts + 1)]
    table = _plain(kept, places, width, first + np.flatnonzero(plain) + 1)
    if not len(odd):
        return table
    rows = [_odd(block[starts[i] : stops[i]], places, width) for i in odd]
    others = pa.Table.from_arrays(
        [
            pa.array(first + odd + 1),
            *(pa.array(part, pa.string()) for part in zip(*rows, strict=True)),
        ],
        schema=table.schema,
    )
    order = np.argsort(np.concatenate([np.flatnonzero(plain), odd]))
    return pa.concat_tables([table, others]).take(order)


def _special(codes: Integer[np.ndarray, " byte"]) -> Bool[np.ndarray, " byte"]:
    """Marks the bytes that make a line more than a list of fields."""
    return np.asarray((codes == _QUOTE) | (codes == _NUL) | (codes == _CR))


def _count(
    marked: Bool[np.ndarray, " byte"], starts: Integer[np.ndarray, " line"]
) -> Integer[np.ndarray, " line"]:
    """Counts the marked bytes of each line."""
    before = np.searchsorted(np.flatnonzero(marked), starts)
    return np.diff(before, append=np.count_nonzero(marked))


def _decodes(
    block: bytes,
    codes: Integer[np.ndarray, " byte"],
    starts: Integer[np.ndarray, " line"],
    stops: Integer[np.ndarray, " line"],
) -> Bool[np.ndarray, " line"]:
    """Tells which lines are UTF-8."""
    found = np.ones(len(starts), bool)
    if block.isascii() or not _broken(block):
        return found
    for line in np.flatnonzero(_count(codes > 0x7F, starts)):
        found[line] = not _broken(block[starts[line] : stops[line]])
    return found


def _broken(text: bytes) -> bool:
    """Tells whether bytes are no UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return True
    return False


def _plain(
    text: bytes | Integer[np.ndarray, " byte"],
    places: Sequence[int],
    width: int,
    file_rows: Integer[np.ndarray, " line"],
) -> pa.Table:
    """Reads lines that are fields between commas, and nothing else."""
    names = [str(place) for place in range(width)]
    size = len(file_rows)
    if size:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(pa.py_buffer(text)),
            read_options=pyarrow.csv.ReadOptions(
                column_names=names, block_size=4 * LONGEST
            ),
            parse_options=pyarrow.csv.ParseOptions(
                quote_char=False, ignore_empty_lines=False
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=[names[place] for place in places],
                strings_can_be_null=False,
            ),
        )
    else:
        table = pa.table({names[place]: pa.array([], pa.string()) for place in places})
    nothing = pa.nulls(size, pa.string())
    return pa.table(
        {
            FILE_ROW: pa.array(file_rows, pa.int64()),
            **{str(i): table[names[place]] for i, place in enumerate(places)},
            FAULT: nothing,
            TEXT: nothing,
        }
    )


def _odd(line: bytes, places: Sequence[int], width: int) -> tuple[str | None, ...]:
    """Reads one line: its columns, its fault, and what it says."""
    fault = _fault(line)
    fields = None if fault else split(line)
    if fields is not None and len(fields) == width:
        return (*(fields[place].decode() for place in places), None, None)
    return (*(None for _ in places), fault or MALFORMED, _shown(line))


def _fault(line: bytes) -> str | None:
    """Finds why a line has no fields."""
    if len(line) > LONGEST:
        return TOO_LONG
    if not line:
        return EMPTY
    if b"\0" in line:
        return NUL_BYTE
    if b"\r" in line:
        return STRAY_CR
    return BROKEN if _broken(line) else None


def _shown(line: bytes) -> str:
    """Shows the begin of a line, and what is no text by its hexadecimal code."""
    text = line[:_SHOWN].decode("utf-8", "backslashreplace")
    text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return text if len(line) <= _SHOWN else f"{text}... ({len(line)} bytes)"
