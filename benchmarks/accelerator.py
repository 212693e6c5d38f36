"""Measures an accelerator (GPU or TPU) in one command of some minutes.

    make bench-accelerator
    python benchmarks/accelerator.py --budget_s=480
    python benchmarks/accelerator.py --budget_s=60 --scale=0.0001    # a try on a CPU

Needs only the core's jax, flax, optax, numpy and jaxtyping (they bring absl and SciPy).
Each part is a process of its own, the most telling first, and writes its JSON to
benchmarks/results/ as it ends. What is finished, by the same command and the same code,
is not run again, so that the next call goes on where time ran out; `--again=vote` asks
for a part once more. `--scale` shrinks devices, batches and tables, and leaves out the
large batches. Ends with a table, which benchmarks/results/accelerator_<hardware>.json
keeps; status 1 if a part failed or is left.
"""

import math
import os
import pathlib
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from absl import app, flags

from teledp_jax import runs
from teledp_jax.job import provenance

_BUDGET = flags.DEFINE_float("budget_s", 480.0, "Seconds that all parts may take.")
_SCALE = flags.DEFINE_float("scale", 1.0, "Share of the full sizes.", lower_bound=0.0)
_PARTS = flags.DEFINE_list("parts", [], "Parts to run; none: all.")
_AGAIN = flags.DEFINE_list("again", [], "Finished parts to run again.")
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the machine; none: asked.")
_OUTPUT = flags.DEFINE_string("output", None, "Folder of results; none: results/.")

_ROOT = pathlib.Path(__file__).parents[1]
_LEAST_S = 10.0  # too little to begin a part with
_TINY_BELOW = 0.001
_TABLES = 27  # of suite dca
_NAME = (
    "import jax; d = jax.devices()[0]; "
    "print(d.device_kind.lower().replace(' ', '_'), len(jax.devices()), d.platform)"
)

Row = tuple[str, float | None, str, float | None]
"""What was measured, the number, its unit, and the number to aim at."""


class Part(NamedTuple):
    """One process.

    Attributes:
        script: The benchmark.
        options: Its flags.
        file: Name of its result, before the hardware.
        rows: From its result to rows of the table.
    """

    script: str
    options: Mapping[str, Any]
    file: str
    rows: Callable[[Mapping[str, Any]], Sequence[Row]]


def scaled(full: int, *, least: int = 16) -> int:
    """A power of two near the share of a size; the size itself at scale 1."""
    if _SCALE.value == 1.0:
        return full
    return max(1 << max(round(math.log2(max(full * _SCALE.value, 1))), 0), least)


def tables() -> int:
    """How many tables of suite dca take part."""
    return min(max(round(_TABLES * _SCALE.value), 2), _TABLES)


def _tiny() -> dict[str, bool]:
    """Whether the published network is one of nothing, for a try."""
    return {"tiny": True} if _SCALE.value < _TINY_BELOW else {}


def parts() -> dict[str, Part]:
    """All parts, the most telling first."""
    few = {"tables": tables()} | _tiny()
    fit = {"num_devices": scaled(1_000_000), "micro_batch": scaled(8192), **few}
    job = {"num_devices": scaled(1_000_000), "batch": scaled(4096)} | _tiny()
    vote = {"num_devices": scaled(1_000_000), "num_candidates": scaled(10_000)}
    if _SCALE.value < 1:
        fit |= {"num_steps": 2, "num_samples": scaled(16_384)}
    own = "accelerator_part"
    models, batches = ("vae", "relational"), (4096, 65_536)
    steps = [
        {f"step_{model}_{batch}": _step(model, batch) for model in models}
        for batch in batches
    ]
    found = {
        "correctness": Part(
            own,
            {"part": "correctness", "num_checked": scaled(512), **few},
            "correctness",
            _correctness,
        ),
        "vote": Part(
            "pe_voting",
            {**vote, "num_compared": min(scaled(1_000_000), 1000)},
            "pe_voting",
            _vote,
        ),
        **steps[0],
        "job": Part(
            "published_job",
            {"full": True, "micro_batch": scaled(4096), **job},
            "published_job",
            _job,
        ),
        "fit": Part(own, {"part": "relational_fit", **fit}, "relational_fit", _fit),
        **(steps[1] if _SCALE.value >= 1 else {}),
    }
    return {name: found[name] for name in _PARTS.value or found}


def _step(model: str, batch: int) -> Part:
    """The step of a model at a batch, private beside non-private."""
    size = scaled(batch)
    options: dict[str, Any] = {"model": model, "batch": size, "micro_batch": size}
    options |= {"slow": False, "jobs": "non_private,fast", "matmul": scaled(8192)}
    options |= _tiny()
    if model == "relational":
        options["tables"] = tables()
    name = "dpsgd_step" + f"_{model}" * (model != "vae")
    name += f"_batch{size}" * (size != 4096)

    def rows(result: Mapping[str, Any]) -> Sequence[Row]:
        steps = result["rows"]
        text = f"step, {model}, batch {size:,}"
        aim = {"vae": 0.95, "relational": 0.85}[model]
        return [
            (f"{text}, non-private", steps["non_private"]["step_seconds"], "s", None),
            (f"{text}, private", steps["fast"]["step_seconds"], "s", None),
            (f"{text}, speed", steps["fast"]["ratio_to_non_private"], "ratio", aim),
            _memory(text, result),
        ]

    return Part("dpsgd_step", options, name, rows)


def _memory(text: str, result: Mapping[str, Any]) -> Row:
    """Memory of the accelerator, which a CPU does not have."""
    found = result["accelerator_bytes"]
    return (f"{text}, memory", found and found / 1e9, "GB", None)


def _correctness(result: Mapping[str, Any]) -> Sequence[Row]:
    checks = result["checks"].values()
    held = sum(check["holds"] for check in checks)
    return [("checks that hold beside the CPU", held, "of 5", len(checks))]


def _vote(result: Mapping[str, Any]) -> Sequence[Row]:
    count, rate = result["num_devices"], result["rows_per_second"]["teledp_jax"]
    text = f"vote, {count:,} devices, {result['num_candidates']:,} candidates"
    return [(text, count / rate, "s", 0.15), _memory(text, result)]


def _job(result: Mapping[str, Any]) -> Sequence[Row]:
    text = f"published job, {result['num_devices']:,} devices"
    return [(text, result["seconds"], "s", 10.0), _memory(text, result)]


def _fit(result: Mapping[str, Any]) -> Sequence[Row]:
    count = f"{result['num_devices']:,} devices"
    return [
        (f"relational fit, {count}", result["fit_seconds"], "s", None),
        (f"sampling, {count}", result["sample_seconds"], "s", None),
        _memory(f"relational fit, {count}", result),
    ]


def command(part: Part, hardware: str) -> list[str]:
    """The words of a part's command, after `python`."""
    options = {**part.options, "hardware": hardware}
    if _OUTPUT.value:
        options["output"] = _OUTPUT.value
    return [
        f"benchmarks/{part.script}.py",
        *(f"--{name}={value}" for name, value in options.items()),
    ]


def finished(path: pathlib.Path, words: Sequence[str]) -> Mapping[str, Any] | None:
    """The result of the same command and the same code, if there is a right one."""
    if not path.exists():
        return None
    found: Mapping[str, Any] = runs.read_json(path)
    code = found.get("code", {"modules": (), "hash": None})
    same = provenance.code_hash(*code["modules"]) == code["hash"]
    same = same and found["command"] == shlex.join(["python", *words])
    right = all(check["holds"] for check in found.get("checks", {}).values())
    return found if same and right and all(found.get("agree", {}).values()) else None


def run(words: Sequence[str], limit_s: float) -> str:
    """Runs a part; says how it ended."""
    try:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=_ROOT,
            env=os.environ | {"PYTHONPATH": str(_ROOT)},
            capture_output=True,
            text=True,
            timeout=limit_s,
        )
    except subprocess.TimeoutExpired:
        return "stopped: the time is over"
    for line in done.stdout.splitlines():
        if line.startswith("micro_batch="):  # one line tells which one fits
            print(f"  {line}", flush=True)
    lines = done.stderr.strip().splitlines()
    return "done" if done.returncode == 0 else f"failed: {(lines or ['?'])[-1]}"


def hardware_name() -> str:
    """Name of the accelerator, asked of a process that lets go of it again."""
    if _HARDWARE.value:
        return str(_HARDWARE.value)
    done = subprocess.run(
        [sys.executable, "-c", _NAME], check=True, stdout=subprocess.PIPE, text=True
    )
    kind, count, platform = done.stdout.split()
    return f"cpu{os.cpu_count()}" if platform == "cpu" else f"{kind}_x{count}"


def measure(hardware: str, folder: pathlib.Path) -> dict[str, dict[str, Any]]:
    """Runs what is not finished, as long as there is time; rows and ends of parts."""
    start, found = time.monotonic(), {}
    for name, part in parts().items():
        path, words = folder / f"{part.file}_{hardware}.json", command(part, hardware)
        result = None if name in _AGAIN.value else finished(path, words)
        end = "done before" if result else "not begun: the time is over"
        left_s = _BUDGET.value - (time.monotonic() - start)
        began = time.monotonic()
        if result is None and left_s >= _LEAST_S:
            end = run(words, left_s)
            result = finished(path, words)
        print(f"{name}: {end} ({time.monotonic() - began:.0f} s)", flush=True)
        rows = [] if result is None else part.rows(result)
        found[name] = {"end": end, "file": path.name, "rows": rows}
        if result is not None:
            found[name]["hardware"] = result["hardware"]
    return found


def show(found: Mapping[str, Mapping[str, Any]]) -> None:
    """Prints the table."""
    for part in found.values():
        for text, value, unit, aim in part["rows"]:
            number = "-" if value is None else f"{value:.4g}"
            goal = "" if aim is None else f"  (aim: {aim:g})"
            print(f"{text:62}{number:>10} {unit}{goal}")


def main(argv: list[str]) -> None:
    """Measures, prints the table and writes it."""
    del argv
    folder = pathlib.Path(_OUTPUT.value or _ROOT / "benchmarks" / "results")
    folder.mkdir(parents=True, exist_ok=True)
    hardware = hardware_name()
    found = measure(hardware, folder)
    known = [
        p["hardware"] for p in found.values() if isinstance(p.get("hardware"), dict)
    ]
    result = {
        "command": " ".join(["python", "benchmarks/accelerator.py", *sys.argv[1:]]),
        "code": provenance.code_of(
            "teledp_jax.dpsgd.train",
            "teledp_jax.dpsgd.models.relational_fit",
            "teledp_jax.pe.voting",
        ),
        "hardware": known[0] if known else {"name": hardware},
        "scale": _SCALE.value,
        "parts": {
            name: {"end": part["end"], "file": part["file"], "rows": part["rows"]}
            for name, part in found.items()
        },
    }
    path = folder / f"accelerator_{hardware}.json"
    runs.write_json(path, result)
    show(found)
    print(path)
    open_parts = [n for n, p in found.items() if not p["end"].startswith("done")]
    if open_parts:
        again = "the same command goes on with them"
        sys.exit(f"Left or failed: {', '.join(open_parts)}; {again}.")


if __name__ == "__main__":
    app.run(main)
