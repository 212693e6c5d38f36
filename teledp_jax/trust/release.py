"""Reads a release, and answers a question of its receiver with intervals.

A release folder holds the synthetic tables, `card.json`, and in `refits/<number>/` the
tables that the same mechanism made of the released ones. Any SQL runs on all of them,
so the receiver needs neither the private data nor the model, and no fit is run again.
"""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from teledp_jax import errors, runs
from teledp_jax.data import sqlfile, warehouse
from teledp_jax.queries import catalog, groups, run
from teledp_jax.trust import grades, ties

REFITS = "refits"
"""Folder of the refits' tables in a release."""

MIN_DEVICES = 50
"""Fewest devices of a group whose answers may be used, if a card states no number."""


class Release(NamedTuple):
    """What a release folder holds.

    Attributes:
        folder: The folder.
        method: Name of the method that made it.
        min_devices: Fewest devices of a group whose answers may be used.
        schemas: Columns and types of each table, the device id first.
        refits: Folder of each refit.
    """

    folder: pathlib.Path
    method: str
    min_devices: int
    schemas: Mapping[str, pa.Schema]
    refits: tuple[pathlib.Path, ...]

    @property
    def many_rows(self) -> set[str]:
        """Tables in which a device has several rows."""
        ids = {
            name: pq.read_table(self.folder / f"{name}.parquet", columns=s.names[:1])[0]
            for name, s in self.schemas.items()
        }
        return {name for name, column in ids.items() if _repeats(column)}

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Columns of each table, without the device id."""
        return _columns(self.schemas)


def read(folder: pathlib.Path) -> Release:
    """Reads a release folder, and checks that it is whole.

    Args:
        folder: As `release/pe` of a run.

    Returns:
        What it holds; its tables are read when they are asked.

    Raises:
        InputError: If the folder, its card, a table of the card or the refits are
            missing.
    """
    card = runs.read_json(folder / "card.json")
    try:
        names = [table["name"] for table in card["tables"]]
        method = card["method"]
    except (KeyError, TypeError):
        raise errors.InputError(
            f"{folder / 'card.json'}: is no release card; copy the release again."
        ) from None
    refits = sorted((folder / REFITS).glob("*"), key=lambda path: path.name.zfill(6))
    if len(refits) < 2:
        raise errors.InputError(
            f"{folder / REFITS}: holds {len(refits)} refits, two are needed; ask for a "
            "release with --config.trust.num_refits=5."
        )
    for part in (folder, *refits):
        for name in names:
            if not (part / f"{name}.parquet").is_file():
                raise errors.InputError(
                    f"{part}: lacks {name}.parquet, which the card lists; copy the "
                    "release again."
                )
    try:
        found = {name: pq.read_schema(folder / f"{name}.parquet") for name in names}
    except pa.ArrowException as error:
        raise errors.InputError(
            f"{folder}: a table cannot be read ({errors.first_line(error)})."
        ) from None
    trust = card.get("trust") or {}
    return Release(
        folder=folder,
        method=method,
        min_devices=int(trust.get("min_devices", MIN_DEVICES)),
        schemas=found,
        refits=tuple(refits),
    )


def ask(
    release: Release, path: pathlib.Path, keys: Sequence[str] | None
) -> list[dict[str, Any]]:
    """Answers a SQL file of the receiver's own, with an interval for each value.

    Args:
        release: The release.
        path: One SELECT over its tables, perhaps under a header of a query.
        keys: Columns that identify a row of the result; None: those of the header, or
            else all that are no numbers.

    Returns:
        Rows as of `trust.parquet`.

    Raises:
        InputError: If the file cannot be read or does not run over the tables.
    """
    query = question(path, release.schemas, keys)
    released, *refits = (
        run.run_queries(folder, [query], None, advance=lambda: None)[query.name]
        for folder in (release.folder, *release.refits)
    )
    if released is None:
        raise errors.InputError(f"{path}: fails on the released tables.")
    return grades.rows(
        query,
        released,
        refits,
        devices=groups.count(release.folder, query, released),
        min_devices=release.min_devices,
        ties_kept=ties.are_kept(
            release.method,
            query.statement,
            release.columns,
            many_rows=release.many_rows,
        ),
    )


def _repeats(column: pa.ChunkedArray) -> bool:
    """Whether a value stands more than once in a column."""
    return len(column.unique()) < len(column)


def question(
    path: pathlib.Path, schemas: Mapping[str, pa.Schema], keys: Sequence[str] | None
) -> catalog.Query:
    """Reads a SQL file, with or without the header of a query.

    Args:
        path: The file.
        schemas: Columns and types of each table, the device id first.
        keys: As in `ask`.

    Raises:
        InputError: If the file cannot be read or does not run over the tables.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise errors.InputError(f"{path}: cannot be read as text ({error}).") from None
    if text.lstrip().startswith("/*") and "question:" in text.partition("*/")[0]:
        query = catalog.read_query(sqlfile.read(path))
        _types(schemas, path, query.statement)
        return query
    types = _types(schemas, path, text)
    if unknown := sorted(set(keys or ()) - set(types)):
        raise errors.InputError(
            f"--keys: the SELECT has no {unknown}; it gives {list(types)}."
        )
    numbers = [name for name, is_number in types.items() if is_number]
    if keys is None:
        keys = [name for name in types if name not in numbers]
    values = [name for name in numbers if name not in keys]
    if not values:
        raise errors.InputError(
            f"{path}: gives no number beside the keys {list(keys)}; name the keys by "
            "--keys."
        )
    return catalog.Query(
        path=path,
        workload="",
        name=path.stem,
        question="",
        codename=path.stem,
        type="aggregate",
        rare=False,
        tables=tuple(ties.named(text, _columns(schemas))),
        keys=tuple(keys),
        within=(),
        coverage=None,
        values=tuple(
            catalog.Value(
                column=name, metric="relative_error", threshold=catalog.TOLERANCE
            )
            for name in values
        ),
        contributions=None,
        statement=text,
    )


def _types(
    schemas: Mapping[str, pa.Schema], path: pathlib.Path, statement: str
) -> dict[str, bool]:
    """Columns that a statement gives, and whether each is a number."""
    with warehouse.sealed() as connection:
        for name, schema in schemas.items():
            connection.register(name, schema.empty_table())
        warehouse.check_select(connection, path, statement)
        try:
            given = connection.sql(statement).to_arrow_table().schema
        except duckdb.Error as error:
            raise errors.InputError(
                f"{path}: does not run over the released tables "
                f"({errors.first_line(error)}); they have {_listed(schemas)}."
            ) from None
    return {
        field.name: pa.types.is_integer(field.type)
        or pa.types.is_floating(field.type)
        or pa.types.is_decimal(field.type)
        for field in given
    }


def _listed(schemas: Mapping[str, pa.Schema]) -> str:
    """Tables and their columns, in words."""
    return "; ".join(
        f"{name}({', '.join(schema.names)})" for name, schema in schemas.items()
    )


def _columns(schemas: Mapping[str, pa.Schema]) -> dict[str, tuple[str, ...]]:
    """Columns of each table, without the device id, which is the first."""
    return {name: tuple(schema.names[1:]) for name, schema in schemas.items()}
