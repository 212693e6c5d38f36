"""What raw tables a folder holds: names and types of columns, no values."""

import dataclasses
import pathlib
import re
from collections.abc import Mapping, Sequence

import duckdb

from teledp_jax import errors, schemas
from teledp_jax.authoring import documents
from teledp_jax.data import layouts, rawfiles, unload

_TEXT = ("VARCHAR", "UUID")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT",
          "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")  # fmt: skip
_REAL = ("FLOAT", "DOUBLE", "DECIMAL")
_TIME = ("TIMESTAMP", "DATE")
_WIDE = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "double": "DOUBLE",
    "time": "TIMESTAMP",
}
"""Type that a draft gives a column whose files differ."""

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
        columns: The columns that a draft uses, without the id.
        others: Columns that a draft uses only if the owner names them: ids of other
            things, by their names.
        left_out: Why others cannot be used or are not, by name.
    """

    schema: str
    name: str
    about: str
    device: RawColumn
    columns: tuple[RawColumn, ...]
    others: tuple[RawColumn, ...]
    left_out: Mapping[str, str]

    @property
    def is_unique(self) -> bool:
        """Whether documents say that each row is another device."""
        return self.device.words.is_id

    @property
    def time(self) -> RawColumn | None:
        """The first column of times, or None."""
        return next((column for column in self.columns if column.kind == "time"), None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """A source folder.

    Attributes:
        folder: What `config.source` names.
        tables: Its tables that have the id column.
        left_out: Sentences on tables that have none.
        differences: Sentences that say where files differ from their manifests.
    """

    folder: pathlib.Path
    tables: tuple[RawTable, ...]
    left_out: tuple[str, ...]
    differences: tuple[str, ...]


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
    differences: list[str] = []
    for place in places:
        read = _files(place)
        if unload.manifest(place).exists():
            differences += unload.against_manifest(place, read)
        schema = "" if depths == {1} else place.parent.name
        found = _table(schema, place, list(read.values()), device, said)
        if isinstance(found, str):
            left_out.append(f"{place.name}: {found}")
        else:
            tables.append(found)
    if not tables:
        raise errors.InputError(
            f"--device={device}: no table has that column. " + " ".join(left_out)
        )
    names = [table.name.lower() for table in tables]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise errors.InputError(
            f"{folder}: two schemas have tables of the same name {twice}; rename one."
        )
    return Source(
        folder=folder,
        tables=tuple(tables),
        left_out=tuple(left_out),
        differences=tuple(differences),
    )


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


def _files(place: pathlib.Path) -> unload.Files:
    """The layouts of a table's files."""
    with duckdb.connect() as connection:
        return layouts.whole(connection, rawfiles.find(place))


def _table(
    schema: str,
    place: pathlib.Path,
    files: Sequence[layouts.Layout],
    device: str,
    said: documents.Documents,
) -> RawTable | str:
    """What is known of a table; a sentence if it cannot be used."""
    types: dict[str, list[str]] = {}  # of each file that has the column
    for layout in files:
        for name, kind in layout.types.items():
            types.setdefault(name, []).append(kind)
    spelt = [name for name in types if name.lower() == device.lower()]
    if not spelt:
        return (
            f"has no column {device}, so it cannot be told whose its rows are; it has "
            f"{errors.listed(list(types))}."
        )
    own = spelt[0]
    words = {
        name: said.get((place.name, name)) or said.get(("", name)) or documents.Words()
        for name in types
    }
    columns, others, left_out = [], [], {}
    for name, kinds in types.items():
        why = _unusable(name, kinds, files)
        found = why or _column(name, set(kinds), words[name])
        if name == own:
            if why:
                raise errors.InputError(f"{place}: column {own}: {why}")
            if isinstance(found, str) or found.kind not in ("text", "integer"):
                raise errors.InputError(
                    f"{place}: column {own} is {', '.join(sorted(set(kinds)))}; an id "
                    "is a text or a whole number in all files."
                )
            identity = found
        elif isinstance(found, str):
            left_out[name] = found
        elif found.words.is_id or _IDS.search(name):
            others.append(found)
            left_out[name] = "an id of something else, by its name or documents."
        else:
            columns.append(found)
    return RawTable(
        schema=schema,
        name=place.name,
        about=said.get((place.name, ""), documents.Words()).about,
        device=identity,
        columns=tuple(columns),
        others=tuple(others),
        left_out=left_out,
    )


def _unusable(name: str, kinds: Sequence[str], files: Sequence[layouts.Layout]) -> str:
    """Why no draft can use a column, whatever its type; empty if one can."""
    if not _is_plain(name):
        return "rename it, for no header can hold its name."
    same = {
        own for layout in files for own in layout.types
        if own.lower().removesuffix(" (twice)") == name.lower().removesuffix(" (twice)")
    }  # fmt: skip
    if len(same) > 1:
        return "its name is spelt in several ways, capitals aside; rename all but one."
    if len(kinds) < len(files):
        return (
            f"only {len(kinds)} of {len(files)} files have it; write it into all of "
            "them, NULL where nothing is known."
        )
    return ""


def _is_plain(name: str) -> bool:
    """Whether a header, which is a comment of SQL, can hold a name as it is."""
    return name == " ".join(name.split()) and "*/" not in name


def _column(name: str, types: set[str], words: documents.Words) -> RawColumn | str:
    """Finds the kind of a column; why it has none if no draft can use it."""
    stated = types - {'"NULL"'}  # a file without any value fits each type
    for kind, group in (
        ("text", _TEXT),
        ("flag", ("BOOLEAN",)),
        ("integer", _WHOLE),
        ("double", (*_WHOLE, *_REAL)),
        ("time", _TIME),
        ("text", (*_TEXT, *_WHOLE)),
    ):
        if not stated or not _fits(stated, group):
            continue
        only = kind != "text" and len(stated) == 1
        whole = next(iter(stated)) if only else _WIDE.get(kind, "BOOLEAN")
        if not all(layouts.widens(given, whole) for given in stated):
            return (
                f"its types {', '.join(sorted(stated))} have none that holds all to "
                f"the last digit; write CAST({name} AS {whole}) into all files."
            )
        return RawColumn(name=name, type=whole, kind=kind, words=words)
    if not stated:
        return "no file has a value of it."
    return f"no draft can use its type {', '.join(sorted(stated))}."


def _fits(types: set[str], group: Sequence[str]) -> bool:
    """Tells whether each type is one of a group; nested types are of none."""
    return all(
        kind.startswith(tuple(group)) and not kind.endswith("]") for kind in types
    )
