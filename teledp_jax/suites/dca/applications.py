"""Application crashes and hangs."""

import functools
import hashlib

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import amounts, facts, presence, table_rows, traits

_VERSIONS = 4


def application_error_event_1000(
    fleet: traits.Fleet, guids: pa.Array
) -> columns.Columns:
    """Draws application crashes. The defective driver came late in the window.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    table = "application_error_event_1000"
    section = facts.section(table)
    rate = amounts.rates(
        fleet, table, events=section["events"], spread=section["spread"]
    )
    factor = np.where(fleet.defective, section["driver_factor"], 1.0)
    # Very new and very old devices both fail more: no log-linear model holds that.
    extreme = np.abs(fleet.latents["newness"]) > section["extreme_age"]
    factor *= np.where(extreme, section["extreme_age_factor"], 1.0)
    rate = np.minimum(rate * factor * np.exp(fleet.vendor_effect), 4000.0)
    counts = fleet.draw(table).poisson("events", rate)
    rows = table_rows.Rows(fleet, table, counts * presence.reports(fleet, table))
    utc = rows.utc_times()
    by_driver = fleet.defective[rows.device] & rows.draw.chance(
        "driver", section["driver_share"]
    )
    start, days = rows.window
    late = section["new_driver_day"] * columns.DAY_S
    span = days * columns.DAY_S - late
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
        **table_rows.begin(fleet, table, guids, rows.device, utc),
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
    """Draws application hangs: most on devices worked hard on little memory.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    table = "application_hang_event_1002"
    section = facts.section(table)
    rate = amounts.rates(
        fleet, table, events=section["events"], spread=section["spread"]
    )
    rate *= np.where(fleet.starved, section["starved_factor"], 1.0)
    rate *= np.where(fleet.hot, section["hot_factor"], 1.0)
    counts = fleet.draw(table).poisson("events", np.minimum(rate, 2000.0))
    rows = table_rows.Rows(fleet, table, counts * presence.reports(fleet, table))
    utc = rows.utc_times()
    types = draws.Vocabulary({"all": section["hang_types"]})
    kind = types.pick(rows.draw.uniform("type"))
    length = section["termination_ms"] * np.exp(
        section["termination_spread"] * rows.draw.normal("length")
        + 0.8 * fleet.starved[rows.device]
    )
    application = dict(_application(rows, _app_of(fleet, rows)))
    del application["app_timestamp"]
    return {
        **table_rows.begin(fleet, table, guids, rows.device, utc),
        **application,
        "start_time": _file_time(utc - _age_s(rows)),
        "termination_time_ms": pa.array(np.minimum(length, 3.6e6).astype(np.int32)),
        "hang_type": columns.text(types.values, kind),
    }


@functools.cache
def _apps() -> tuple[list[str], list[str], draws.Choice]:
    """Executables, the kind of each, and the choice of one by persona."""
    section = facts.section("apps")
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
                section["favourites"][p] for p in facts.attribute_values("persona")
            )
        ]
    )
    return list(weights), [kind for kind, _ in weights.values()], choice


def _app_of(fleet: traits.Fleet, rows: table_rows.Rows) -> draws.Ints:
    """The executable of each row: often the device's own troublemaker, else any."""
    _, _, choice = _apps()
    own = fleet.draw(rows.draw.purpose).uniform("troublemaker")[rows.device]
    share = facts.section("application_error_event_1000")["troublemaker_share"]
    uniform = np.where(rows.draw.chance("own", share), own, rows.draw.uniform("app"))
    return choice.pick(uniform, fleet.codes["persona"][rows.device])


def _application(rows: table_rows.Rows, app: draws.Ints) -> columns.Columns:
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


def _module(
    rows: table_rows.Rows, app: draws.Ints, kind: draws.Ints
) -> columns.Columns:
    """Which module was at fault, by the kind of crash."""
    vocabulary = draws.Vocabulary(
        facts.section("application_error_event_1000")["modules"]
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


def _age_s(rows: table_rows.Rows) -> draws.Ints:
    """How long a process had run."""
    return np.asarray(-7200.0 * np.log(rows.draw.uniform("age"))).astype(np.int64)


def _file_time(utc: draws.Ints) -> pa.Array:
    """A Windows file time in hexadecimal digits."""
    ticks = columns.windows_ticks(utc)
    return columns.hexadecimal(ticks.astype(np.uint64), num_digits=16)
