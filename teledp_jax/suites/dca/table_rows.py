"""Holds the rows that devices send of a table, and what each of them begins with."""

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import traits, windows


class Rows:
    """Rows of one table that some devices send, in the order of devices.

    Attributes:
        device: The device of each row, by its place.
        number: The number of each row among those of its device.
        draw: Draws of one number per row.
        window: The days that they cover.
    """

    def __init__(self, fleet: traits.Fleet, table: str, num_rows: draws.Ints) -> None:
        """Numbers the rows.

        Args:
            fleet: Some devices.
            table: Name of the table, or of a part of it that has draws of its own.
            num_rows: Rows of each device.
        """
        self._fleet = fleet
        self._table = table
        self.window = windows.of(table)
        self.device, self.number = draws.unfold(num_rows)
        self.draw = draws.Draws(
            fleet.seed, f"rows/{table}", fleet.ids[self.device], self.number
        )

    def __len__(self) -> int:
        return len(self.device)

    def days(self, *, rows_a_day: int = 1) -> draws.Ints:
        """Spreads rows over consecutive days, from a first one of each device.

        Args:
            rows_a_day: Rows that share a day.

        Returns:
            Local noons in seconds, per row.
        """
        uniform = self._fleet.draw(f"days/{self._table}").uniform("first")
        first = (uniform * self.window.days).astype(np.int64)[self.device]
        day = (first + self.number // rows_a_day) % self.window.days
        return self.window.start + day * columns.DAY_S + windows.NOON_S

    def local_times(self) -> draws.Ints:
        """Draws local seconds, even over the window but for quiet nights."""
        hour = np.mod(self._hours(), 24.0)
        return self._midnights() + (hour * 3600.0).astype(np.int64)

    def utc_times(self) -> draws.Ints:
        """Draws UTC seconds within the window, with quiet nights by local time."""
        local = np.mod(self._hours() * 3600.0, columns.DAY_S).astype(np.int64)
        second = np.mod(local - self._fleet.offset[self.device], columns.DAY_S)
        return self._midnights() + second

    def _midnights(self) -> draws.Ints:
        """Draws a day of the window for each row."""
        day = np.floor(self.draw.uniform("day") * self.window.days).astype(np.int64)
        return self.window.start + day * columns.DAY_S

    def _hours(self) -> draws.Floats:
        """Draws hours of a day, most in the afternoon; some lie outside of it."""
        return self.draw.normal("hour") * 4.5 + 14.0


def begin(
    fleet: traits.Fleet,
    table: str,
    guids: pa.Array,
    device: draws.Ints,
    utc: draws.Ints,
) -> columns.Columns:
    """Makes the columns that raw tables begin with: ingestion, interval and moment.

    Args:
        fleet: Some devices.
        table: Name of the table.
        guids: The id of each device.
        device: The device of each row, by its place.
        utc: UTC seconds of each row.

    Returns:
        The columns by name; a table takes those that its DDL states.
    """
    offset = fleet.offset[device]
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
    """Makes the columns that a row of the sleep study begins with.

    Args:
        fleet: As for `begin`.
        table: As for `begin`.
        guids: As for `begin`.
        device: As for `begin`.
        local: Local seconds of each row.

    Returns:
        The columns by name.
    """
    utc = local - fleet.offset[device]
    return {
        **columns.header(table, guids, device, utc),
        "ts_utc": columns.stamps(utc),
        "dt_utc": columns.dates(utc),
        "ts_local": columns.stamps(local),
    }
