"""Writes exact reports and figures of an event log; private.

    teledp summary --workdir=runs/log

Needs `teledp preprocess` before, or --input=FILE.csv. Writes reports/ and visuals/ in
the folder.
"""

import numpy as np
import pyarrow as pa
from absl import flags

from teledp_jax import runs
from teledp_jax.cli import job_flags
from teledp_jax.data import shipped, sqlfile
from teledp_jax.suites.eventlog import figures, statistics
from teledp_jax.suites.eventlog import log as eventlog


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    job_flags.define_folder(values)


def columns(table: pa.Table, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Turns columns of the log into numbers.

    Args:
        table: The log.
        names: Names of columns.

    Returns:
        Texts as codes in the order of the texts, times in seconds since 1970, numbers
        as they are.
    """
    found = {}
    for name in names:
        values = table[name].to_numpy()
        if name in statistics.TEXTS:
            found[name] = np.unique(values.astype(str), return_inverse=True)[1]
        elif name in statistics.TIMES:
            found[name] = values.astype("datetime64[s]").astype(np.float64)
        else:
            found[name] = values.astype(np.float64)
    return found


def main(values: flags.FlagValues) -> None:
    """Writes the reports and figures."""
    folder = job_flags.folder(values)
    job_flags.load_input(values, folder, "eventlog")
    suite_folder = shipped.suite("eventlog")
    reports = folder / "reports"
    with eventlog.open_clean(folder) as connection:
        found = {
            file.name: eventlog.rows(connection, file)
            for part in ("reports", "summary")
            for file in sqlfile.read_folder(suite_folder / part)
        }
        log = connection.table("log").to_arrow_table()
    for file in sqlfile.read_folder(suite_folder / "reports"):
        rows = found[file.name]
        runs.write_csv(reports / f"{file.name}.csv", list(rows[0]), rows)
    rows = statistics.summary(found["texts"], found["numbers"])
    runs.write_csv(reports / "telemetry_summary_statistics.csv", list(rows[0]), rows)
    rates = found["telemetry_error_rates_zscores"]
    metrics = statistics.baseline(rates)
    runs.write_json(reports / "telemetry_baseline_metrics.json", metrics)
    rows = statistics.associations(
        columns(log, statistics.TEXTS),
        columns(log, statistics.TIMES + statistics.NUMBERS),
    )
    runs.write_csv(reports / "telemetry_associations.csv", list(rows[0]), rows)
    figures.write(
        folder / "visuals",
        types=found["telemetry_event_counts_by_type"],
        products=found["telemetry_event_counts_by_product"],
        days=found["telemetry_events_per_day"],
        rates=rates,
    )
    print(f"{reports}\n{folder / 'visuals'}")
