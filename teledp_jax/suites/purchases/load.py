"""Suite purchases: the CDNOW data of the package lifetimes as raw Parquet."""

import datetime
import importlib.util
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from teledp_jax import errors, extras
from teledp_jax.data import sqlfile
from teledp_jax.suites import write

PACKAGE = "lifetimes"
FILE = "CDNOW_master.txt"


def load(
    folder: pathlib.Path,
    *,
    source: Sequence[sqlfile.SqlFile],
    progress: Callable[[int, int], None],
) -> None:
    """Writes the purchases of the installed package as raw Parquet with a manifest.

    Args:
        folder: Where `<schema>/<table>/part-*.parquet` and its manifest go.
        source: The one raw table; columns and types follow its DDL.
        progress: Told the tables done and the tables in all.

    Raises:
        InputError: If the package is missing, or its file is not the published one.
    """
    (file,) = source
    types = write.column_types(file)
    rows = list(_rows(_data_folder() / FILE))
    columns = dict(zip(types, map(list, zip(*rows, strict=True)), strict=True))
    table = pa.table(columns)
    writer = write.TableWriter(folder, file.name, types, file.path.parent.name)
    writer.write({name: table[name].combine_chunks() for name in types})
    writer.finish()
    progress(1, 1)


def _data_folder() -> pathlib.Path:
    """Where the package keeps its files; finding it does not import it."""
    extras.need("purchases")
    found = importlib.util.find_spec(PACKAGE)
    assert found is not None and found.submodule_search_locations is not None
    return pathlib.Path(next(iter(found.submodule_search_locations))) / "datasets"


def _rows(path: pathlib.Path) -> Iterator[tuple[Any, ...]]:
    """Customer, day, number of CDs and value of each purchase."""
    try:
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        if header.split() != ["customer_id", "date", "number_of_cds", "dollar_value"]:
            raise ValueError(f"its columns are {header.split()}")
        if not lines:
            raise ValueError("it holds no purchase")
        for line in lines:
            customer, day, number, value = line.split()
            date = datetime.datetime.strptime(day, "%Y%m%d").date()
            yield customer, date, int(number), float(value)
    except (OSError, ValueError) as error:
        raise errors.InputError(
            f"{path}: is not the published file ({errors.first_line(error)}); install "
            f"it again by pip install --force-reinstall {PACKAGE}"
        ) from None
