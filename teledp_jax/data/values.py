"""What devices bring to questions about private domains: one value, and their texts.

All choices are by rules that look at one device only: a device that joins or leaves
changes nothing of what another device brings.
"""

import hashlib
import pathlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Integer, UInt64

from teledp_jax import schemas
from teledp_jax.data import batches, coding, encode


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
    asked = _Asked(schema, numbers, vocabularies, presences, secret)
    for batch in batches.read(schema, folder, columns=asked.columns):
        asked.add(batch)
    return asked.values()


class _Asked:
    """What devices bring, added up batch by batch."""

    def __init__(
        self,
        schema: schemas.Schema,
        numbers: Collection[str],
        vocabularies: Mapping[str, Collection[str]],
        presences: Collection[str],
        secret: bytes,
    ) -> None:
        """Takes what `read` takes."""
        self._schema, self._secret = schema, secret
        self._public = vocabularies
        self._places = {name: place for place, name in enumerate(vocabularies)}
        self._numbers: dict[str, list[Float[np.ndarray, " _"]]] = {
            name: [] for name in numbers
        }
        self._presences = dict.fromkeys(presences, 0)
        self._texts: dict[str, int] = {}
        self._text_hashes = np.zeros(0, np.uint64)
        self._found = [(*(np.zeros(0, np.int64),) * 3, np.zeros(0, np.uint64))]
        self._num_devices = 0

    @property
    def columns(self) -> dict[str, list[str]]:
        """The columns that are asked, by table."""
        return {
            table.name: [
                column.name
                for column in table.columns
                if f"{table.name}.{column.name}" in {**self._numbers, **self._places}
            ]
            for table in self._schema.tables
        }

    def add(self, batch: batches.Batch) -> None:
        """Adds what the devices of a batch bring."""
        ids = encode.device_ids(self._schema, batch.column)
        hashes = _hashes(ids.to_pylist(), self._secret)
        columns = self.columns
        for table in self._schema.tables:
            device = encode.device_positions(self._schema, batch.column, table, ids)
            known = np.flatnonzero(device >= 0)
            device = device[known]
            if table.name in self._presences:
                self._presences[table.name] += len(np.unique(device))
            for column in table.columns:
                if column.name not in columns[table.name]:
                    continue
                name = f"{table.name}.{column.name}"
                found = batch.column(table.name, column.name)
                if name in self._numbers:
                    own = _one_each(column, found, known, device, hashes)
                    self._numbers[name].append(own)
                else:
                    self._add_texts(
                        name, column, device, found.take(pa.array(known)), hashes
                    )
        self._num_devices += len(ids)

    def _add_texts(
        self,
        name: str,
        column: schemas.Column,
        device: Integer[np.ndarray, " known"],
        found: Any,
        hashes: UInt64[np.ndarray, " device"],
    ) -> None:
        """Adds devices, vocabularies, positions and ranks of texts of a column."""
        texts, encoded = self._texts, pc.dictionary_encode(found)
        known = encoded.dictionary.to_pylist()
        public, before = {*self._public[name], column.other}, len(texts)
        numbers = [
            -1 if text in public else texts.setdefault(text, len(texts))
            for text in known
        ]
        new = _hashes(list(texts)[before:], self._secret)
        self._text_hashes = np.concatenate([self._text_hashes, new])
        index = pc.fill_null(encoded.indices, len(known)).to_numpy()
        text = np.array([*numbers, -1])[index]
        kept = text >= 0
        device, text = device[kept], text[kept]
        vocabulary = np.full(len(text), self._places[name])
        own = _mixed(self._text_hashes[text] ^ vocabulary.astype(np.uint64))
        rank = _mixed(hashes[device] ^ own)
        self._found.append((device + self._num_devices, vocabulary, text, rank))

    def values(self) -> Values:
        """What all devices bring."""
        numbers = {
            name: np.concatenate([np.zeros(0), *own])
            for name, own in self._numbers.items()
        }
        device, vocabulary, text, rank = (
            np.concatenate(part) for part in zip(*self._found, strict=True)
        )
        texts = list(self._texts)
        return Values(numbers, device, vocabulary, text, rank, texts, self._presences)


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
