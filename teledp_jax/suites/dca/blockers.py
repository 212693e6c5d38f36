"""Blockers of modern standby, in the windows of Windows versions."""

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import (
    amounts,
    blocker_cells,
    facts,
    presence,
    table_rows,
    traits,
    versions,
    windows,
)

TABLE = "mods_sleepstudy_top_blocker_hist"


def mods_sleepstudy_top_blocker_hist(
    fleet: traits.Fleet, guids: pa.Array
) -> columns.Columns:
    """Draws a row per blocker of a session; a third were not active at all.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    table = blocker_cells.cells()
    window, device, version, begin, end = _windows(fleet)
    draw = draws.Draws(fleet.seed, f"windows/{TABLE}", fleet.ids[device], window)
    active, cell, per_cell = _active(fleet, device, window, version)
    share = facts.rows_share(TABLE)
    activity = amounts.activity(draw, "factor", shape=facts.section(TABLE)["shape"])
    idle = draw.poisson("idle", table["idle"][version] * share * activity)
    place = np.concatenate(
        [np.repeat(active, per_cell), np.repeat(np.arange(len(device)), idle)]
    )
    cells = np.concatenate([np.repeat(cell, per_cell), np.full(idle.sum(), -1)])
    order = np.argsort(place, kind="stable")
    place, cells = place[order], cells[order]
    _, number = draws.unfold(np.bincount(place, minlength=len(device)))
    of = device[place]
    rows = draws.Draws(
        fleet.seed, f"rows/{TABLE}", fleet.ids[of], window[place] * 10_000_000 + number
    )
    is_idle = cells < 0
    name = np.where(
        is_idle,
        (rows.uniform("name") ** 2 * len(table["names"])).astype(np.int64),
        table["name"][np.maximum(cells, 0)],
    )
    seconds = table["seconds"][version[place], np.maximum(cells, 0)]
    seconds = seconds * -np.log(rows.uniform("active"))
    level = np.where(is_idle, 0, table["level"][np.maximum(cells, 0)])
    length = (end - begin)[place]
    local = begin[place] + (rows.uniform("time") * length).astype(np.int64)
    local += fleet.offset[of]
    kinds = [kind for kind, _ in table["names"]]
    return {
        **table_rows.session(fleet, TABLE, guids, of, local),
        "blocker_name": columns.text([name for _, name in table["names"]], name),
        "active_time_ms": pa.array(
            np.where(is_idle, 0, np.maximum(seconds * 1e3, 1.0)).astype(np.int64)
        ),
        "activity_level": columns.text(list(blocker_cells.LEVELS), level),
        "blocker_type": columns.text(kinds, name),
        "blocker_id": columns.text([f"B{n:04d}" for n in range(len(kinds))], name),
    }


def _windows(
    fleet: traits.Fleet,
) -> tuple[draws.Ints, draws.Ints, draws.Ints, draws.Ints, draws.Ints]:
    """Number, device, version, first and last second of each window with blockers."""
    names = [value.split(", ") for value in versions.values()]
    order = blocker_cells.cells()["versions"]
    numbers = [[order.index(n) if n in order else len(order) for n in v] for v in names]
    both = np.array([[pair[0], pair[-1]] for pair in numbers])
    count = np.array([len(pair) for pair in numbers])
    code = versions.of(fleet)
    present = presence.reports(fleet, TABLE)
    device, window = draws.unfold(count[code] * present)
    version = both[code[device], window]
    # A record's date counts, at midnight: days away from an upgrade are safe.
    margin = 2 * columns.DAY_S
    upgraded = versions.upgrades(fleet)[device]
    start, days = windows.of(TABLE)
    final = start + days * columns.DAY_S - margin
    double = (count[code] == 2)[device]
    begin = np.where(window == 1, upgraded + margin, start)
    end = np.where(double & (window == 0), upgraded - margin, final)
    return window, device, version, begin, end


def _active(
    fleet: traits.Fleet, device: draws.Ints, window: draws.Ints, version: draws.Ints
) -> tuple[draws.Ints, draws.Ints, draws.Ints]:
    """The window, cell and number of rows of each cell that a window has."""
    table = blocker_cells.cells()
    num_cells = table["share"].shape[1]
    grid = draws.Draws(
        fleet.seed,
        f"cells/{TABLE}",
        np.repeat(fleet.ids[device], num_cells),
        (window[:, None] * num_cells + np.arange(num_cells)).ravel(),
    )
    has = grid.uniform("has").reshape(len(device), num_cells) < table["share"][version]
    place, cell = np.nonzero(has)
    picked = draws.Draws(
        fleet.seed,
        f"counts/{TABLE}",
        fleet.ids[device[place]],
        window[place] * num_cells + cell,
    )
    factor = amounts.activity(picked, "factor", shape=facts.section(TABLE)["shape"])
    mean = table["records"][version[place], cell] * facts.rows_share(TABLE)
    number = 1 + picked.poisson("records", np.maximum(mean - 1.0, 0.0) * factor)
    return place, cell, number
