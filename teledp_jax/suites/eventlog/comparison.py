"""Synthetic event logs of a run beside its real log and a second draw of users."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from teledp_jax import errors, runs, storage
from teledp_jax.data import definition, rawfiles
from teledp_jax.suites.eventlog import log as log_files
from teledp_jax.suites.eventlog import simulate as simulated
from teledp_jax.suites.eventlog import statistics

REFERENCES = ("real", "capped", "second_draw")
"""Logs that no method made: what the labels of a comparison begin with."""

SECOND_DRAWS = {
    "simulated": "another draw of the simulator, whose ordinary users are then drawn "
    "with replacement: a sample of the same population that shares no user with the "
    "real log",
    "file": "users of the file drawn with replacement, since nothing else is known of "
    "the population that it is a sample of; two independent logs differ about 1.4 "
    "times as much",
}

_START = np.datetime64("2024-05-01", "s")  # of the column day of the device table


def path(run: runs.Run) -> pathlib.Path:
    """Returns the file that `write` writes; exact, so it is private."""
    return run.folder / "reports" / "synthetic_logs.json"


def write(
    run: runs.Run,
    suite: definition.Suite,
    labels: Sequence[str],
    *,
    source: storage.Place | None,
    simulation_seed: int,
) -> dict[str, Any]:
    """Compares the synthetic logs of a run with its real one.

    Args:
        run: The run folder, with synthetic tables of all labels.
        suite: Suite eventlog.
        labels: The methods' labels.
        source: Folder of the raw files; none: the run's simulated ones.
        simulation_seed: Of the simulated log.

    Returns:
        What it writes: `logs`, the result of `eventlog.compare` by label, references
        first; `second_draw`, how that was made; and `published_dp_vae`.

    Raises:
        InputError: If a table is absent.
    """
    rng = np.random.default_rng([simulation_seed, 1])  # also of seconds in an hour
    users = _read(run.real / "users.parquet")["user_id"]
    raw = _read((source or run.raw) / "telemetry" / "events")
    own = raw.filter(pc.is_in(raw["user_id"], value_set=users.combine_chunks()))
    population = own if source else simulated.draw(rng)
    latest = _first_rows(_read(run.ceiling / "user_events.parquet"))
    logs = {
        "real": from_raw(own),
        "capped": from_device_table(latest, rng),
        "second_draw": from_raw(second_draw(rng, population, like=own)),
    }
    for label in labels:
        table = _read(run.synthetic(label) / "user_events.parquet")
        logs[label] = from_device_table(table, rng)
    names = {
        name: log_files.vocabulary(suite.folder, name)
        for name in ("products", "event_types")
    }
    facts = {
        label: statistics.compare(logs["real"], log, **names)
        for label, log in logs.items()
    }
    result = {
        "logs": facts,
        "second_draw": SECOND_DRAWS["file" if source else "simulated"],
        "published_dp_vae": dict(simulated.published()["dp_vae"]),
    }
    runs.write_json(path(run), result)
    return result


def _first_rows(rows: pa.Table) -> pa.Table:
    """The first row of each user: its latest event, as encoded fleets are ordered."""
    users = pc.dictionary_encode(rows["user_id"].combine_chunks()).indices.to_numpy()
    _, first = np.unique(users, return_index=True)
    return rows.take(np.sort(first))


def _read(place: storage.Place) -> pa.Table:
    """A Parquet file, or all of a folder.

    Raises:
        InputError: If it is absent.
    """
    files: list[storage.Place] = [place]
    if place.is_dir():
        files = [*rawfiles.find(place)]
    filesystem, names = storage.arrow(files)
    if not files or not files[0].exists():
        raise errors.InputError(
            f"{place}: is absent; run scripts/run_benchmark.py first."
        )
    return pa.concat_tables(
        [pq.read_table(name, filesystem=filesystem) for name in names]
    )


def from_raw(events: pa.Table) -> Mapping[str, np.ndarray]:
    """Reads product, event type and time of raw events.

    Args:
        events: Columns of the raw table of events.

    Returns:
        `product`, `event_type` and `time_s` (seconds since the log begins), per event.
    """
    times = events["event_time"].to_numpy().astype("datetime64[s]")
    return {
        "product": np.asarray(events["product_type"].to_numpy(), object),
        "event_type": np.asarray(events["event_type"].to_numpy(), object),
        "time_s": (times - _START).astype(np.float64),
    }


def from_device_table(
    table: pa.Table, rng: np.random.Generator
) -> Mapping[str, np.ndarray]:
    """Reads product, event type and time of a device table `user_events`.

    Rows without a product and event type, day or hour are dropped; the second in the
    hour is drawn.

    Args:
        table: The device table.
        rng: Draws the second in the hour.

    Returns:
        `product`, `event_type` and `time_s`, per event.
    """
    table = table.drop_null()
    table = table.filter(pc.match_substring(table["product_event"], "/"))
    parts = pc.split_pattern(table["product_event"], "/")
    hours = 24 * table["day"].to_numpy() + table["hour"].to_numpy()
    return {
        "product": pc.list_element(parts, 0).to_numpy(),
        "event_type": pc.list_element(parts, 1).to_numpy(),
        "time_s": 3600 * (hours + rng.random(len(hours))),
    }


def second_draw(
    rng: np.random.Generator, population: pa.Table, *, like: pa.Table
) -> pa.Table:
    """Draws a log of as many users as another has.

    Users are drawn with replacement from a population, each with all its events. The
    heaviest of the population is no matter of chance: it is in if the other log has a
    user with half of its events, and then its events are drawn with replacement.

    Args:
        rng: The draws.
        population: Events with the columns of the raw table.
        like: The other log, in the same columns.
    """
    user, counts = _users(population)
    num_users, largest = len(_users(like)[1]), int(_users(like)[1].max())
    heaviest = int(counts.argmax())
    has_heaviest = 2 * largest >= counts[heaviest] and len(counts) > 1
    ordinary = np.delete(np.arange(len(counts)), heaviest)
    drawn = rng.choice(ordinary, num_users - has_heaviest)
    times = np.bincount(drawn, minlength=len(counts))[user]
    rows = np.repeat(np.arange(len(user)), times)
    if has_heaviest:
        own = rng.choice(np.flatnonzero(user == heaviest), counts[heaviest])
        rows = np.concatenate([rows, own])
    return population.take(pa.array(rows))


def _users(events: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """A number of its user for each event, and events by user."""
    encoded = events["user_id"].combine_chunks().dictionary_encode()
    user = encoded.indices.to_numpy()
    return user, np.bincount(user)
