"""Finds values of raw files that no database takes, and makes them absent.

Such a value is one device's: it must not decide how the rows of others are read.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from teledp_jax import errors, storage

NOT_UTF8 = "not_utf8"
TIME_TOO_FAR = "time_too_far"
NOT_FINITE = "raw_not_finite"
RULES = (NOT_UTF8, TIME_TOO_FAR, NOT_FINITE)
"""Why a value of a raw column is absent: `usable` looks for the first two."""

_MICROSECONDS = {"s": 1_000_000, "ms": 1_000}  # in a unit of time


@contextlib.contextmanager
def opened(
    file: storage.Place, *, dictionaries: Sequence[str] = ()
) -> Iterator[pq.ParquetFile]:
    """Opens a Parquet file in Arrow, times as exact as microseconds are.

    Args:
        file: The file.
        dictionaries: Columns of text that come as dictionaries, as they lie in it.

    Raises:
        InputError: If it, or its storage, cannot be read.
    """
    filesystem, (name,) = storage.arrow([file])
    try:
        with (
            filesystem.open_input_file(name) as source,
            pq.ParquetFile(
                source,
                read_dictionary=list(dictionaries),
                coerce_int96_timestamp_unit="us",  # nanoseconds end in 2262
            ) as found,
        ):
            yield found
    except (OSError, pa.ArrowException) as error:
        remedy = storage.refused(error) or (
            "mend the file or its storage, then go on with the same command"
        )
        raise errors.InputError(
            f"{file}: cannot be read ({errors.first_line(error)}); {remedy}."
        ) from None


def usable(rows: pa.Table) -> tuple[pa.Table, Counter[tuple[str, str]]]:
    """Makes absent what no database takes: text that is not UTF-8, times too far off.

    Args:
        rows: Any rows.

    Returns:
        The rows, and how many values of each column each rule touched.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for index, field in enumerate(rows.schema):
        chunks = [_usable(chunk) for chunk in rows.column(index).chunks]
        for rule in (NOT_UTF8, TIME_TOO_FAR):
            if touched := sum(found[1] for found in chunks if found[2] == rule):
                counts[field.name, rule] += touched
        if any(found[1] for found in chunks):
            column = pa.chunked_array([found[0] for found in chunks], field.type)
            rows = rows.set_column(index, field, column)
    return rows, counts


def _usable(values: Any) -> tuple[Any, int, str]:
    """An Arrow array, the number of values that became absent, and by which rule."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _usable_dictionary(values)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _usable_texts(values)
    if pa.types.is_timestamp(kind) and kind.unit in _MICROSECONDS:
        limit = (2**63 - 1) // _MICROSECONDS[kind.unit]
        numbers = values.cast(pa.int64())
        far = pc.or_(pc.greater(numbers, limit), pc.less(numbers, -limit))
        touched = pc.sum(far).as_py() or 0
        null = pa.scalar(None, kind)
        return (
            pc.if_else(far, null, values) if touched else values,
            touched,
            TIME_TOO_FAR,
        )
    return values, 0, NOT_UTF8


def _usable_texts(values: Any) -> tuple[Any, int, str]:
    """Texts, those that are not UTF-8 as absent."""
    try:
        values.validate(full=True)
        return values, 0, NOT_UTF8
    except pa.ArrowInvalid:
        found = values.cast(pa.large_binary()).to_pylist()
    texts = [None if text is None else _decoded(text) for text in found]
    touched = texts.count(None) - values.null_count
    return pa.array(texts, values.type), touched, NOT_UTF8


def _usable_dictionary(values: Any) -> tuple[Any, int, str]:
    """Texts of a dictionary, those that are not UTF-8 as absent."""
    texts, touched, rule = _usable(values.dictionary)
    if not touched:
        return values, 0, rule
    kept = values.type.index_type
    bad = np.asarray(pc.is_null(texts)) & np.asarray(pc.is_valid(values.dictionary))
    index = pc.if_else(
        pc.is_in(values.indices, pa.array(np.flatnonzero(bad)).cast(kept)),
        pa.scalar(None, kept),
        values.indices,
    )
    touched = index.null_count - values.indices.null_count
    whole = pa.DictionaryArray.from_arrays(index, pc.fill_null(texts, ""))
    return whole, touched, rule


def _decoded(text: bytes) -> str | None:
    """The text of bytes, or None."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return None
