"""Suite eventlog: a log that has the published counts, and raw Parquet of any log."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import yaml
from jaxtyping import Integer

from teledp_jax.data import sqlfile
from teledp_jax.suites.eventlog import logfile

RATES = pathlib.Path(__file__).with_name("eventlog.yaml")
"""Published counts behind the simulated log."""
_HOUR_S = 3600
_DAY_S = 86400
_ERROR = "error"

Ints = Integer[np.ndarray, " event"]


@functools.cache
def published() -> Mapping[str, Any]:
    """Returns the published figures of the log, each section with its source."""
    return yaml.safe_load(RATES.read_text(encoding="utf-8"))


def simulate(
    folder: pathlib.Path,
    *,
    source: Sequence[sqlfile.SqlFile],
    seed: int,
    progress: Callable[[int, int], None],
) -> None:
    """Writes raw Parquet of a simulated log; its size is the published one.

    Args:
        folder: Where `<schema>/<table>/part-*.parquet` and its manifest go.
        source: The raw tables of the suite.
        seed: Of the simulation.
        progress: Told the parts done and the parts in all.
    """
    progress(0, 2)
    events = draw(np.random.default_rng(seed))
    progress(1, 2)
    logfile.write_raw(folder, events, source=source)
    progress(2, 2)


def draw(rng: np.random.Generator) -> pa.Table:
    """Draws a log with exactly the published counts, ordered by time.

    Counts by product, event type and day, errors and users by product, users and error
    users by primary product, the heavy user, and the sums and quartiles of time agree
    with the publication. What it is silent about is independent: time of product and
    type, and the type of an event that is no error of its product.
    """
    rows = _users_and_products(rng)
    names = list(published()["products"]["counts"])
    seconds = _times(rng)
    types = _types(rng, rows.is_error)
    order = _order(rng, rows, types, seconds)
    start = np.datetime64(published()["times"]["first_day"], "s")
    ids = rng.permutation(int(rows.user.max()) + 1)
    numbers = pa.array(ids[rows.user][order]).cast(pa.string())
    padded = pyarrow.compute.utf8_lpad(numbers, 7, padding="0")
    return pa.table(
        {
            "product_type": pa.array(names).take(pa.array(rows.product[order])),
            "event_type": types[order],
            "event_time": pa.array(start + seconds.astype("timedelta64[s]")),
            "user_id": pyarrow.compute.binary_join_element_wise("user", padded, "-"),
        }
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Rows:
    """Draws who met what: one entry per event."""

    user: Ints
    product: Ints
    is_error: np.ndarray


def _users_and_products(rng: np.random.Generator) -> _Rows:
    """Events by user and product; user 0 is the heavy one.

    Every other user has one event, or two; an error user has one error, in its primary
    product. The heavy user has all other errors.
    """
    heavy = published()["heavy_user"]
    counts = published()["products"]["counts"]
    names = list(counts)
    home = names.index(heavy["primary"])
    events = np.array([counts[name]["events"] for name in names])
    share = _rounded(events * heavy["events"] / events.sum(), heavy["events"])
    parts: list[tuple[Ints, int, int]] = []  # users, product, errors among the first
    guests = np.array(
        [c["users"] - c["primary"] - (n != heavy["primary"]) for n, c in counts.items()]
    )
    first, hosts = 1, np.zeros(0, np.int64)
    for index in (home, *(i for i in range(len(names)) if i != home)):
        fields = counts[names[index]]
        is_home = int(index == home)
        own = np.arange(first, first + fields["primary"] - is_home)
        first += len(own)
        error_users = fields["error_users"] - is_home
        own = rng.permutation(own)
        again = fields["events"] - share[index] - len(own) - guests[index]
        twice = own[-again:]
        if is_home:
            hosts = twice[: guests.sum()]
        visitors = hosts[guests[:index].sum() : guests[: index + 1].sum()]
        parts.append((own, index, error_users))
        parts.append((np.concatenate([twice, visitors]), index, 0))
        heavy_errors = fields["errors"] - error_users
        parts.append((np.zeros(share[index], np.int64), index, heavy_errors))
    return _Rows(
        user=np.concatenate([users for users, _, _ in parts]),
        product=np.concatenate([np.full(len(u), index) for u, index, _ in parts]),
        is_error=np.concatenate([np.arange(len(u)) < num for u, _, num in parts]),
    )


def _types(rng: np.random.Generator, is_error: np.ndarray) -> np.ndarray:
    """Type of each event: the published numbers, in random order."""
    counts = published()["event_types"]["counts"]
    others = [name for name in counts if name != _ERROR]
    types = np.full(len(is_error), _ERROR, dtype=object)
    types[~is_error] = rng.permutation(
        np.repeat(np.array(others, object), [counts[name] for name in others])
    )
    return types


def _order(
    rng: np.random.Generator, rows: _Rows, types: np.ndarray, seconds: Ints
) -> Ints:
    """An order of the rows in which no two events of the heavy user are equal."""
    while True:
        order = rng.permutation(len(seconds))
        heavy = np.flatnonzero(rows.user[order] == 0)
        own = order[heavy]
        met = zip(seconds[heavy], rows.product[own], types[own], strict=True)
        if len(set(met)) == len(heavy):
            return order


def _times(rng: np.random.Generator) -> Ints:
    """Seconds since the first day of every event, ascending."""
    facts = published()["times"]
    by_day = np.array(facts["by_day"])
    last = len(by_day) - 1
    day = np.repeat(np.arange(last + 1), by_day)
    clock = np.full(len(day), -1)
    for part in facts["quartiles"]:
        low, high = part["seconds"]
        after = by_day[part["day"]] - part["rank"] - 2
        drawn = [rng.integers(0, low, part["rank"]), [low, high]]
        drawn.append(rng.integers(high + 1, _DAY_S, after))
        clock[day == part["day"]] = np.concatenate(drawn)
    clock[0], clock[-1] = facts["min_second"], facts["max_second"]
    free = clock < 0
    hours = _hour_counts() - np.bincount(clock[~free] // _HOUR_S, minlength=24)
    drawn_hours = rng.permutation(np.repeat(np.arange(24), hours))
    clock[free] = drawn_hours * _HOUR_S + rng.integers(0, _HOUR_S, free.sum())
    clock[day == 0] = np.maximum(clock[day == 0], facts["min_second"])
    clock[day == last] = np.minimum(clock[day == last], facts["max_second"])
    movable = np.flatnonzero(free & (day > 0) & (day < last))
    missing = facts["sum_seconds"] - int((day * _DAY_S + clock).sum())
    while missing:
        step = 1 if missing > 0 else -1
        room = clock[movable] % _HOUR_S != (_HOUR_S - 1 if step > 0 else 0)
        chosen = rng.permutation(movable[room])[: abs(missing)]
        clock[chosen] += step
        missing -= step * len(chosen)
    return np.sort(day * _DAY_S + clock)


def _hour_counts() -> Integer[np.ndarray, " hour"]:
    """Events by hour, as even as the sums of hours and of their squares allow."""
    facts = published()["times"]
    total = sum(facts["by_day"])
    hour = np.arange(24)
    powers = np.stack([hour**0, hour, hour**2]).astype(float)
    goal = np.array([total, facts["sum_hours"], facts["sum_squared_hours"]])
    counts = _rounded(powers.T @ np.linalg.solve(powers @ powers.T, goal), total)

    def move(source: int, target: int, times: int) -> None:
        counts[source] -= times
        counts[target] += times

    missing = facts["sum_hours"] - int(counts @ hour)
    move(11, 12, missing)
    missing = facts["sum_squared_hours"] - int(counts @ hour**2)
    for low in range(1, 12):
        # One event an hour later and one an hour earlier keep the sum of hours.
        high = 23 - low
        times, missing = divmod(missing, 2 * (high - low) + 2)
        move(high, high + 1, times)
        move(low, low - 1, times)
    move(12, 13, missing // 2)
    move(12, 11, missing // 2)
    return counts


def _rounded(values: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers with a given sum, by largest remainders."""
    floor = np.floor(values).astype(np.int64)
    order = np.argsort(floor - values, kind="stable")
    floor[order[: total - floor.sum()]] += 1
    return floor
