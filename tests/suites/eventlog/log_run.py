"""Writes many random event logs by bytes, reads them, and counts what was tried.

    python -m tests.suites.eventlog.log_run --logs=10000

Each line is worked out by another parser, Python's own, by itself; every line must be a
row or a fault, and rows of other users what they are without the odd lines. The first
log that is not read so ends it with its seed and status 1. docs/reference/raw-files.md
holds the numbers of the last run.
"""

import argparse
import collections
import csv
import pathlib
import random
import sys
import tempfile
import time
from unittest import mock

from teledp_jax.suites.eventlog import lines, log
from tests import paths

HEADER = b"Product Type,Event Type,Time of Event,User ID"
WIDTH = 4
PIECES = (
    b'"', b'""', b",", b"\0", b"\r", b"\xff", b"\xc3", b"\xc3\xa9", b"\xe2\x82", b" ",
    b"\xef\xbb\xbf", b"\x1a", b"\x0b", b"\xe2\x80\xa8", b"a", b"me", b"2024-05-04",
)  # fmt: skip
OTHERS = tuple(f"other {number}".encode() for number in range(5))
_WHOLE_EVERY = 20  # logs, of which one goes through all of `preprocess`


def odd_line(rng: random.Random) -> bytes:
    """A line of one user: pieces that break readers, any bytes, or a very long one."""
    kind = rng.random()
    if kind < 0.02:
        return b"A,open," + rng.choice(PIECES) * rng.choice((1 << 19, 1 << 21))
    if kind < 0.3:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(60)))
    if kind < 0.6:
        return b"A,open,2024-05-04 13:00:01," + rng.choice(PIECES)
    return b"".join(rng.choices(PIECES, k=rng.randrange(12)))


def expected(line: bytes) -> list[str] | None:
    """Fields of a line, by Python's parser; None if it must be a reject."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None
    if not line or len(line) > lines.LONGEST or "\0" in text or "\r" in text:
        return None
    csv.field_size_limit(1 << 30)
    try:
        (fields,) = csv.reader([text], strict=True)
    except csv.Error:
        return None
    return fields if len(fields) == WIDTH else None


def content(rng: random.Random) -> list[bytes]:
    """Physical lines behind the header, without their ends; some hold a LF no more."""
    made = [
        b"B,open,2024-06-01 10:00:%02d," % second + rng.choice(OTHERS)
        for second in range(rng.randrange(1, 30))  # or rows would be alike
    ]
    for _ in range(rng.randrange(1, 8)):
        odd = odd_line(rng).replace(b"\n", b"")
        made.insert(rng.randrange(len(made) + 1), odd)
    return made


def check_lines(path: pathlib.Path, rng: random.Random) -> collections.Counter[str]:
    """Reads a log by lines and compares each with what it must be."""
    made, end = content(rng), rng.choice((b"\n", b"\r\n"))
    last = rng.choice((b"", end))
    path.write_bytes(HEADER + end + end.join(made) + last)
    if not last and not made[-1]:
        made.pop()  # a file that ends in a line's end has no line behind it
    if not last and end == b"\r\n" and made and made[-1].endswith(b"\r"):
        made[-1] = made[-1].removesuffix(b"\r")  # the last line's end, cut in half
    with mock.patch.object(lines, "_BLOCK", rng.choice((64, 4096, 1 << 24))):
        rows = [
            row
            for block in lines.blocks(path, range(WIDTH), WIDTH)
            for row in block.to_pylist()
        ]
    assert len(rows) == len(made), (len(rows), len(made))
    tried: collections.Counter[str] = collections.Counter(lines=len(made))
    for row, line in zip(rows, made, strict=True):
        if end == b"\n":
            line = line.removesuffix(b"\r")
        fields = expected(line)
        found = [row[str(place)] for place in range(WIDTH)]
        assert (row[lines.FAULT] is None) == (fields is not None), line[:200]
        assert fields is None or found == fields, line[:200]
        tried["rejects"] += fields is None
    return tried


def check_whole(path: pathlib.Path, folder: pathlib.Path) -> collections.Counter[str]:
    """Runs `preprocess`: every line is an event or a counted reject."""
    made = log.preprocess(path, folder, suite_folder=paths.SQL / "eventlog")
    text = path.read_bytes()
    num_lines = text.count(b"\n") + (not text.endswith(b"\n")) - 1
    assert len(made.events) + sum(made.rejects.values()) == num_lines
    found = collections.Counter(made.events["user_id"].to_pylist())
    ends = [line.removesuffix(b"\r") for line in text.split(b"\n")]
    for name in OTHERS:
        own = sum(line.startswith(b"B,") and line.endswith(name) for line in ends)
        assert found[name.decode()] == own, name
    return collections.Counter(whole=1)


def main() -> None:
    """Tries logs until there are enough, or time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0, help="of the first log")
    stated = parser.parse_args()
    ends = time.monotonic() + 60 * stated.minutes
    tried: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = folder / "log.csv"
        for seed in range(stated.seed, stated.seed + stated.logs):
            if time.monotonic() > ends:
                break
            try:
                tried += check_lines(path, random.Random(seed))
                if seed % _WHOLE_EVERY == 0:
                    tried += check_whole(path, folder / "out")
            except BaseException:
                sys.stderr.write(f"seed {seed} fails:\n")
                raise
            tried["logs"] += 1
    counts = ", ".join(f"{count} {what}" for what, count in tried.items())
    sys.stdout.write(f"{counts}\n")


if __name__ == "__main__":
    main()
