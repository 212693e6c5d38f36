"""Crash-log runs, application crashes and hangs, unclean restarts."""

import functools
import hashlib

import numpy as np
import pyarrow as pa

from teledp_jax.simulate import columns, draws, presence, traits

_VERSIONS = 4
_EPOCH_1601_S = 11_644_473_600


def crashlog(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Runs of the crash-log extractor: at most one a device and day."""
    table = "crashlog"
    section = traits.constants()[table]
    rate = presence.rates(
        fleet, table, events=section["runs"], spread=section["spread"]
    )
    counts = fleet.draw(table).poisson("runs", np.minimum(rate, section["max_runs"]))
    counts = np.minimum(counts, presence.window_days())
    counts *= presence.reports(fleet, table)
    rows = presence.Rows(fleet, table, counts)
    utc = _distinct_days(fleet, rows)
    supported = fleet.generation >= section["first_supported_generation"]
    crashing = fleet.hot | fleet.defective | (fleet.burst > 1.0)
    kind = np.where(supported, np.where(crashing, 1, 0), 2)
    codes = draws.Vocabulary(section["exit_codes"])
    chosen = codes.pick(rows.draw.uniform("exit code"), kind[rows.device])
    texts = [section["console"][code] for code in codes.values]
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    return {
        **rows.sample(guids, utc),
        **columns.moment(utc, fleet.offset[rows.device]),
        "exit_code": pa.array(np.array(codes.values, dtype=np.int32)[chosen]),
        "console_output": columns.text(texts, chosen),
        "console_output_hash": columns.text(hashes, chosen),
    }


def _distinct_days(fleet: traits.Fleet, rows: presence.Rows) -> draws.Ints:
    """Seconds of runs on days of their own, by a stride that visits every day."""
    days = presence.window_days()
    strides = np.array([n for n in range(1, 13) if np.gcd(n, days) == 1])
    draw = fleet.draw("crashlog")
    stride = strides[(draw.uniform("stride") * len(strides)).astype(np.int64)]
    first = (draw.uniform("first") * days).astype(np.int64)
    day = (first[rows.device] + rows.number * stride[rows.device]) % days
    # A run on a local day: the hours leave room for the offset within the window.
    local = day * columns.DAY_S + (rows.draw.uniform("time") * 43_200).astype(np.int64)
    utc = local + 43_200 - fleet.offset[rows.device]
    span = days * columns.DAY_S
    return presence.window_start() + np.clip(utc, 0, span - 1)


def application_error_event_1000(
    fleet: traits.Fleet, guids: pa.Array
) -> columns.Columns:
    """Application crashes. The defective driver came late in the window."""
    table = "application_error_event_1000"
    section = traits.constants()[table]
    rate = presence.rates(
        fleet, table, events=section["events"], spread=section["spread"]
    )
    factor = np.where(fleet.defective, section["driver_factor"], 1.0)
    # Very new and very old devices both fail more: no log-linear model holds that.
    extreme = np.abs(fleet.latents["newness"]) > section["extreme_age"]
    factor *= np.where(extreme, section["extreme_age_factor"], 1.0)
    rate = np.minimum(rate * factor * np.exp(fleet.vendor_effect), 4000.0)
    counts = fleet.draw(table).poisson("events", rate)
    rows = presence.Rows(fleet, table, counts * presence.reports(fleet, table))
    utc = rows.times()
    by_driver = fleet.defective[rows.device] & rows.draw.chance(
        "driver", section["driver_share"]
    )
    start = presence.window_start()
    late = traits.constants()["window"]["new_driver_day"] * columns.DAY_S
    span = presence.window_days() * columns.DAY_S - late
    recent = start + late + (utc - start) % span
    utc = np.where(by_driver, recent, utc)
    by_memory = fleet.starved[rows.device] & rows.draw.chance(
        "memory", section["memory_share"]
    )
    kind = np.where(by_driver, 1, np.where(by_memory, 2, 0))
    app = _app_of(fleet, rows)
    exceptions = draws.Vocabulary(section["exceptions"])
    exception = exceptions.pick(rows.draw.uniform("exception"), kind)
    return {
        **rows.event(guids, utc),
        **_application(rows, app),
        **_module(rows, app, kind),
        "exception_code": columns.text(exceptions.values, exception),
        "fault_offset": columns.hexadecimal(
            rows.draw.bits("fault") >> np.uint64(40), num_digits=16
        ),
        "app_start_time": _file_time(utc - _age_s(rows)),
    }


def application_hang_event_1002(
    fleet: traits.Fleet, guids: pa.Array
) -> columns.Columns:
    """Application hangs: most on devices worked hard on little memory."""
    table = "application_hang_event_1002"
    section = traits.constants()[table]
    rate = presence.rates(
        fleet, table, events=section["events"], spread=section["spread"]
    )
    rate *= np.where(fleet.starved, section["starved_factor"], 1.0)
    rate *= np.where(fleet.hot, section["hot_factor"], 1.0)
    counts = fleet.draw(table).poisson("events", np.minimum(rate, 2000.0))
    rows = presence.Rows(fleet, table, counts * presence.reports(fleet, table))
    utc = rows.times()
    types = draws.Vocabulary({"all": section["hang_types"]})
    kind = types.pick(rows.draw.uniform("type"))
    length = section["termination_ms"] * np.exp(
        section["termination_spread"] * rows.draw.normal("length")
        + 0.8 * fleet.starved[rows.device]
    )
    application = dict(_application(rows, _app_of(fleet, rows)))
    del application["app_timestamp"]
    return {
        **rows.event(guids, utc),
        **application,
        "start_time": _file_time(utc - _age_s(rows)),
        "termination_time_ms": pa.array(np.minimum(length, 3.6e6).astype(np.int32)),
        "hang_type": columns.text(types.values, kind),
    }


def microsoft_windows_kernel_power_event_41(
    fleet: traits.Fleet, guids: pa.Array
) -> columns.Columns:
    """Unclean restarts: by heat, by the driver, by worn batteries, and else."""
    table = "microsoft_windows_kernel_power_event_41"
    section = traits.constants()[table]
    rate = presence.rates(
        fleet, table, events=section["events"], spread=section["spread"]
    )
    rate *= np.where(fleet.hot, section["thermal_factor"], 1.0)
    rate *= np.where(fleet.worn, section["battery_factor"], 1.0)
    rate *= np.where(fleet.defective, section["driver_factor"], 1.0) * np.exp(
        fleet.vendor_effect
    )
    counts = fleet.draw(table).poisson("events", np.minimum(rate, 1000.0))
    rows = presence.Rows(fleet, table, counts * presence.reports(fleet, table))
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
    utc = rows.times()
    parameters = {
        f"bugcheck_parameter{n}": columns.hexadecimal(
            np.where(code == 0, np.uint64(0), rows.draw.bits(f"parameter {n}")),
            num_digits=16,
        )
        for n in (1, 2, 3, 4)
    }
    return {
        **rows.event(guids, utc),
        "bugcheck_code": pa.array(code),
        **parameters,
        **_circumstances(rows, utc, asleep=cause == 3, stopped=code != 0),
    }


def _circumstances(
    rows: presence.Rows, utc: draws.Ints, *, asleep: draws.Bools, stopped: draws.Bools
) -> columns.Columns:
    """What else event 41 says of a restart."""
    draw = rows.draw
    section = traits.constants()["microsoft_windows_kernel_power_event_41"]
    shares = section["sleep_share"]
    sleeping = draw.chance("sleep", np.where(asleep, shares["worn"], shares["other"]))
    depth = 1 + (draw.uniform("depth") * 6.999).astype(np.int64)
    pressed = draw.chance("button", section["button_share"]) & ~stopped
    button = (utc + _EPOCH_1601_S) * 10_000_000
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


@functools.cache
def _apps() -> tuple[list[str], list[str], draws.Choice]:
    """Executables, the kind of each, and the choice of one by persona."""
    section = traits.constants()["apps"]
    weights = {
        name: (kind, weight)
        for kind, names in section["weights"].items()
        for name, weight in names.items()
    }
    choice = draws.Choice(
        [
            [
                weight * (section["favourite_factor"] if kind == favourite else 1.0)
                for kind, weight in weights.values()
            ]
            for favourite in (
                section["favourites"][p] for p in traits.attribute_values("persona")
            )
        ]
    )
    return list(weights), [kind for kind, _ in weights.values()], choice


def _app_of(fleet: traits.Fleet, rows: presence.Rows) -> draws.Ints:
    """The executable of each row: often the device's own troublemaker, else any."""
    _, _, choice = _apps()
    own = fleet.draw(rows.draw.purpose).uniform("troublemaker")[rows.device]
    share = traits.constants()["application_error_event_1000"]["troublemaker_share"]
    uniform = np.where(rows.draw.chance("own", share), own, rows.draw.uniform("app"))
    return choice.pick(uniform, fleet.codes["persona"][rows.device])


def _application(rows: presence.Rows, app: draws.Ints) -> columns.Columns:
    """Which program failed."""
    names, kinds, _ = _apps()
    build = (rows.draw.uniform("build") ** 2 * _VERSIONS).astype(np.int64)
    version = app * _VERSIONS + build
    places = [(n, v) for n in range(len(names)) for v in range(_VERSIONS)]
    versions = [f"{1 + (7 * n) % 119}.0.{4000 - 37 * v}.{n}" for n, v in places]
    stores = np.array([kind == "store" for kind in kinds])
    null = ~stores[app]
    plain = [name.removesuffix(".exe") for name in names]
    packages = [f"microsoft.{name}_8wekyb3d8bbwe" for name in plain]
    draw = rows.draw
    return {
        "app_name": columns.text(names, app),
        "app_version": columns.text(versions, version),
        "app_timestamp": columns.text(_build_stamps(versions), version),
        "process_id": columns.hexadecimal(draw.bits("process"), num_digits=4),
        "app_path": columns.text([f"c:\\...\\{name}" for name in names], app),
        "report_id": columns.identifiers(draw.bits("report 1"), draw.bits("report 2")),
        "package_full_name": columns.text(packages, app, null=null),
        "package_relative_app_id": columns.text(plain, app, null=null),
    }


def _module(rows: presence.Rows, app: draws.Ints, kind: draws.Ints) -> columns.Columns:
    """Which module was at fault, by the kind of crash."""
    vocabulary = draws.Vocabulary(
        traits.constants()["application_error_event_1000"]["modules"]
    )
    apps, _, _ = _apps()
    names = [*vocabulary.values, *apps]
    module = vocabulary.pick(rows.draw.uniform("module"), kind)
    own = module == vocabulary.values.index("own")
    module = np.where(own, len(vocabulary.values) + app, module)
    build = (rows.draw.uniform("module build") * _VERSIONS).astype(np.int64)
    version = module * _VERSIONS + build
    versions = [f"10.0.{19041 + v}.{n}" for n in range(len(names)) for v in range(4)]
    return {
        "module_name": columns.text(names, module),
        "module_version": columns.text(versions, version),
        "module_timestamp": columns.text(_build_stamps(versions), version),
        "module_path": columns.text([f"c:\\...\\{name}" for name in names], module),
    }


def _build_stamps(versions: list[str]) -> list[str]:
    """A fixed hexadecimal stamp for each version."""
    return [hashlib.sha256(text.encode()).hexdigest()[:8] for text in versions]


def _age_s(rows: presence.Rows) -> draws.Ints:
    """How long a process had run."""
    return np.asarray(-7200.0 * np.log(rows.draw.uniform("age"))).astype(np.int64)


def _file_time(utc: draws.Ints) -> pa.Array:
    """A Windows file time in hexadecimal digits."""
    ticks = (utc + _EPOCH_1601_S) * 10_000_000
    return columns.hexadecimal(ticks.astype(np.uint64), num_digits=16)
