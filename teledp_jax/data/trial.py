"""Makes device tables for a trial, and says what a run would leave out."""

import pathlib
from collections.abc import Iterator

import duckdb
from duckdb import ColumnExpression, ConstantExpression
from duckdb import FunctionExpression as Function

from teledp_jax import runs
from teledp_jax.data import (
    accounting,
    aggregate,
    definition,
    mending,
    rawfiles,
    rawvalues,
    reading,
    warehouse,
)

_MEMORY = "4GB"

_TEXTS = {
    accounting.NO_ID: "rows have no id and are not used",
    accounting.ORPHAN: "rows are of devices that the anchor lacks and are not used",
    rawvalues.NOT_UTF8: "values are not UTF-8 and become absent",
    rawvalues.TIME_TOO_FAR: "times are beyond any calendar and become absent",
    "duplicate": "rows are further ones of a device that may have one, and are dropped",
}
"""What is said of the counts of each rule."""


def losses(
    suite: definition.Suite, folder: pathlib.Path, temp_folder: pathlib.Path
) -> list[str]:
    """Makes the device tables of a whole source, and counts what is left out.

    Args:
        suite: The suite.
        folder: The source folder; tables may be missing, except the anchor's.
        temp_folder: Gets the device tables.

    Returns:
        Sentences with counts and shares. Private.

    Raises:
        InputError: If files are damaged or a statement fails on them.
    """
    run = runs.Run(temp_folder / "run")
    aggregate.aggregate(
        suite,
        folder,
        run,
        window=("", ""),
        device_share=1.0,
        holdout=0.0,
        allow_missing_tables=True,
        memory_limit=_MEMORY,
        temp_folder=temp_folder / "spill",
        progress=lambda done, total: None,
    )
    found = runs.read_csv(run.quality)
    totals = {
        row["table"]: int(row["count"])
        for row in found
        if row["rule"] == accounting.ROWS
    }
    told = []
    for row in found:
        if row["rule"] in _TEXTS:
            count, total = int(row["count"]), totals.get(row["table"], 0)
            share = f" of {total:,} ({count / total:.2%})" if total else ""
            column = "" if row["rule"] in accounting.RULES else f", {row['column']}"
            told.append(
                f"{row['table']}{column}: {count:,}{share} {_TEXTS[row['rule']]}."
            )
    with warehouse.connect(
        memory_limit=_MEMORY, temp_folder=temp_folder / "spill", folders=(folder,)
    ) as connection:
        files = rawfiles.find_sources(
            connection, suite, folder, allow_missing_tables=True
        )
        try:
            return told + _all_values(connection, suite, files)
        except duckdb.Error:  # a value that no database takes, counted above
            place = temp_folder / "spill" / "mended"
            files = mending.mend(connection, suite, files, place).files
            return told + _all_values(connection, suite, files)


def _all_values(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
) -> list[str]:
    """Sentences on odd numbers, times and ids of all raw tables."""
    return [
        text
        for name, own in files.items()
        for text in _values(connection, suite.sources[name], own)
    ]


def _values(
    connection: duckdb.DuckDBPyConnection,
    source: definition.Source,
    files: rawfiles.Files,
) -> Iterator[str]:
    """Sentences on odd numbers, times and ids of a raw table."""
    questions = dict(_questions(source))
    rows = reading.open_files(connection, source, files)
    sums = [
        Function("count_if", condition).alias(text)
        for text, condition in questions.items()
    ]
    if not sums:
        return
    counts = rows.aggregate(sums).fetchall()[0]
    for text, count in zip(questions, counts, strict=True):
        if count:
            yield f"{source.name}, {text.format(count=f'{count:,}')}."


def _questions(
    source: definition.Source,
) -> Iterator[tuple[str, duckdb.Expression]]:
    """A sentence on each oddity of values, and the condition of such rows."""
    for name, kind in source.types.items():
        column = ColumnExpression(name)
        if kind in ("FLOAT", "DOUBLE"):
            finite = Function("isfinite", column)
            yield (
                f"{name}: {{count}} values are NaN or infinite, which is absent",
                ~finite,
            )
        if name == source.time:
            yield (
                f"{name}: {{count}} rows have no time, and count only if the window is "
                "open",
                column.isnull() | ~Function("isfinite", column),
            )
        if name == source.device and kind == "VARCHAR":
            trimmed = Function("trim", column)
            yield (
                f"{name}: {{count}} rows have an id with white space around it, which "
                "is another id than that without",
                (trimmed != column) & (trimmed != ConstantExpression("")),
            )
