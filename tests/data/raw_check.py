"""Holds what the real aggregation makes of random files to what hands work out."""

import collections
import datetime
import math
import pathlib
import random
import shutil
from typing import NamedTuple

import pytest

from teledp_jax import errors
from teledp_jax.data import definition
from tests.data import raw_writers
from tests.data.raw import counts, rows, run_aggregate

WINDOWS = (("", ""), ("2024-01-01", "2024-01-31"), ("", "2024-01-05"))


class Tried(NamedTuple):
    """What was tried.

    Attributes:
        writers: Number of files by who wrote them.
        rows: Number of rows in them.
    """

    writers: collections.Counter[str]
    rows: int


def check(
    suite: definition.Suite,
    source: pathlib.Path,
    folder: pathlib.Path,
    *,
    seed: int,
    num_files: int,
) -> Tried:
    """Writes files, aggregates them, and compares every device and every count.

    A file that cannot be read as it is meant must be refused by its name; one with a
    changed byte be read or refused, with no row lost silently.

    Args:
        suite: The tiny suite.
        source: Its raw files, of which those of table crashes are replaced.
        folder: Gets the files and the runs; made anew.
        seed: Of all that is random.
        num_files: Number of files, or a few more.
    """
    rng = random.Random(seed)
    raw, place = folder / "raw", folder / "raw/prod/crashes"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, raw)
    (place / "part.parquet").unlink()
    tried = collections.Counter()
    given: list[raw_writers.Row] = []
    while tried.total() < num_files:
        written = raw_writers.write(place, tried.total(), rng)
        tried[written.writer] += written.files
        given += written.rows
    window = rng.choice(WINDOWS)
    if rng.random() < 0.5:
        with raw_writers.spoilt(place, num_files, rng) as path:
            with pytest.raises(errors.InputError) as caught:
                run_aggregate(suite, raw, folder, window=window, threads=1)
            assert str(path) in str(caught.value)
            assert "\n" not in str(caught.value)
        tried["cut or of another type"] += 1
    run, _ = run_aggregate(suite, raw, folder, window=window, threads=1)
    _compare(run, given, window)
    if rng.random() < 0.5:
        _flip(rng.choice(sorted(p for p in place.rglob("*") if p.is_file())), rng)
        _read_or_refused(suite, raw, folder)
        tried["with a changed byte"] += 1
    return Tried(tried, len(given))


def _compare(run, given, window) -> None:
    """Compares device tables and counts with what the rows say."""
    kept = _selected(given, window)
    crashes, apps = _worked_out(kept)
    found = {device: tuple(rest) for device, *rest in rows(run.real, "crashes")}
    assert set(found) == set(crashes)
    for device, (num, mean) in crashes.items():
        assert found[device][0] == num
        assert found[device][1] == (mean if mean is None else pytest.approx(mean))
    assert {(d, app): num for d, app, num in rows(run.real, "apps")} == apps
    told = collections.Counter(counts(run, "crashes"))
    assert told["raw_rows"] == len(given)
    assert told["raw_unselected"] == len(given) - len(kept)
    assert told["raw_used"] == sum(num for num, _ in crashes.values())
    _add_up(told)


def _add_up(told) -> None:
    """Each row is used, or left out for one reason."""
    reasons = ("raw_used", "raw_orphan", "raw_no_id", "raw_unselected")
    assert sum(told[rule] for rule in reasons) == told["raw_rows"]


def _selected(given, window):
    """The rows inside of a window."""
    first, last = (
        datetime.datetime.fromisoformat(day) if day else None for day in window
    )
    if first is None and last is None:
        return given
    return [
        row
        for row in given
        if isinstance(row[1], datetime.datetime)
        and (first is None or first <= row[1])
        and (last is None or row[1] < last + datetime.timedelta(days=1))
    ]


def _worked_out(given):
    """What each device has crashed: number, mean of weights, number per app."""
    own = collections.defaultdict(list)
    for device, _, app, weight in given:
        if device is not None and raw_writers.is_text(device):
            if device.decode() in raw_writers.KNOWN:
                own[device.decode()].append((app, weight))
    crashes, apps = {}, {}
    for device, found in own.items():
        finite = [w for _, w in found if w is not None and math.isfinite(w)]
        mean = math.fsum(finite) / len(finite) if finite else None
        crashes[device] = (len(found), mean)
        for app, _ in found:
            is_absent = app is None or not raw_writers.is_text(app)
            text = None if is_absent else app.decode()
            apps[device, text] = apps.get((device, text), 0) + 1
    return crashes, apps


def _flip(path: pathlib.Path, rng: random.Random) -> None:
    """Changes one byte of a file."""
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= rng.randrange(1, 256)
    path.write_bytes(content)


def _read_or_refused(suite, raw, folder) -> None:
    """Aggregates a source with a changed byte."""
    try:
        run, _ = run_aggregate(suite, raw, folder / "again", threads=1)
    except errors.InputError as error:
        assert "\n" not in str(error)
        return
    _add_up(collections.Counter(counts(run, "crashes")))
