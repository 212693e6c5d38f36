"""Which devices report a table at all, and how many rows they send."""

import datetime

import numpy as np
import pyarrow as pa
from scipy import special

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import facts, traits


def reports(fleet: traits.Fleet, table: str) -> draws.Bools:
    """Whether each device sends a table: mostly by how much it reports at all."""
    section = facts.constants()["presence"]
    weights = {"reporting": section["reporting"], **fleet.world["presence"][table]}
    own = traits.own_weight(fleet.world, weights)
    draw = fleet.draw(f"presence/{table}")
    score = fleet.linear(weights) + own * draw.normal("score")
    present = score > special.ndtri(1.0 - section["coverage"][table])
    kept = section["old_windows_keeps"].get(table, 1.0)
    old = fleet.is_one_of("os", ["Win7", "Win8", "Win8.1"])
    return np.asarray(present & (~old | draw.chance("old windows", kept)))


def rates(
    fleet: traits.Fleet, table: str, *, events: float, spread: float
) -> draws.Floats:
    """Expected number of events, before what is special to the table.

    Args:
        fleet: Some devices.
        table: A table with effects in its world.
        events: For a typical device.
        spread: Standard deviation of the logarithm that no trait explains.
    """
    own = spread * fleet.draw(f"rate/{table}").normal("own")
    log_rate = fleet.linear(fleet.world["effects"][table]) + own
    return np.asarray(events * np.exp(log_rate) * fleet.burst)


class Rows:
    """The rows of one table that some devices send, in the order of devices.

    Attributes:
        device: The device of each row, by its place.
        draw: Draws of one number a row.
    """

    def __init__(self, fleet: traits.Fleet, table: str, counts: draws.Ints) -> None:
        self._fleet = fleet
        self._table = table
        self.device, self.number = draws.unfold(counts)
        self.draw = draws.Draws(
            fleet.seed, f"rows/{table}", fleet.ids[self.device], self.number
        )

    def __len__(self) -> int:
        return len(self.device)

    def of(self, by_device: draws.Floats) -> draws.Floats:
        """A number of each row's device."""
        return by_device[self.device]

    def times(self) -> draws.Ints:
        """UTC seconds of events, even over the window but for nights being quiet."""
        day = np.floor(self.draw.uniform("day") * window_days()).astype(np.int64)
        hour = self.draw.normal("hour") * 4.5 + 14.0
        local = np.mod(hour * 3600.0, columns.DAY_S).astype(np.int64)
        second = np.mod(local - self._fleet.offset[self.device], columns.DAY_S)
        return window_start() + day * columns.DAY_S + second

    def event(self, guids: pa.Array, utc: draws.Ints) -> columns.Columns:
        """The columns that an event without a collector interval begins with."""
        offset = self._fleet.offset[self.device]
        begin = columns.header(self._table, guids, self.device, utc)
        return {**begin, **columns.moment(utc, offset)}

    def sample(self, guids: pa.Array, utc: draws.Ints) -> columns.Columns:
        """The columns that a collector's row begins with."""
        offset = self._fleet.offset[self.device]
        begin = columns.header(self._table, guids, self.device, utc)
        return {**begin, **columns.interval(utc, offset)}


def window_days() -> int:
    """Length of the window, in days."""
    return int(facts.constants()["window"]["days"])


def window_start() -> int:
    """First second of the window, since 1970."""
    last = datetime.date.fromisoformat(str(facts.constants()["window"]["end"]))
    days = (last - datetime.date(1970, 1, 1)).days - window_days() + 1
    return days * columns.DAY_S
