"""What raw tables a folder holds: names and types of columns, no values."""

import dataclasses
import pathlib
import re
from collections.abc import Mapping, Sequence

import duckdb

from teledp_jax import errors, schemas
from teledp_jax.authoring import documents
from teledp_jax.data import layouts, rawfiles, unload

MOST_COLUMNS = 40
"""Most columns of a raw table that a draft uses: budgets do not carry more."""

_TEXT = ("VARCHAR", "ENUM")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT",
          "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")  # fmt: skip
_REAL = ("FLOAT", "DOUBLE", "DECIMAL")
_TIME = ("TIMESTAMP", "DATE")
_IDS = re.compile(r"(?i:(^|_)(id|uuid|guid|key|hash)$)|[a-z](Id|ID|Key)$")


@dataclasses.dataclass(frozen=True, kw_only=True)
class RawColumn:
    """A column of a raw table.

    Attributes:
        name: As in the files.
        type: DuckDB type that holds it in all files.
        kind: `text`, `flag`, `integer`, `double` or `time`.
        words: What documents say of it.
    """

    name: str
    type: str
    kind: str
    words: documents.Words


@dataclasses.dataclass(frozen=True, kw_only=True)
class RawTable:
    """A raw table.

    Attributes:
        schema: Folder of its folder; empty if that is the source folder.
        name: Its folder.
        about: What documents say of it.
        device: Its id column.
        columns: The columns that a draft can use, without the id.
        time: The first column of times, or None.
        left_out: Sentences on columns that it cannot use.
    """

    schema: str
    name: str
    about: str
    device: RawColumn
    columns: tuple[RawColumn, ...]
    time: RawColumn | None
    left_out: tuple[str, ...]

    @property
    def is_unique(self) -> bool:
        """Whether documents say that each row is another device."""
        return self.device.words.is_id


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """A source folder.

    Attributes:
        folder: What `config.source` names.
        tables: Its tables that have the id column.
        left_out: Sentences on tables that have none.
    """

    folder: pathlib.Path
    tables: tuple[RawTable, ...]
    left_out: tuple[str, ...]


def read(folder: pathlib.Path, device: str) -> Source:
    """Reads schemas of Parquet files and the documents beside them.

    Args:
        folder: Holds `<schema>/<table>/*.parquet` or `<table>/*.parquet`.
        device: Name of the id column, in any case.

    Returns:
        The tables with that column.

    Raises:
        InputError: If there is no such folder, no Parquet in it, or no table has the
            column.
    """
    if not folder.is_dir():
        raise errors.InputError(f"{folder}: no such source folder.")
    places = _places(folder)
    depths = {len(place.relative_to(folder).parts) for place in places}
    if not places or not depths <= {1, 2} or len(depths) > 1:
        raise errors.InputError(
            f"{folder}: expected <schema>/<table>/*.parquet, or <table>/*.parquet, for "
            "all tables alike."
        )
    for place in places:
        _check_name(place)
    said = _words(folder, [p for p in places if p.name == unload.DICTIONARY])
    places = [place for place in places if place.name != unload.DICTIONARY]
    tables, left_out = [], []
    for place in places:
        types = _types(place)
        schema = "" if depths == {1} else place.parent.name
        table = _table(schema, place, types, device, said)
        if table is None:
            left_out.append(
                f"{place.name}: has no column {device}, so it cannot be told whose its "
                f"rows are; it has {', '.join(types)}."
            )
        else:
            tables.append(table)
    if not tables:
        raise errors.InputError(
            f"--device={device}: no table has that column. " + " ".join(left_out)
        )
    names = [table.name.lower() for table in tables]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise errors.InputError(
            f"{folder}: two schemas have tables of the same name {twice}; rename one."
        )
    return Source(folder=folder, tables=tuple(tables), left_out=tuple(left_out))


def _words(
    folder: pathlib.Path, dictionaries: Sequence[pathlib.Path]
) -> documents.Documents:
    """What documents say, and below them the dictionary tables of an unload."""
    with duckdb.connect() as connection:
        texts, _ = unload.dictionary(connection, list(dictionaries))
    described = {key: documents.Words(about=text) for key, text in texts.items()}
    return {**described, **documents.read(folder)}


def _check_name(place: pathlib.Path) -> None:
    """Refuses a table whose name no file of a suite can have."""
    try:
        schemas.check_name(place.name)
    except errors.InputError:
        raise errors.InputError(
            f"{place}: a table's name holds no dot, quote or slash; rename the folder."
        ) from None


def _places(folder: pathlib.Path) -> list[pathlib.Path]:
    """Folders of tables; folders of partitions, as `day=1`, belong to a table."""
    found = set()
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        if not rawfiles.is_parquet(file.name) or any(p[0] in "._" for p in parts):
            continue
        place = file.parent
        while "=" in place.name:
            place = place.parent
        found.add(place)
    return sorted(found)


def _types(place: pathlib.Path) -> dict[str, set[str]]:
    """DuckDB types of each column, over all files."""
    found: dict[str, set[str]] = {}
    with duckdb.connect() as connection:
        whole, damaged = layouts.of(connection, rawfiles.find(place))
        errors.refuse([layouts.damage(file) for file in damaged])
        for layout in whole.values():
            for name, kind in layout.types.items():
                found.setdefault(name, set()).add(kind)
    return found


def _table(
    schema: str,
    place: pathlib.Path,
    types: Mapping[str, set[str]],
    device: str,
    said: documents.Documents,
) -> RawTable | None:
    """What is known of a table; None if it lacks the id column."""
    own = next((name for name in types if name.lower() == device.lower()), None)
    if own is None:
        return None
    words = {
        name: said.get((place.name, name)) or said.get(("", name)) or documents.Words()
        for name in types
    }
    if not _is_plain(own):
        raise errors.InputError(f"{place}: column {own!r}: rename it.")
    identity = _column(own, types[own], words[own])
    if identity is None or identity.kind not in ("text", "integer"):
        raise errors.InputError(
            f"{place}: column {own} is {', '.join(sorted(types[own]))}; an id is a "
            "text or a whole number in all files."
        )
    columns, left_out = [], []
    for name, kinds in types.items():
        column = _column(name, kinds, words[name])
        if column is None:
            left_out.append(f"{name} ({', '.join(sorted(kinds))}): no usable type.")
        elif name != own and (column.words.is_id or _IDS.search(name)):
            left_out.append(f"{name}: an id of something else, by its name.")
        elif name != own and not _is_plain(name):
            left_out.append(f"{name!r}: rename it, for no header can hold its name.")
        elif name != own:
            columns.append(column)
    if beyond := columns[MOST_COLUMNS:]:
        left_out.append(
            f"{beyond[0].name} to {beyond[-1].name}: {len(beyond)} columns beyond the "
            f"first {MOST_COLUMNS}, more than a budget carries; put the columns that "
            "matter first, or write the others into source/ and device/."
        )
    columns = columns[:MOST_COLUMNS]
    about = said.get((place.name, ""), documents.Words()).about
    return RawTable(
        schema=schema,
        name=place.name,
        about=about,
        device=identity,
        columns=tuple(columns),
        time=next((column for column in columns if column.kind == "time"), None),
        left_out=tuple(left_out),
    )


def _is_plain(name: str) -> bool:
    """Whether a header, which is a comment of SQL, can hold a name as it is."""
    return name == " ".join(name.split()) and "*/" not in name


def _column(name: str, types: set[str], words: documents.Words) -> RawColumn | None:
    """Finds the kind of a column; None if no draft can use it."""
    for kind, group in (
        ("text", (*_TEXT, "UUID")),
        ("flag", ("BOOLEAN",)),
        ("integer", _WHOLE),
        ("double", (*_WHOLE, *_REAL)),
        ("time", _TIME),
    ):
        if _fits(types, group):
            only = next(iter(types))
            wide = {"text": "VARCHAR", "integer": "BIGINT", "double": "DOUBLE"}
            whole = only if len(types) == 1 and kind != "text" else wide.get(kind)
            if whole is None:
                return None  # dates in some files, times in others
            return RawColumn(name=name, type=whole, kind=kind, words=words)
    return None


def _fits(types: set[str], group: Sequence[str]) -> bool:
    """Tells whether each type is one of a group; nested types are of none."""
    return all(
        kind.startswith(tuple(group)) and not kind.endswith("]") for kind in types
    )
