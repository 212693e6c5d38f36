"""Unclean restarts, and the runs of the extractor that looks for their logs."""

import hashlib

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import amounts, facts, presence, table_rows, traits, windows


def crashlog(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws runs of the crash-log extractor: at most one per device and day.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    table = "crashlog"
    section = facts.section(table)
    rate = amounts.rates(fleet, table, events=section["runs"], spread=section["spread"])
    counts = fleet.draw(table).poisson("runs", np.minimum(rate, section["max_runs"]))
    counts = np.minimum(counts, windows.of(table).days)
    counts *= presence.reports(fleet, table)
    rows = table_rows.Rows(fleet, table, counts)
    utc = _distinct_days(fleet, rows)
    supported = fleet.generation >= section["first_supported_generation"]
    crashing = fleet.hot | fleet.defective | (fleet.burst > 1.0)
    kind = np.where(supported, np.where(crashing, 1, 0), 2)
    codes = draws.Vocabulary(section["exit_codes"])
    chosen = codes.pick(rows.draw.uniform("exit code"), kind[rows.device])
    texts = [section["console"][code] for code in codes.values]
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    return {
        **table_rows.begin(fleet, table, guids, rows.device, utc),
        "exit_code": pa.array(np.array(codes.values, dtype=np.int32)[chosen]),
        "console_output": columns.text(texts, chosen),
        "console_output_hash": columns.text(hashes, chosen),
    }


def _distinct_days(fleet: traits.Fleet, rows: table_rows.Rows) -> draws.Ints:
    """Seconds of runs on days of their own, by a stride that visits every day."""
    start, days = rows.window
    strides = np.array([n for n in range(1, 13) if np.gcd(n, days) == 1])
    draw = fleet.draw("crashlog")
    stride = strides[(draw.uniform("stride") * len(strides)).astype(np.int64)]
    first = (draw.uniform("first") * days).astype(np.int64)
    day = (first[rows.device] + rows.number * stride[rows.device]) % days
    # A run on a local day: the hours leave room for the offset within the window.
    local = day * columns.DAY_S + (rows.draw.uniform("time") * 43_200).astype(np.int64)
    utc = local + 43_200 - fleet.offset[rows.device]
    span = days * columns.DAY_S
    return start + np.clip(utc, 0, span - 1)


def microsoft_windows_kernel_power_event_41(
    fleet: traits.Fleet, guids: pa.Array
) -> columns.Columns:
    """Draws unclean restarts: by heat, the driver, worn batteries, and else.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    table = "microsoft_windows_kernel_power_event_41"
    section = facts.section(table)
    rate = amounts.rates(
        fleet, table, events=section["events"], spread=section["spread"]
    )
    rate *= np.where(fleet.hot, section["thermal_factor"], 1.0)
    rate *= np.where(fleet.worn, section["battery_factor"], 1.0)
    rate *= np.where(fleet.defective, section["driver_factor"], 1.0) * np.exp(
        fleet.vendor_effect
    )
    counts = fleet.draw(table).poisson("events", np.minimum(rate, 1000.0))
    rows = table_rows.Rows(fleet, table, counts * presence.reports(fleet, table))
    of = rows.device
    cause = np.where(fleet.worn[of], 3, 0)
    cause = np.where(
        fleet.hot[of] & rows.draw.chance("heat", section["thermal_share"]), 1, cause
    )
    cause = np.where(
        fleet.defective[of] & rows.draw.chance("driver", section["driver_share"]),
        2,
        cause,
    )
    codes = draws.Vocabulary(section["bugchecks"])
    code = np.array(codes.values, dtype=np.int32)[
        codes.pick(rows.draw.uniform("bugcheck"), cause)
    ]
    utc = rows.utc_times()
    parameters = {
        f"bugcheck_parameter{n}": columns.hexadecimal(
            np.where(code == 0, np.uint64(0), rows.draw.bits(f"parameter {n}")),
            num_digits=16,
        )
        for n in (1, 2, 3, 4)
    }
    return {
        **table_rows.begin(fleet, table, guids, of, utc),
        "bugcheck_code": pa.array(code),
        **parameters,
        **_circumstances(rows, utc, asleep=cause == 3, stopped=code != 0),
    }


def _circumstances(
    rows: table_rows.Rows, utc: draws.Ints, *, asleep: draws.Bools, stopped: draws.Bools
) -> columns.Columns:
    """What else event 41 says of a restart."""
    draw = rows.draw
    section = facts.section("microsoft_windows_kernel_power_event_41")
    shares = section["sleep_share"]
    sleeping = draw.chance("sleep", np.where(asleep, shares["worn"], shares["other"]))
    depth = 1 + (draw.uniform("depth") * 6.999).astype(np.int64)
    pressed = draw.chance("button", section["button_share"]) & ~stopped
    button = columns.windows_ticks(utc)
    transitions = np.floor(-6.0 * np.log(draw.uniform("transitions")))
    checkpoint = (draw.uniform("checkpoint") ** 3 * 40).astype(np.int32)
    return {
        "sleep_in_progress": pa.array(np.where(sleeping, depth, 0)),
        "power_button_timestamp": pa.array(np.where(pressed, button, 0)),
        "boot_app_status": pa.array(np.zeros(len(rows), dtype=np.int32)),
        "checkpoint": pa.array(checkpoint),
        "connected_standby_in_progress": pa.array(sleeping & (depth == 6)),
        "system_sleep_transitions_to_on": pa.array(transitions),
        "bugcheck_info_from_efi": pa.array(stopped & draw.chance("efi", 0.3)),
        "long_power_button_press_detected": pa.array(pressed),
        "lid_state": pa.array(draw.chance("lid", 0.85).astype(np.int32)),
        "input_suppression_state": pa.array(sleeping.astype(np.int32)),
    }
