"""What devices bring to questions about private domains: one value, and their texts.

All choices are by rules that look at one device only: a device that joins or leaves
changes nothing of what another device brings.
"""

import functools
import hashlib
import pathlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Integer, UInt64

from teledp_jax import schemas
from teledp_jax.data import coding, device_files, encode


class Values(NamedTuple):
    """What devices bring. Private.

    Attributes:
        numbers: For each number one value of each device that has one.
        device: Of each text the number of its device.
        vocabulary: Of each text the position of its vocabulary.
        text: Of each text its position in `texts`.
        rank: Of each text its place among those of its device, whose order is by chance
            and depends on that device only.
        texts: The texts, each once.
        presences: For each table the number of devices with a row.
    """

    numbers: dict[str, Float[np.ndarray, " _"]]
    device: Integer[np.ndarray, " text"]
    vocabulary: Integer[np.ndarray, " text"]
    text: Integer[np.ndarray, " text"]
    rank: UInt64[np.ndarray, " text"]
    texts: Sequence[str]
    presences: dict[str, int]


def read(
    schema: schemas.Schema,
    folder: pathlib.Path,
    *,
    numbers: Collection[str],
    vocabularies: Mapping[str, Collection[str]],
    presences: Collection[str],
    secret: bytes,
) -> Values:
    """Reads device tables.

    Of an entity table a device brings to each number the value of one of its rows. What
    has no bin (absent, not finite, negative against the header, a zero with a code of
    its own) is nobody's value. The text that stands for all others, and those that are
    public, are nobody's texts.

    Args:
        schema: As the headers state it.
        folder: Holds `<table>.parquet` for each table.
        numbers: `table.column` of numbers.
        vocabularies: `table.column` of categories, each with its public texts.
        presences: Names of tables.
        secret: Up to 64 bytes of a secret key: which of its rows a device brings.

    Raises:
        InputError: If a file is absent, damaged or lacks a column.
    """
    read_column = functools.partial(device_files.read_column, folder)
    ids = encode.device_ids(schema, read_column)
    hashes = _hashes(ids.to_pylist(), secret)
    brought: dict[str, Float[np.ndarray, " _"]] = {}
    counts, columns = {}, []
    for table in schema.tables:
        device = encode.device_positions(schema, read_column, table, ids)
        known = np.flatnonzero(device >= 0)
        device = device[known]
        if table.name in presences:
            counts[table.name] = len(np.unique(device))
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            if name in numbers:
                found = read_column(table.name, column.name)
                own = _one_each(column, found, known, device, hashes)
                brought[name] = own
            elif name in vocabularies:
                found = read_column(table.name, column.name)
                columns.append((name, column, device, found.take(pa.array(known))))
    texts = _texts(columns, vocabularies, hashes, secret)
    return Values(brought, *texts, counts)


def _one_each(
    column: schemas.Column,
    found: Any,
    known: Integer[np.ndarray, " known"],
    device: Integer[np.ndarray, " known"],
    hashes: UInt64[np.ndarray, " device"],
) -> Float[np.ndarray, " value"]:
    """One value per device that has any: of several, the one its hash points to."""
    values = found.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)[known]
    codes, _ = coding.of_numbers(column, values)
    usable = np.flatnonzero(codes >= column.first_bin)
    usable = usable[np.argsort(device[usable], kind="stable")]
    owner = device[usable]
    owners, first, lengths = np.unique(owner, return_index=True, return_counts=True)
    place = (_mixed(hashes[owners]) % lengths.astype(np.uint64)).astype(np.int64)
    one: Float[np.ndarray, " value"] = values[usable[first + place]]
    return one


def _texts(
    columns: Sequence[tuple[str, schemas.Column, Any, Any]],
    vocabularies: Mapping[str, Collection[str]],
    hashes: UInt64[np.ndarray, " device"],
    secret: bytes,
) -> tuple[Any, Any, Any, Any, list[str]]:
    """Devices, vocabularies, positions and ranks of all texts; and the texts."""
    texts: dict[str, int] = {}
    parts = [(np.zeros(0, np.int64),) * 3]
    places = {name: place for place, name in enumerate(vocabularies)}
    for name, column, device, found in columns:
        encoded = pc.dictionary_encode(found)
        known = encoded.dictionary.to_pylist()
        public = {*vocabularies[name], column.other}
        numbers = [
            -1 if text in public else texts.setdefault(text, len(texts))
            for text in known
        ]
        index = pc.fill_null(encoded.indices, len(known)).to_numpy()
        text = np.array([*numbers, -1])[index]
        kept = text >= 0
        vocabulary = np.full(int(kept.sum()), places[name])
        parts.append((device[kept], vocabulary, text[kept]))
    device, vocabulary, text = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    own = _hashes(list(texts), secret)[text] if texts else np.zeros(0, np.uint64)
    own = _mixed(own ^ vocabulary.astype(np.uint64))
    return device, vocabulary, text, _mixed(hashes[device] ^ own), list(texts)


def _hashes(texts: Sequence[str], secret: bytes) -> UInt64[np.ndarray, " text"]:
    """A keyed hash of each text."""
    found = b"".join(
        hashlib.blake2b(text.encode(), digest_size=8, key=secret).digest()
        for text in texts
    )
    return np.frombuffer(found, np.uint64)


def _mixed(values: UInt64[np.ndarray, " value"]) -> UInt64[np.ndarray, " value"]:
    """Well-mixed bits of 64-bit numbers.

    References:
        Steele et al. 2014, "Fast splittable pseudorandom number generators".
    """
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
