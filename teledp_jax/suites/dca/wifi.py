"""Wi-Fi errors."""

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import amounts, facts, presence, table_rows, traits


def wifi_error(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws Wi-Fi errors: bad networks, and above all bad networks on the move.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    table = "wifi_error"
    section = facts.section(table)
    draw = fleet.draw(table)
    rate = amounts.rates(
        fleet, table, events=section["events"], spread=section["spread"]
    )
    roaming = (fleet.latents["mobility"] > section["roaming_mobility"]) & (
        fleet.latents["network"] < section["roaming_network"]
    )
    rate *= np.where(roaming, section["roaming_factor"], 1.0)
    portable = fleet.is_one_of("chassistype", traits.PORTABLE)
    wireless = portable | draw.chance("desktop", section["desktop_share"])
    counts = draw.poisson("rows", np.minimum(rate, 1500.0))
    reporting = wireless & presence.reports(fleet, table)
    rows = table_rows.Rows(fleet, table, counts * reporting)
    of = rows.device
    kind = _causes(fleet, rows, roaming)
    errors = draws.Vocabulary(section["errors"])
    error = errors.pick(rows.draw.uniform("error"), kind)
    size = section["errors_per_row"] * np.exp(
        section["errors_spread"] * rows.draw.normal("size") + 1.2 * (kind == 2)
    )
    utc = rows.utc_times()
    most = np.where(roaming, section["roaming_points"], section["points"])
    num_points = 1 + np.floor(draw.uniform("points") ** 3 * most)
    point = (rows.draw.uniform("point") ** 2 * num_points[of]).astype(np.int64)
    points = draws.Draws(fleet.seed, "access point", fleet.ids[of], point)
    return {
        **table_rows.begin(fleet, table, guids, of, utc),
        "error_string": columns.text(errors.values, error),
        "ap_id": columns.hexadecimal(points.bits("id"), num_digits=12),
        "error_count": pa.array(np.clip(size * fleet.burst[of], 1, 1e6).astype(int)),
    }


def _causes(
    fleet: traits.Fleet, rows: table_rows.Rows, roaming: draws.Bools
) -> draws.Ints:
    """Why each error happened: 1 by roaming, 2 by a bad driver, 0 else."""
    section = facts.section("wifi_error")
    moving = rows.draw.chance("roaming", section["roaming_share"])
    broken = fleet.draw("wifi driver").chance("bad", section["bad_driver_share"])
    failing = rows.draw.chance("driver", section["bad_driver_errors"])
    kind = np.where(roaming[rows.device] & moving, 1, 0)
    return np.where(broken[rows.device] & failing, 2, kind)
