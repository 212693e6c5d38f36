"""Makes raw Parquet from any CSV of events, and writes a log as a CSV."""

import pathlib
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.csv
from absl import logging

from teledp_jax import runs
from teledp_jax.data import sqlfile
from teledp_jax.suites import write
from teledp_jax.suites.eventlog import encoding as encoding_lib
from teledp_jax.suites.eventlog import log

SIMULATED = pathlib.PurePath("data", "simulated.csv")
"""The log that is drawn where no file is given."""

_LOADED = pathlib.Path("data/input.json")  # says which file the folder was made of


def load(
    path: pathlib.Path,
    folder: pathlib.Path,
    *,
    suite_folder: pathlib.Path,
    keep_duplicates: bool = False,
    encoding: str = encoding_lib.UTF8,
) -> log.Preprocessed:
    """Makes clean log, rejects and raw Parquet of a CSV.

    Args:
        path: The CSV.
        folder: Gets `log.CLEAN`, `log.REJECTS` and `log.RAW`.
        suite_folder: Holds vocabularies, raw tables and the SQL of the steps.
        keep_duplicates: Whether rows equal in all columns are kept.
        encoding: Of the file, unless it begins with a byte order mark.

    Returns:
        The events, their users, and what was rejected.

    Raises:
        InputError: If the file cannot be used; see `log.preprocess`.
    """
    (folder / _LOADED).unlink(missing_ok=True)
    made = log.preprocess(
        path,
        folder,
        suite_folder=suite_folder,
        keep_duplicates=keep_duplicates,
        encoding=encoding,
    )
    sources = sqlfile.read_folder(suite_folder / "source")
    write_raw(folder / log.RAW, made.events, source=sources, users=made.users)
    token = _fingerprint(path, suite_folder, encoding)
    place = str(path.resolve())
    runs.write_json(folder / _LOADED, {"fingerprint": token, "file": place})
    return made


def read(
    path: pathlib.Path,
    folder: pathlib.Path,
    *,
    suite_folder: pathlib.Path,
    encoding: str,
) -> pathlib.Path:
    """Loads a CSV unless the folder has what `load` makes of it.

    Args:
        path: The CSV.
        folder: As for `load`.
        suite_folder: As for `load`.
        encoding: Of the file, unless it begins with a byte order mark.

    Returns:
        The folder of raw Parquet.

    Raises:
        InputError: If the file cannot be used; see `log.preprocess`.
    """
    if not is_loaded(path, folder, suite_folder=suite_folder, encoding=encoding):
        made = load(path, folder, suite_folder=suite_folder, encoding=encoding)
        logging.info(
            "%s: %d events, %d lines rejected, read as %s",
            path,
            len(made.events),
            sum(made.rejects.values()),
            made.encoding,
        )
    return folder / log.RAW


def is_loaded(
    path: pathlib.Path,
    folder: pathlib.Path,
    *,
    suite_folder: pathlib.Path,
    encoding: str = encoding_lib.UTF8,
) -> bool:
    """Tells whether a folder holds what `load` makes of this file, as it now is."""
    if not (folder / _LOADED).exists() or not path.exists():
        return False
    saved: str = runs.read_json(folder / _LOADED)["fingerprint"]
    return saved == _fingerprint(path, suite_folder, encoding)


def origin(folder: pathlib.Path) -> pathlib.Path:
    """Finds the file that a folder's log was made of.

    Args:
        folder: As for `load`.

    Returns:
        The file; the clean log itself if the folder does not say.
    """
    saved = runs.read_json(folder / _LOADED) if (folder / _LOADED).exists() else {}
    return pathlib.Path(saved.get("file") or (folder / log.CLEAN).resolve())


def _fingerprint(path: pathlib.Path, suite_folder: pathlib.Path, encoding: str) -> str:
    """Takes a fingerprint of the file, and of all that says what is made of it."""
    files = [suite_folder / "vocabularies.yaml"]
    files += sorted((suite_folder / "preprocess").glob("*.sql"))
    return runs.fingerprint(
        path.resolve(), encoding, *(file.read_text() for file in files)
    )


def write_raw(
    folder: pathlib.Path,
    events: pa.Table,
    *,
    source: Sequence[sqlfile.SqlFile],
    users: pa.Table | None = None,
) -> None:
    """Writes a log as raw Parquet: its events, and the users that they name.

    Args:
        folder: Where `<schema>/<table>/part-*.parquet` and its manifest go.
        events: Columns as `log.CSV_COLUMNS` names them.
        source: The raw tables of the suite.
        users: The users of the events; None: those that the events name.
    """
    if users is None:
        users = pa.table({"user_id": events["user_id"].unique()})
    for file in source:
        types = write.column_types(file)
        table = users if file.name == "users" else events
        writer = write.TableWriter(folder, file.name, types, file.path.parent.name)
        writer.write({name: table[name].combine_chunks() for name in types})
        writer.finish()


def write_csv(path: pathlib.Path, events: pa.Table) -> None:
    """Writes a log under the column names of the published CSV."""
    named = events.select(list(log.CSV_COLUMNS)).rename_columns(
        list(log.CSV_COLUMNS.values())
    )
    with runs.atomic(path) as temporary:
        pyarrow.csv.write_csv(
            named, temporary, pyarrow.csv.WriteOptions(quoting_style="needed")
        )
