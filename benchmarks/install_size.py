"""Measures what each extra takes to install: disk, time and number of packages.

python benchmarks/install_size.py --hardware=NAME [--extras=pipeline,marginals]

Adds to benchmarks/results/install_<hardware>.json; each row names the pinned versions
that it is of. Each extra goes from a wheel into an empty environment, at the versions
pinned for tests; files in pip's cache are not loaded again. An empty extra is the core.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv

import machine
import origin
from absl import app, flags

from teledp_jax import runs

_EXTRAS = flags.DEFINE_list(
    "extras",
    [
        "", "report", "pipeline", "marginals", "ray", "s3", "audit", "flights",
        "purchases", "all", "tests", "docs",
    ],
    "Extras; the empty one is the core.",
)  # fmt: skip
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the machine.", required=True)
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")

_ROOT = pathlib.Path(__file__).parents[1]


def pins(lock: str) -> str:
    """Takes the hashes out of a lock, so that a local wheel can join.

    Args:
        lock: Text of a requirements file.

    Returns:
        A line for each package, with its version and the environments it is for.
    """
    lines = (line.removesuffix("\\").strip() for line in lock.splitlines())
    return "".join(f"{line}\n" for line in lines if not line.startswith("--hash"))


def num_bytes(folder: pathlib.Path) -> int:
    """Adds up the disk space of a folder's files.

    Args:
        folder: Any folder.

    Returns:
        Bytes, in whole blocks of the file system.
    """
    files = (path for path in folder.rglob("*") if not path.is_symlink())
    return 512 * sum(path.stat().st_blocks for path in files)


def measure(extra: str, wheel: pathlib.Path, constraints: pathlib.Path) -> dict:
    """Installs the core and an extra into an empty environment.

    Args:
        extra: Name of the extra.
        wheel: The package.
        constraints: File of pinned versions.

    Returns:
        Bytes on disk, seconds of wall time and of all cores, and number of packages,
        the package itself included.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        venv.create(folder, with_pip=True)
        before, start = num_bytes(folder), time.perf_counter()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        pip = [str(folder / "bin" / "python"), "-m", "pip"]
        what = f"{wheel}[{extra}]" if extra else str(wheel)
        subprocess.run(
            [*pip, "install", "--quiet", "--constraint", str(constraints), what],
            check=True,
        )
        seconds = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        packages = sysconfig.get_path("purelib", vars={"base": str(folder)})
        return {
            "bytes": num_bytes(folder) - before,
            "seconds": seconds,
            "cpu_seconds": cpu,
            "num_packages": len(list(pathlib.Path(packages).glob("*.dist-info"))),
            "load_average": os.getloadavg()[0],
        }


def build(folder: pathlib.Path) -> pathlib.Path:
    """Builds the wheel of this checkout into a folder, and returns its path."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(_ROOT)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def main(argv: list[str]) -> None:
    """Measures the extras; each one's row is written as soon as it is known."""
    del argv
    path = pathlib.Path(_OUTPUT.value) / f"install_{_HARDWARE.value}.json"
    lock = origin.LOCK.read_text("utf-8")
    rows = runs.read_json(path)["extras"] if path.exists() else {}
    with tempfile.TemporaryDirectory() as temporary:
        wheel = build(pathlib.Path(temporary))
        constraints = wheel.with_name("constraints.txt")
        constraints.write_text(pins(lock))
        for extra in _EXTRAS.value:
            name = extra or "core"
            measured = measure(extra, wheel, constraints)
            rows[name] = {**measured, "lock": runs.fingerprint(lock)}
            result = {
                "command": "python benchmarks/install_size.py "
                f"--hardware={_HARDWARE.value}",
                "versions": machine.versions(),
                "hardware": machine.describe(_HARDWARE.value),
                "extras": rows,
            }
            runs.write_json(path, result)
            print(f"{name:10}", json.dumps(rows[name]), flush=True)


if __name__ == "__main__":
    app.run(main)
