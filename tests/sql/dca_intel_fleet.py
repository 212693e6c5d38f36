"""A random raw fleet of suite dca with what real ones have: odd rows of every kind."""

import datetime
import random
from typing import Any

START = datetime.date(2024, 3, 1)
MIDNIGHT = datetime.time(0)
HARDWARE = {
    "HW::PACKAGE:IA_POWER:WATTS:": (0.5, 40),
    "HW::PACKAGE:RAP:WATTS:": (1, 60),
    "HW:::PSYS_RAP:WATTS:": (1, 60),
    "HW::PACKAGE:C0_RESIDENCY:PERCENT:": (1, 100),
    "HW::CORE:AVG_FREQ:MHZ:": (400, 5000),
    "HW::CORE:TEMPERATURE:CENTIGRADE:": (20, 100),
    "HW::PACKAGE:OTHER:NONE:": (0, 1),
}
DIRECTIONS = (
    "OS:NET::BYTES RECEIVED/SEC::",
    "OS:NET::BYTES SENT/SEC::",
    "OS:NET::PACKETS SENT/SEC::",
)
CATEGORIES = (
    ("private", ""), ("search", "search"), ("mail", None), ("other", "unclassified"),
    ("entertainment", "video streaming"), ("games", "other"), ("games", "new"),
    ("unheard of", "other"), (None, None),
)  # fmt: skip
WAITS = ("APPSTARTING", "WAIT", "TOTAL_DISCARDED_WAIT_EVENTS", "TOTAL_NON_WAIT_EVENTS")
STATES = ("AC_DISPLAY_ON", "ac_display_off", "DC_DISPLAY_ON", "unknown", "NA", "", None)
PROCESSES = (
    "DUMMY_PROCESS", "DESKTOP", "explorer.exe", "Explorer.exe", "RESTRICTED PROCESS",
    "UNKNOWN", "unknown", "", None, *(f"process {i}" for i in range(26)),
)  # fmt: skip
OS_VERSIONS = (
    ("Win10", "21H2"), ("Win10", "22H2"), ("Win11", "22H2"), ("Win11", None),
    (None, "RS5"), ("Win Vista", "x"),
)  # fmt: skip

Row = dict[str, Any]


def day(number: int) -> datetime.date:
    return START + datetime.timedelta(days=number)


def moment(number: int, hour: int = 0) -> datetime.datetime:
    return datetime.datetime.combine(day(number), datetime.time(hour))


def fleet(num_devices: int, seed: int) -> dict[str, list[Row]]:
    """Rows by raw table; devices are independent and a few rows have no known one."""
    makers = {
        "system_cpu_metadata": _processor,
        "system_os_codename_history": _windows,
        "hw_metric_stats": _hardware,
        "os_network_consumption_v2": _network,
        "os_memsam_avail_percent": _memory,
        "web_cat_usage_v2": _browsing,
        "userwait_v2": _waits,
        "display_devices": _displays,
        "__tmp_batt_dc_events": _battery,
        "__tmp_fgnd_apps_date": _apps,
        "guids_on_off_suspend_time_day": _states,
        "mods_sleepstudy_top_blocker_hist": _blockers,
    }
    rows: dict[str, list[Row]] = {name: [] for name in makers}
    rows["system_sysinfo_unique_normalized"] = []
    for number in range(num_devices):
        draw = random.Random(seed * 1_000_000 + number)
        guid = f"{number:032x}"
        rows["system_sysinfo_unique_normalized"].append({"guid": guid, **_device(draw)})
        for name, make in makers.items():
            rows[name] += [{"guid": guid, **row} for row in make(draw)]
    draw = random.Random(seed)
    rows["mods_sleepstudy_power_estimation_data_13wks"] = [
        {"guid": f"{1:032x}", **row} for row in _power(draw)
    ]
    for name, make in makers.items():
        for guid in ("no such device", None):
            rows[name] += [{"guid": guid, **row} for row in make(draw)]
    return rows


def _device(draw: random.Random) -> Row:
    return {
        "chassistype": draw.choice(("Notebook", "Desktop", "2 in 1")),
        "countryname_normalized": draw.choice(("China", "Brazil", "India")),
        "modelvendor_normalized": draw.choice(("HP", "Dell", "A B C")),
        "model_normalized": f"model {draw.randrange(9)}",
        "ram": draw.choice((1.0, 4.0, 8.0, 16.0, 16.0, 4096.0, 0.0, None)),
        "os": draw.choice(("Win10", "Win11", "n/a")),
        "#ofcores": draw.choice(("4", "8")),
        "cpuname": draw.choice(("Xeon", "Xeon W", "9th Gen i5", None)),
        "cpucode": draw.choice(("a", "b")),
        "persona": f"kind {draw.randrange(40)}",
        "lastreportdate": moment(draw.randrange(90)),
    }


def _some(draw: random.Random, share: float, most: int) -> range:
    """As many numbers as rows to make: mostly none for a share of the devices."""
    return range(draw.randint(1, most) if draw.random() < share else 0)


def _often(draw: random.Random, value: Any, *odd: Any) -> Any:
    """The value; one time in twelve an odd one."""
    return draw.choice(odd) if draw.random() < 1 / 12 else value


def _processor(draw: random.Random) -> list[Row]:
    names = (("Ice Lake", "10th Gen i5"), ("Unknown", "Unknown"), ("Tiger Lake", None))
    codename, generation = draw.choice(names)
    if draw.random() < 0.05:
        return []
    return [{"marketcodename": codename, "cpugen": generation}]


def _windows(draw: random.Random) -> list[Row]:
    rows, start = [], 0
    for _ in _some(draw, 0.8, 4):
        name, codename = draw.choice(OS_VERSIONS)
        end = start + draw.randrange(6)
        hour = draw.choice((0, 9))
        rows.append(
            {
                "min_ts": _often(draw, moment(start, hour), None),
                "max_ts": moment(end, draw.choice((0, 9))),
                "os_name": name,
                "os_codename": codename,
            }
        )
        start = end - draw.choice((0, 0, 3))
    return rows


def _hardware(draw: random.Random) -> list[Row]:
    rows = []
    for name, (low, high) in HARDWARE.items():
        for _ in _some(draw, 0.7, 5):
            mean = draw.uniform(low, high)
            rows.append(
                {
                    "name": name,
                    "dt": day(draw.randrange(3)),
                    "instance": draw.randrange(2),
                    "nrs": _often(draw, draw.randint(1, 17280), 0, -1, None),
                    "mean": _often(draw, mean, float("nan"), float("inf"), None, 3.3e8),
                    "min": mean / 2,
                    "max": 2 * mean,
                }
            )
    return rows


def _network(draw: random.Random) -> list[Row]:
    rows = []
    both = draw.choice((None, None, 5_000))
    samples = draw.choice((None, None, 360))
    scale = draw.choice((10, 10, 10, 10**8))
    for number in _some(draw, 0.8, 6):
        rate = draw.choice((0, 1, 10, 1000)) * scale * draw.randint(1, 9)
        rows.append(
            {
                "dt": day(number // 4),
                "dt_hr": moment(0),
                "network_interface": str(draw.randrange(2)),
                "input_description": DIRECTIONS[number % 2]
                if both
                else draw.choice(DIRECTIONS),
                "nr_samples": samples
                or _often(draw, draw.randint(1, 720), 0, -1, None),
                "avg_bytes_sec": both or _often(draw, rate, None, -1),
            }
        )
    return rows


def _memory(draw: random.Random) -> list[Row]:
    return [
        {
            "dt": day(draw.randrange(3)),
            "sample_count": _often(draw, draw.randint(1, 17280), 0, -1, None),
            "average": _often(
                draw, draw.uniform(0, 17_000), None, float("nan"), -1.0, 1e6
            ),
        }
        for _ in _some(draw, 0.8, 5)
    ]


def _browsing(draw: random.Random) -> list[Row]:
    # Some have no time on a listed category at all: their shares are 0 / 0.
    idle = draw.random() < 0.01
    return [
        {
            "dt": day(draw.randrange(3)),
            "browser": draw.choice(("chrome", "chrome", "edge", "firefox", "x", None)),
            "parent_category": "unheard of" if idle else parent,
            "sub_category": sub,
            "duration_ms": 0
            if idle and draw.random() < 0.5
            else _often(draw, draw.randint(0, 10**7), None, -1),
        }
        for parent, sub in (
            draw.choice(CATEGORIES) for _ in _some(draw, 0.7, 8)
        )
    ]  # fmt: skip


def _waits(draw: random.Random) -> list[Row]:
    rows = [
        {
            "dt": day(draw.randrange(2)),
            "event_name": _often(draw, draw.choice(WAITS), None),
            "ac_dc_event_name": draw.choice(STATES),
            "proc_name_current": draw.choice(PROCESSES),
            # Few lengths, so that processes tie.
            "duration_ms": _often(draw, draw.choice((1000, 2000, 9000)), None, -5),
        }
        for _ in _some(draw, 0.8, 24)
    ]
    if draw.random() < 0.03:
        name = draw.choice(("setup.tmp", "game.exe"))
        row = {"event_name": "WAIT", "ac_dc_event_name": "DC_DISPLAY_ON"}
        rows.append({**row, "proc_name_current": name, "duration_ms": 50_000})
    return rows


def _displays(draw: random.Random) -> list[Row]:
    rows = []
    for _ in _some(draw, 0.8, 5):
        height, width = draw.choice(((1080, 1920), (1920, 1080), (-1, -1), (0, 0)))
        rows.append(
            {
                "connection_type": draw.choice(("HDMI", "INTERNAL", "ODD", None)),
                "vendor_name": draw.choice(("LG", "Other", "MI ", "", None)),
                "resolution_heigth": _often(draw, height, None),
                "resolution_width": width,
                "duration_ac": _often(draw, draw.randint(0, 9999), None, -1),
                "duration_dc": _often(draw, draw.randint(0, 99), None, -1),
            }
        )
    return rows


def _battery(draw: random.Random) -> list[Row]:
    return [
        {
            "power_on_dc_ts": _often(draw, moment(draw.randrange(3), 23), None),
            "duration_mins": _often(draw, draw.randint(0, 300), None, -1),
            "power_on_battery_percent": draw.choice((-1, 50, 100)),
            "power_off_battery_percent": -1,
        }
        for _ in _some(draw, 0.9, 5)
    ]


def _apps(draw: random.Random) -> list[Row]:
    names = ("chrome.exe", "desktop", "restricted process", "Desktop", None, "Ж.exe")
    return [
        {
            "date": day(draw.randrange(3)),
            "app_type": draw.choice(("System", "Social", "Other", None)),
            "exe_name": draw.choice((*names, *(f"{i}.exe" for i in range(24)))),
            # Few values, so that applications tie.
            "totalsecfocal_day": _often(
                draw, float(draw.choice((0, 5, 7))), None, float("nan"), -1.0, 0.125
            ),
            "lines_per_day": _often(draw, draw.randrange(3), None, -1),
        }
        for _ in _some(draw, 0.8, 7)
    ]


def _states(draw: random.Random) -> list[Row]:
    return [
        {
            "dt": day(number),
            "on_time": _often(draw, draw.randint(0, 86400), None, -1),
            "off_time": draw.randint(0, 9),
            "mods_time": 0,
            "sleep_time": _often(draw, draw.randint(0, 40000), None, -1),
        }
        for number in _some(draw, 0.95, 4)
    ]


def _blockers(draw: random.Random) -> list[Row]:
    return [
        {
            "ts_utc": moment(number := draw.randrange(12), 22),
            "dt_utc": day(number),
            "ts_local": moment(number + 1, 3),
            "blocker_name": _often(draw, draw.choice(("BI", "WU", "x|y")), None),
            "blocker_type": _often(draw, "Activator", "Fx Device", None),
            "activity_level": _often(draw, draw.choice(("low", "high")), "l0w", None),
            "active_time_ms": _often(draw, draw.choice((0, 1, 90_000)), None, -1),
        }
        for _ in _some(draw, 0.8, 8)
    ]


def _power(draw: random.Random) -> list[Row]:
    return [
        {
            "dt_utc": day(draw.randrange(9)),
            "user_id": draw.choice(("SYSTEM", "NONE", "UserIdMask", None)),
            "app_id": draw.choice((None, *(f"app {i}" for i in range(40)))),
            "total_power_consumption": _often(draw, draw.randrange(4), None, -1, 6767),
        }
        for _ in range(400)
    ]
