"""Writes raw Parquet with its manifests and dictionary, as an UNLOAD does."""

import pathlib
from collections.abc import Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa
from pyarrow import parquet

from teledp_jax import errors, runs
from teledp_jax.data import sqlfile, warehouse
from teledp_jax.suites import columns

DICTIONARY = "data_dictionary"
_DICTIONARY_FOLDER = "university_prod"
# Few days a chunk: columns that repeat themselves are written as codes.
_REPEATED = (
    "load_ts",
    "interval_start_utc",
    "interval_end_utc",
    "interval_local_start",
    "interval_local_end",
    "dt",
    "dt_utc",
    "date",
)
_TYPES = {
    "VARCHAR": (pa.string(), "character varying"),
    "TIMESTAMP": (pa.timestamp("us"), "timestamp without time zone"),
    "DATE": (pa.date32(), "date"),
    "BOOLEAN": (pa.bool_(), "boolean"),
    "SMALLINT": (pa.int16(), "smallint"),
    "INTEGER": (pa.int32(), "integer"),
    "BIGINT": (pa.int64(), "bigint"),
    "FLOAT": (pa.float32(), "real"),
    "DOUBLE": (pa.float64(), "double precision"),
}


class TableWriter:
    """Writes one raw table: a part per chunk, and at the end the manifest."""

    def __init__(
        self, folder: pathlib.Path, name: str, types: Mapping[str, str], where: str
    ) -> None:
        """Clears the table's folder.

        Args:
            folder: Of the whole source.
            name: Of the table.
            types: DuckDB type of each column, in order.
            where: Schema of the table, the folder of its folder.
        """
        self._folder = folder / where / name
        self._name = name
        self._types = types
        self._entries: list[dict[str, object]] = []
        self._folder.mkdir(parents=True, exist_ok=True)
        for stale in (*self._folder.glob("part-*.parquet"), self._manifest):
            stale.unlink(missing_ok=True)

    @property
    def _manifest(self) -> pathlib.Path:
        return self._folder / f"{self._name}-manifest.json"

    def write(self, rows: columns.Columns) -> None:
        """Writes a part.

        Raises:
            InputError: If the suite states a column that `rows` lacks.
        """
        if absent := sorted(set(self._types) - set(rows)):
            raise errors.InputError(
                f"{self._name}: the simulator has no columns {absent}; "
                "drop them from the suite's source file or teach it to the simulator."
            )
        arrays = {name: _cast(rows[name], kind) for name, kind in self._types.items()}
        encoded = [
            name
            for name, array in arrays.items()
            if pa.types.is_dictionary(array.type) or name in _REPEATED
        ]
        path = self._folder / f"part-{len(self._entries):05d}.parquet"
        with runs.atomic(path) as temporary:
            parquet.write_table(
                pa.table(arrays),
                temporary,
                use_dictionary=encoded,
                store_schema=False,
                compression="snappy",
            )
        num_rows = len(next(iter(arrays.values())))
        size = path.stat().st_size
        meta = {"content_length": size, "record_count": num_rows}
        self._entries.append({"url": path.name, "meta": meta})

    def finish(self) -> None:
        """Writes the manifest; its urls are relative to its own folder."""
        metas: list[Mapping[str, int]] = [entry["meta"] for entry in self._entries]  # type: ignore[misc]
        totals = {
            key: sum(meta[key] for meta in metas)
            for key in ("content_length", "record_count")
        }
        elements = [
            {"name": name, "type": {"base": _TYPES[kind][1]}}
            for name, kind in self._types.items()
        ]
        runs.write_json(
            self._manifest,
            {
                "entries": self._entries,
                "schema": {"elements": elements},
                "meta": totals,
            },
        )


def _cast(array: pa.Array, kind: str) -> pa.Array:
    """An array in the type that the suite states; text may stay a dictionary."""
    if kind == "VARCHAR":
        return array
    return array.cast(_TYPES[kind][0], safe=False)


def column_types(source: sqlfile.SqlFile) -> dict[str, str]:
    """Returns the DuckDB type of each column of a raw table.

    Raises:
        InputError: If the DDL fails or has a type that no simulator writes.
    """
    with warehouse.sealed() as connection:
        try:
            connection.execute(source.statement)
            table = connection.table(source.name)
        except duckdb.Error as error:
            line = str(error).splitlines()[0]
            raise errors.InputError(f"{source.path}: {line}") from None
        types = {
            name: str(kind)
            for name, kind in zip(table.columns, table.types, strict=True)
        }
    if unknown := sorted(set(types.values()) - set(_TYPES)):
        raise errors.InputError(
            f"{source.path}: types {unknown} are not among {sorted(_TYPES)}."
        )
    return types


def write_dictionary(
    folder: pathlib.Path,
    sources: Sequence[sqlfile.SqlFile],
    *,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Writes the dictionary: what each column means, and whether it is assumed.

    Args:
        folder: Of the whole source.
        sources: The suite's raw tables.
        notes: On whole tables by name, each a row with `*` for a column.
    """
    rows = [entry for source in sources for entry in _entries(source)]
    for name, note in (notes or {}).items():
        rows.append((name, "*", "", note, "assumed"))
    types = dict.fromkeys(
        ("table", "column", "type", "description", "source"), "VARCHAR"
    )
    writer = TableWriter(folder, DICTIONARY, types, _DICTIONARY_FOLDER)
    writer.write(
        {
            name: pa.array([row[place] for row in rows], pa.string())
            for place, name in enumerate(types)
        }
    )
    writer.finish()


def _entries(source: sqlfile.SqlFile) -> Iterator[tuple[str, str, str, str, str]]:
    """A row of the dictionary for each column of a table."""
    assumed = source.header.get("assumed", [])
    descriptions = source.get("columns")
    for name, kind in column_types(source).items():
        origin = "assumed" if name in assumed else "published"
        yield source.name, name, kind, str(descriptions.get(name, "")), origin
