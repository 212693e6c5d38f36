"""Makes Arrow columns: text by dictionary, hexadecimal text, and common headers."""

import datetime
import functools
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from teledp_jax.suites import draws

Columns = Mapping[str, pa.Array]
Seconds = draws.Ints

DAY_S = 86_400
_INGESTS_PER_DAY = 4
_EPOCH_1601_S = 11_644_473_600
_PAIRS = np.frombuffer(b"".join(b"%02x" % n for n in range(256)), dtype=np.uint16)


def text(
    values: Sequence[str | None], codes: draws.Ints, *, null: draws.Bools | None = None
) -> pa.Array:
    """Makes a dictionary column of the value of each code.

    Args:
        values: Value of each code; two codes may have the same one.
        codes: One code per row.
        null: Rows without a value.

    Returns:
        A column whose dictionary has each value once: a writer of Parquet gives other
        bytes each time if it has one twice.
    """
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    if len(places) < len(values):
        codes = np.array([places[value] for value in values])[codes]
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32), mask=null), pa.array(list(places), pa.string())
    )


def same(value: str, num_rows: int) -> pa.Array:
    """Makes a column with one text in all rows.

    Args:
        value: The text.
        num_rows: Number of rows.

    Returns:
        A dictionary column.
    """
    return text([value], np.zeros(num_rows, dtype=np.int64))


def by_device(guids: pa.Array, device: draws.Ints) -> pa.Array:
    """Makes the column of ids.

    Args:
        guids: The id of each device of the chunk.
        device: The device of each row, by its place in the chunk.

    Returns:
        A dictionary column, one id per row.
    """
    return pa.DictionaryArray.from_arrays(pa.array(device.astype(np.int32)), guids)


def hexadecimal(bits: draws.Bits, *, num_digits: int) -> pa.Array:
    """Writes the lowest digits of numbers in hexadecimal.

    Args:
        bits: One number per row.
        num_digits: Even number of digits, at most 16.

    Returns:
        A column of texts.
    """
    return _text_of_bytes(_big_endian(bits)[:, 8 - num_digits // 2 :])


def identifiers(high: draws.Bits, low: draws.Bits) -> pa.Array:
    """Writes ids of 32 hexadecimal digits.

    Args:
        high: Upper 64 bits of each id.
        low: Lower 64 bits of each id.

    Returns:
        A column of texts.
    """
    return _text_of_bytes(np.hstack([_big_endian(high), _big_endian(low)]))


def _big_endian(bits: draws.Bits) -> npt.NDArray[np.uint8]:
    return bits.astype(">u8").view(np.uint8).reshape(-1, 8)


def _text_of_bytes(octets: npt.NDArray[np.uint8]) -> pa.Array:
    num_rows, num_octets = octets.shape
    characters = np.ascontiguousarray(_PAIRS[octets])
    offsets = np.arange(num_rows + 1, dtype=np.int32) * np.int32(2 * num_octets)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(characters)]
    return pa.Array.from_buffers(pa.string(), num_rows, buffers)


def windows_ticks(seconds: Seconds) -> draws.Ints:
    """Turns seconds since 1970 into Windows file times: 100 ns since 1601."""
    return (seconds + _EPOCH_1601_S) * 10_000_000


def stamps(seconds: Seconds) -> pa.Array:
    """Turns seconds since 1970 into timestamps.

    Args:
        seconds: One number per row.

    Returns:
        A column of timestamps in microseconds.
    """
    return pa.array(seconds.astype("datetime64[s]").astype("datetime64[us]"))


def dates(seconds: Seconds) -> pa.Array:
    """Turns seconds since 1970 into dates.

    Args:
        seconds: One number per row.

    Returns:
        A column of dates.
    """
    return pa.array((seconds // DAY_S).astype("datetime64[D]"))


def header(table: str, guids: pa.Array, device: draws.Ints, utc: Seconds) -> Columns:
    """Makes what nearly every raw table begins with: ingestion and device.

    Args:
        table: Its name.
        guids: The id of each device of the chunk.
        device: The device of each row, by its place in the chunk.
        utc: UTC seconds of each row.

    Returns:
        Columns by name, one value per row.
    """
    length = DAY_S // _INGESTS_PER_DAY
    ingest = utc // length + _INGESTS_PER_DAY
    first = int(ingest.min()) if ingest.size else 0
    last = int(ingest.max()) if ingest.size else 0
    batches, archives = _ingests(first, last)
    code = ingest - first
    return {
        "load_ts": stamps(ingest * length),
        "batch_id": text(batches, code),
        "audit_zip": text(archives, code),
        "audit_internal_path": same(f"{table}.csv", len(utc)),
        "guid": by_device(guids, device),
    }


@functools.cache
def _ingests(first: int, last: int) -> tuple[list[str], list[str]]:
    """Names the batches and archives of some ingests, both ends included."""
    length = DAY_S // _INGESTS_PER_DAY
    times = [
        datetime.datetime.fromtimestamp(number * length, datetime.UTC)
        for number in range(first, last + 1)
    ]
    batches = [f"{time:%Y%m%d-%H%M%S}" for time in times]
    return batches, [f"dca-{time:%Y%m%d%H}.zip" for time in times]


def interval(utc: Seconds, offset: Seconds) -> Columns:
    """Makes the collector's interval: the local day around `utc`."""
    local = (utc + offset) // DAY_S * DAY_S
    return {
        "interval_start_utc": stamps(local - offset),
        "interval_end_utc": stamps(local - offset + DAY_S),
        "interval_local_start": stamps(local),
        "interval_local_end": stamps(local + DAY_S),
    }


def moment(utc: Seconds, offset: Seconds) -> Columns:
    """Makes the time of an event and its local date."""
    return {"dt": dates(utc + offset), "ts": stamps(utc)}
