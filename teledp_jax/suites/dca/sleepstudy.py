"""Power by process, of one device: a stub in the corpus, and here."""

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import facts, table_rows, traits, windows

_STUB = "mods_sleepstudy_power_estimation_data_13wks"


def mods_sleepstudy_power_estimation_data_13wks(
    fleet: traits.Fleet, guids: pa.Array
) -> columns.Columns:
    """Draws processes by session, only of the first device of the fleet.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    section = facts.section(_STUB)
    num_rows = np.where(fleet.ids == 0, section["rows"], 0)
    rows = table_rows.Rows(fleet, _STUB, num_rows)
    users = draws.Vocabulary({"all": section["users"]})
    user = users.pick(rows.draw.uniform("user"))
    num_apps = section["num_apps"]
    zipf = draws.Choice(
        np.arange(1, num_apps + 1)[None, :] ** -float(section["exponent"])
    )
    app = zipf.pick(rows.draw.uniform("app"))
    own = draws.Draws(0, f"apps/{_STUB}", np.arange(num_apps)).normal("power")[app]
    power = section["milliwatts"] * np.exp(
        own + section["spread"] * rows.draw.normal("power") - 0.5
    )
    parts = ("cpu", "display", "disk", "mbb", "network", "soc", "loss", "other")
    split = np.stack([rows.draw.uniform(part) for part in parts], axis=1) ** 4
    split = np.floor(power[:, None] * split / split.sum(axis=1, keepdims=True))
    session = rows.number // 100
    local = windows.of(_STUB).start + session * columns.DAY_S + 3_600
    sessions = [f"{number:08x}" for number in range(int(session.max(initial=0)) + 1)]
    return {
        **table_rows.session(fleet, _STUB, guids, rows.device, local),
        "app_id": columns.text([f"process{n:03d}.exe" for n in range(num_apps)], app),
        "user_id": columns.text(users.values, user),
        **{
            f"{part}_power_consumption": pa.array(split[:, n])
            for n, part in enumerate(parts)
        },
        "total_power_consumption": pa.array(split.sum(axis=1)),
        "recent_usage_hash": columns.text(sessions, session),
        "scenario_instance_hash": columns.text(sessions, session),
    }
