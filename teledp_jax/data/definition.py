"""What a suite is: raw tables, device tables, and the SQL between them."""

import dataclasses
import pathlib
from collections.abc import Collection, Mapping
from typing import Literal

import pyarrow as pa

from teledp_jax import schemas
from teledp_jax.data import sqlfile

SourceRole = Literal["devices", "event", "public"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """A raw table that a suite expects.

    Attributes:
        folder: The schema, which is the folder of the table's folder; empty if the
            table's folder lies right in the source folder.
        name: Name of the table.
        role: `devices` (defines the population), `event`, or `public` (about no
            device).
        about: What a row is.
        device: The id column; None for a public table.
        time: The column that a time window applies to, or None.
        types: DuckDB type of each column that is read, in order.
        whole: The table without rows, with all columns of its DDL.
        descriptions: What each column means.
        assumed: Columns whose name or type no public source states.
        file: The file that states all this; its statement is the DDL.
    """

    folder: str
    name: str
    role: SourceRole
    about: str
    device: str | None
    time: str | None
    types: Mapping[str, str]
    whole: pa.Table
    descriptions: Mapping[str, str]
    assumed: frozenset[str]
    file: sqlfile.SqlFile

    def empty(self) -> pa.Table:
        """Makes the raw table without rows, of the columns that `types` names."""
        return self.whole.select(list(self.types))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Suite:
    """A family of tables with its SQL.

    Attributes:
        name: Name of the suite and of its folder.
        folder: The folder of SQL files.
        schema: The device tables, the anchor first, then by name.
        sources: The raw tables by name.
        reporting_files: The SELECT of each reporting table (a view between raw and
            device tables) by name, after all that it reads.
        device_files: The SELECT of each device table by name.
    """

    name: str
    folder: pathlib.Path
    schema: schemas.Schema
    sources: Mapping[str, Source]
    reporting_files: Mapping[str, sqlfile.SqlFile]
    device_files: Mapping[str, sqlfile.SqlFile]

    def reads(self, table: str) -> tuple[str, ...]:
        """Names the raw tables that a device table is made of.

        Args:
            table: Name of the device table.
        """
        return self.raw(self.device_files[table])

    def raw(self, file: sqlfile.SqlFile) -> tuple[str, ...]:
        """Names the raw tables behind a device or reporting table's file.

        Args:
            file: One of `device_files` or `reporting_files`.
        """
        found: set[str] = set()
        for name in file.header["reads"]:
            if name in self.reporting_files:
                found |= set(self.raw(self.reporting_files[name]))
            else:
                found.add(name)
        return tuple(sorted(found))

    def without(self, tables: Collection[str]) -> "Suite":
        """Leaves out device tables, and what only they are made of.

        Args:
            tables: Names of the device tables.
        """
        keep = [table for table in self.schema.tables if table.name not in tables]
        gone = {name for table in tables for name in self.reads(table)}
        gone -= {name for table in keep for name in self.reads(table.name)}
        return dataclasses.replace(
            self,
            schema=dataclasses.replace(self.schema, tables=tuple(keep)),
            sources={
                name: source
                for name, source in self.sources.items()
                if name not in gone
            },
            reporting_files={
                name: file
                for name, file in self.reporting_files.items()
                if not gone & set(self.raw(file))
            },
            device_files={table.name: self.device_files[table.name] for table in keep},
        )
