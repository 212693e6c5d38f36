"""Forms of tables of times and sizes; `result_forms` names them all."""

from collections.abc import Mapping
from typing import Any

import origin
import table_form

from teledp_jax import runs


def dpsgd_step(result: Mapping[str, Any]) -> table_form.Form:
    """Shows the speed of a private step beside others."""
    header = ["step", "devices a second", "of the best non-private", "compilation, s"]
    rows = [
        [
            table_form.code(name),
            table_form.number(row["examples_per_second"]),
            table_form.number(row["ratio_to_non_private"], 3),
            table_form.number(row.get("compile_seconds"), 1),
            table_form.number(row["peak_bytes_above_rest"], unit=1e6),
            origin.age(result.get("code")),
        ]
        for name, row in result["rows"].items()
    ]
    return table_form.Form([*header, "memory above rest, MB", "code"], rows)


def accelerator(result: Mapping[str, Any]) -> table_form.Form:
    """Shows what one card takes for each part, beside what was aimed at."""
    rows = [
        [
            text,
            table_form.NONE if value is None else f"{value:,.4g}",
            unit,
            table_form.NONE if aim is None else f"{aim:,.4g}",
            origin.age(result.get("code")),
        ]
        for part in result["parts"].values()
        for text, value, unit, aim in part["rows"]
    ]
    return table_form.Form(["what", "measured", "unit", "aim", "code"], rows)


def published_job(result: Mapping[str, Any]) -> table_form.Form:
    """Shows the time of the published training job."""
    header = ["devices", "epochs", "steps", "minutes", "memory, MB", "code"]
    return table_form.Form(
        header,
        [
            [
                table_form.number(result["num_devices"]),
                str(result["num_epochs"]),
                table_form.number(result["num_steps"]),
                table_form.number(result["minutes"], 1)
                + " (projected)" * result["projected"],
                table_form.number(result["peak_bytes"], unit=1e6),
                origin.age(result.get("code")),
            ]
        ],
    )


def pe_voting(result: Mapping[str, Any]) -> table_form.Form:
    """Shows how many devices vote in a second."""
    header = ["library", "devices a second", "devices a CPU second", "code"]
    rows = [
        [
            table_form.code(name),
            table_form.number(rate),
            table_form.number(result["rows_per_cpu_second"][name]),
            origin.age(result.get("code")) if name == "teledp_jax" else origin.FOREIGN,
        ]
        for name, rate in result["rows_per_second"].items()
    ]
    return table_form.Form(header, rows)


def scaling(result: Mapping[str, Any]) -> table_form.Form:
    """Shows how time and memory of a fit grow."""
    header = ["method", "devices", "tables", "fit, s", "peak memory, MB", "code"]
    rows = [
        [
            table_form.code(row["method"]),
            table_form.number(row["num_devices"]),
            str(row["num_tables"]),
            table_form.number(row["fit_seconds"], 1),
            table_form.number(row["peak_bytes"], unit=1e6),
            origin.age(row.get("code")),
        ]
        for row in result["rows"]
    ]
    return table_form.Form(header, rows)


def scale_out(result: Mapping[str, Any]) -> table_form.Form:
    """Shows device tables in passes and on Ray beside one process at once."""
    header = [
        "devices", "raw, MB", "cores", "at once, s", "in passes, s", "ratio",
        "of CPU time",
        "Ray: shuffle, s", "SQL, s", "encode, s", "ratio of Ray", "peak worker, GB",
        "code",
    ]  # fmt: skip
    rows = [
        [
            table_form.number(row["num_devices"]),
            table_form.number(row["raw_bytes"], unit=1e6),
            str(row["workers"]),
            table_form.number(row["local_seconds"], 1),
            table_form.number(row.get("passes_seconds"), 1),
            table_form.number(row.get("passes_ratio"), 2),
            table_form.number(row.get("passes_cpu_ratio"), 2),
            table_form.number(row.get("shuffle_seconds"), 1),
            table_form.number(row.get("sql_seconds"), 1),
            table_form.number(row.get("encode_seconds"), 1),
            table_form.number(row.get("ratio"), 1),
            table_form.number(row.get("peak_worker_bytes"), 1, unit=1e9),
            origin.age(result.get("code")),
        ]
        for row in result["rows"]
    ]
    columns = list(zip(header, *rows, strict=True))
    shown = [cells for cells in columns if set(cells[1:]) != {table_form.NONE}]
    header, *rows = map(list, zip(*shown, strict=True))
    return table_form.Form(header, rows)


def large_fleet(result: Mapping[str, Any]) -> table_form.Form:
    """Shows what each stage takes of large fleets, and what it would of the target."""
    of = {row["num_devices"]: row["stages"] for row in result["rows"]}
    of |= {f"{result['target_devices']:,} (by slope)": result["extrapolation"]}
    rows = [
        [
            number if isinstance(number, str) else table_form.number(number),
            table_form.code(stage),
            table_form.number(taken["seconds"]),
            table_form.number(taken["cpu_seconds"]),
            table_form.number(taken["peak_bytes"], 2, unit=1e9),
            origin.age(result.get("code")),
        ]
        for number, stages in of.items()
        for stage, taken in stages.items()
    ]
    header = ["devices", "stage", "seconds", "CPU seconds", "peak memory, GB", "code"]
    return table_form.Form(header, rows)


def many_partitions(result: Mapping[str, Any]) -> table_form.Form:
    """Shows what pieces, reducers and partitions take of a cluster."""
    header = [
        "maps", "partitions", "reducers", "pieces as", "seconds", "driver, MB",
        "control service, MB", "raylet, MB", "all workers, MB", "code",
    ]  # fmt: skip
    rows = [
        [
            table_form.number(row.get("num_maps")),
            table_form.number(row.get("num_partitions")),
            table_form.number(row.get("num_reducers")),
            row.get("transport", table_form.NONE),
            table_form.number(row["seconds"]),
            *(
                table_form.number(row[f"{name}_bytes"], unit=1e6)
                for name in ("driver", "gcs", "raylet", "worker")
            ),
            origin.age(result.get("code")),
        ]
        for row in result["rows"]
    ]
    return table_form.Form(header, rows)


def eventlog_preprocess(result: Mapping[str, Any]) -> table_form.Form:
    """Shows the time of reading an event log beside a plain copy."""
    rows = [
        [
            name,
            table_form.number(result[name]["seconds"], 1),
            table_form.number(result[name]["cpu_seconds"], 1),
            origin.age(result.get("code")) if name == "preprocess" else origin.FOREIGN,
        ]
        for name in ("copy", "preprocess")
    ]
    return table_form.Form(["work", "seconds", "CPU seconds", "code"], rows)


def install(result: Mapping[str, Any]) -> table_form.Form:
    """Shows what each extra takes; the code that it speaks of is the lock."""
    lock = runs.fingerprint(origin.LOCK.read_text("utf-8"))
    rows = [
        [
            table_form.code(extra) if extra != "core" else "none: the core",
            table_form.number(row["num_packages"]),
            table_form.number(row["bytes"], unit=1e6),
            table_form.number(row["seconds"]),
            table_form.number(row["cpu_seconds"]),
            origin.PRESENT if lock == row["lock"] else origin.OLDER,
        ]
        for extra, row in result["extras"].items()
    ]
    header = ["extra", "packages", "MB on disk", "seconds", "CPU seconds", "code"]
    return table_form.Form(header, rows)
