"""Raw files that lie by device already: a folder per bucket, read one after the other.

The names of folders, as `bucket=07`, say which bucket a file belongs to. That all rows
of a device lie in one bucket of every table is checked on a sample and then on all ids,
before device tables are made. What the setting names is refused if it lies; what was
only recognised is told and not used.
"""

import contextlib
import dataclasses
import functools
import pathlib
import shutil
from collections.abc import Mapping

import duckdb
from absl import logging
from duckdb import ColumnExpression

from teledp_jax import errors, runs, storage
from teledp_jax.data import (
    definition,
    layouts,
    parts,
    passes,
    quality,
    rawfiles,
    reading,
    reduction,
    warehouse,
)

_ID = "id"
_SAMPLED = 8  # files of each raw table
_SAMPLED_ROWS = 10_000  # of each of them

Buckets = Mapping[str, rawfiles.RawFiles]
"""By text of the bucket, the files of each raw table; of public ones, all files."""


def find(
    suite: definition.Suite, files: rawfiles.RawFiles, key: str
) -> dict[str, dict[str, list[storage.Place]]]:
    """Sorts raw files by the bucket that their folders state.

    Args:
        suite: The suite.
        files: Of each raw table.
        key: What the folders state, as `bucket` in `bucket=07`.

    Returns:
        As `Buckets`, in the order of their texts.

    Raises:
        InputError: If a file of a table with a device column states no bucket.
    """
    found: dict[str, dict[str, list[storage.Place]]] = {}
    for name, own in files.items():
        if suite.sources[name].device is None:
            continue
        for file in own:
            value = layouts.folder_values(str(file.absolute())).get(key)
            if value is None:
                raise errors.InputError(
                    f"{file}: lies in no folder {key}=...; leave buckets empty, or "
                    "put all files of tables with a device column into such folders."
                )
            found.setdefault(value, {}).setdefault(name, []).append(file)
    return {
        value: {
            name: list(own)
            if suite.sources[name].device is None
            else found[value].get(name, [])
            for name, own in files.items()
        }
        for value in sorted(found)
    }


def check_sample(
    connection: duckdb.DuckDBPyConnection, suite: definition.Suite, buckets: Buckets
) -> None:
    """Refuses buckets of which a sample shows that they part a device.

    Args:
        connection: May read the files.
        suite: The suite.
        buckets: What `find` returned.

    Raises:
        InputError: If an id of the sample lies in two buckets.
    """
    seen: dict[str, str] = {}
    for name, source in suite.sources.items():
        if source.device is None:
            continue
        each = [(v, own[name][0]) for v, own in buckets.items() if own.get(name)]
        for value, file in each[:: max(len(each) // _SAMPLED, 1)]:
            rows = warehouse.read_files(connection, [file]).limit(_SAMPLED_ROWS)
            device = ColumnExpression(source.device)
            ids: list[tuple[object]] = []
            # A value that does not read is mended later; all ids are checked then.
            with contextlib.suppress(duckdb.Error):
                ids = rows.project(device).distinct().fetchall()
            if any(seen.setdefault(str(one), value) != value for (one,) in ids if one):
                raise _lie(name)


class _LieError(errors.InputError):
    """Says that buckets are no buckets of devices."""


def _lie(table: str) -> _LieError:
    """What says that buckets are no buckets of devices."""
    return _LieError(
        f"{table}: buckets part the rows of a device; they are not by the device id. "
        "Set buckets to none."
    )


def recognise(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    most: int,
    *,
    run: runs.Run,
    folder: pathlib.Path,
    selection: rawfiles.Selection,
    token: str,
) -> Buckets | None:
    """Finds folders that part the devices, without a setting.

    Args:
        connection: May read the files and read and write `folder` and `run.staging`.
        suite: The suite.
        files: Of each raw table.
        most: Most buckets to make; several folders may make one.
        run: The run folder.
        folder: For what lies on the way.
        selection: Which rows count.
        token: Fingerprint of all that the device tables depend on.

    Returns:
        The buckets; None if no key that all files have keeps devices together.
    """
    stated = [
        {key for key, value in layouts.folder_values(str(file.absolute())).items()
         if value is not None}
        for name, own in files.items() if suite.sources[name].device is not None
        for file in own
    ]  # fmt: skip
    for key in sorted(set.intersection(*stated)) if stated else ():
        found = find(suite, files, key)
        if len(found) < 2:
            continue
        try:
            check_sample(connection, suite, found)
            grouped = _grouped(suite, found, most)
            check_all(
                connection, suite, grouped,
                run=run, folder=folder, selection=selection, token=f"{token} {key}",
            )  # fmt: skip
        except _LieError:
            logging.info(
                "Folders %s= part the rows of a device; they do not help.", key
            )
            continue
        logging.info("Folders %s= keep devices together; a pass reads some.", key)
        return grouped
    return None


def _grouped(suite: definition.Suite, found: Buckets, most: int) -> Buckets:
    """Buckets of several folders each, where there are more than `most`."""
    size = -(-len(found) // most)
    names = list(found)
    return {
        names[start]: {
            name: own
            if suite.sources[name].device is None
            else [file for n in names[start : start + size] for file in found[n][name]]
            for name, own in found[names[start]].items()
        }
        for start in range(0, len(names), size)
    }


def check_all(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    buckets: Buckets,
    *,
    run: runs.Run,
    folder: pathlib.Path,
    selection: rawfiles.Selection,
    token: str,
) -> None:
    """Refuses buckets that part a device, by all ids; once for the same token.

    Args:
        connection: May read the files and read and write `folder` and `run.staging`.
        suite: The suite.
        buckets: What `find` returned.
        run: The run folder.
        folder: For what lies on the way.
        selection: Which rows count.
        token: Fingerprint of all that the device tables depend on.

    Raises:
        InputError: If an id lies in two buckets.
    """
    marker = run.staging.absolute() / "buckets.json"
    if marker.exists() and runs.read_json(marker) == token:
        return
    place = marker.with_name("ids")
    ids = [place / f"{parts.part_name(n)}.parquet" for n in range(len(buckets))]
    for path, files in zip(ids, buckets.values(), strict=True):
        _write_ids(connection, suite, files, path, folder, selection)
    known = warehouse.read_files(connection, ids)
    is_whole = len(known) == len(known.distinct())
    shutil.rmtree(place)
    if not is_whole:
        raise _lie(suite.name)
    runs.write_json(marker, token)


def reduce(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    buckets: Buckets,
    partitioning: parts.Partitioning,
    *,
    run: runs.Run,
    selection: rawfiles.Selection,
    progress: reduction.Progress,
) -> list[quality.Count]:
    """Makes the device tables bucket by bucket, and merges them.

    Buckets that were finished before under the same token are not read again.

    Args:
        connection: May read and write `run.staging`.
        suite: The suite.
        buckets: What `find` returned, and `check_all` found whole.
        partitioning: States the token, memory and disk.
        run: The run folder.
        selection: Which rows count, and whose are set aside.
        progress: Called with steps done and steps in all.

    Returns:
        How many rows each rule dropped.

    Raises:
        InputError: If a statement fails, or memory or disk run out.
    """
    counts: list[quality.Count] = []
    done = [passes.done_folder(run, number) for number in range(len(buckets))]
    for number, files in enumerate(buckets.values()):
        progress(number, len(buckets))
        counts += parts.reduce_partition(
            suite, files, done[number], partitioning, selection
        )
    passes.merge(connection, suite, done, run)
    progress(len(buckets), len(buckets))
    return parts.added(counts)


def _write_ids(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    path: pathlib.Path,
    folder: pathlib.Path,
    selection: rawfiles.Selection,
) -> None:
    """Writes the ids of a bucket, each once, as text: tables differ in their type."""
    found: list[pathlib.Path] = []
    folder.mkdir(parents=True, exist_ok=True)
    for name, own in files.items():
        source = suite.sources[name]
        if source.device is None:
            continue
        wanted = (source.device, source.time)
        types = {n: kind for n, kind in source.types.items() if n in wanted}
        narrow = dataclasses.replace(source, types=types)
        found.append(folder / f"{name}.parquet")

        write = functools.partial(
            _write_ids_of, connection, narrow, found[-1], selection
        )
        passes.mended(connection, suite, narrow, own, folder / "mended", write)
    path.parent.mkdir(parents=True, exist_ok=True)
    warehouse.read_files(connection, found).distinct().write_parquet(str(path))
    shutil.rmtree(folder)


def _write_ids_of(
    connection: duckdb.DuckDBPyConnection,
    source: definition.Source,
    path: pathlib.Path,
    selection: rawfiles.Selection,
    files: rawfiles.Files,
) -> None:
    """Writes the ids of some files of a raw table."""
    device = ColumnExpression(str(source.device))
    rows = reading.open_files(connection, source, files)
    rows = reading.raw_rows(rows, source, selection).filter(device.isnotnull())
    text = device.cast(duckdb.sqltype("VARCHAR")).alias(_ID)
    rows.project(text).distinct().write_parquet(str(path))
