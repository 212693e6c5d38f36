"""Days and collector intervals of the tables of workload intel."""

import datetime
import functools

import numpy as np
import pyarrow as pa
from scipy import special

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import facts, traits

NOON_S = columns.DAY_S // 2


def num_days() -> int:
    """Length of the window, in days."""
    return int(facts.intel("window")["days"])


def start() -> int:
    """First second of the window, since 1970."""
    last = datetime.date.fromisoformat(str(facts.intel("window")["end"]))
    days = (last - datetime.date(1970, 1, 1)).days - num_days() + 1
    return days * columns.DAY_S


def rows_share(table: str) -> float:
    """Rows written for each row of the corpus."""
    return float(facts.intel("rows_share")["shares"].get(table, 1.0))


def activity(draw: draws.Draws, name: str, *, shape: float) -> draws.Floats:
    """Factors of mean 1 on what a device does: gamma, so that few do little.

    Its logarithm is skewed to the left, as the published totals of devices are.
    """
    scores, logs = _gamma_quantiles(shape)
    return np.exp(np.interp(draw.normal(name), scores, logs)) / shape


def counts(mean: draws.Floats, factor: draws.Floats) -> draws.Ints:
    """Numbers of rows, at least 1, with the given means over `factor` of mean 1."""
    return np.ceil(np.maximum(mean - 0.5, 0.05) * factor).astype(np.int64).clip(1)


@functools.cache
def _gamma_quantiles(shape: float) -> tuple[draws.Floats, draws.Floats]:
    """Standard normal scores, and the logarithms of the gamma quantiles there."""
    scores = np.linspace(-8.0, 8.0, 4001)
    return scores, np.log(special.gammaincinv(shape, special.ndtr(scores)))


class Rows:
    """Rows of one table that some devices send, in the order of devices.

    Attributes:
        device: The device of each row, by its place.
        number: The number of each row among those of its device.
        draw: Draws of one number a row.
    """

    def __init__(self, fleet: traits.Fleet, table: str, num_rows: draws.Ints) -> None:
        self._fleet = fleet
        self._table = table
        self.device, self.number = draws.unfold(num_rows)
        self.draw = draws.Draws(
            fleet.seed, f"rows/{table}", fleet.ids[self.device], self.number
        )

    def __len__(self) -> int:
        return len(self.device)

    def days(self, *, rows_a_day: int = 1) -> draws.Ints:
        """Local noons of consecutive days, from a first one of each device."""
        uniform = self._fleet.draw(f"days/{self._table}").uniform("first")
        first = (uniform * num_days()).astype(np.int64)[self.device]
        day = (first + self.number // rows_a_day) % num_days()
        return start() + day * columns.DAY_S + NOON_S

    def times(self) -> draws.Ints:
        """Local seconds of events, even over the window but for quiet nights."""
        day = np.floor(self.draw.uniform("day") * num_days()).astype(np.int64)
        hour = np.mod(self.draw.normal("hour") * 4.5 + 14.0, 24.0)
        return start() + day * columns.DAY_S + (hour * 3600.0).astype(np.int64)


def begin(
    fleet: traits.Fleet,
    table: str,
    guids: pa.Array,
    device: draws.Ints,
    local: draws.Ints,
) -> columns.Columns:
    """The columns that a collector's row begins with.

    Args:
        fleet: Some devices.
        table: Its name.
        guids: The id of each device.
        device: The device of each row, by its place.
        local: Local seconds of each row.
    """
    offset = fleet.offset[device]
    utc = local - offset
    return {
        **columns.header(table, guids, device, utc),
        **columns.interval(utc, offset),
        **columns.moment(utc, offset),
    }


def session(
    fleet: traits.Fleet,
    table: str,
    guids: pa.Array,
    device: draws.Ints,
    local: draws.Ints,
) -> columns.Columns:
    """The columns that a row of the sleep study begins with; arguments as `begin`."""
    utc = local - fleet.offset[device]
    return {
        **columns.header(table, guids, device, utc),
        "ts_utc": columns.stamps(utc),
        "dt_utc": columns.dates(utc),
        "ts_local": columns.stamps(local),
    }
