"""Times the vote of private evolution beside SciPy and faiss; all must agree.

python benchmarks/pe_voting.py --num_devices=200000 --num_candidates=10000

Records have 9 categories and 59 sparse ordinal columns, as in the small study that came
before. SciPy and faiss see the same distance as a plain L1 distance: categories as
halved one-hot codes, ordinals as their points and a flag for absence. They get fewer
devices, for they are slower; on those all must name the same candidate. Writes
benchmarks/results/pe_voting_<hardware>.json.
"""

import functools
import json
import os
import pathlib
import platform
import shlex
import sys
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any, NamedTuple, TypeVar

import jax
import machine
import numpy as np
import scipy
from absl import app, flags
from scipy.spatial import distance

from teledp_jax import runs, schemas
from teledp_jax.job import provenance
from teledp_jax.pe import embedding, voting

_DEVICES = flags.DEFINE_integer("num_devices", 1_000_000, "Devices of the JAX vote.")
_COMPARED = flags.DEFINE_integer(
    "num_compared", 4000, "Devices of the other libraries."
)
_CANDIDATES = flags.DEFINE_integer("num_candidates", 10_000, "Candidates.")
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the result; none: found.")
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")

_Found = TypeVar("_Found")
_NUM_CATEGORIES, _NUM_ORDINALS, _NUM_BINS = 9, 59, 16
_COVERAGE = 0.15  # of an ordinal column: most devices report few


def _schema() -> schemas.Schema:
    """One table of the size that was measured before."""
    categories = tuple(f"value {i}" for i in range(12))
    edges = tuple(float(i) for i in range(_NUM_BINS + 1))
    columns = [
        schemas.Column(name=f"category_{i}", kind="category", categories=categories)
        for i in range(_NUM_CATEGORIES)
    ] + [
        schemas.Column(name=f"number_{i}", kind="double", edges=edges)
        for i in range(_NUM_ORDINALS)
    ]
    table = schemas.Table(
        name="device", role="anchor", grain="One row per device", columns=tuple(columns)
    )
    return schemas.Schema(suite="benchmark", device="guid", tables=(table,))


def _records(generator: np.random.Generator, count: int) -> np.ndarray:
    """Random flattened records, sparse in their ordinal columns."""
    categories = generator.integers(1, 13, size=(count, _NUM_CATEGORIES))
    shape = (count, _NUM_ORDINALS)
    numbers = generator.integers(1, _NUM_BINS + 1, size=shape)
    numbers *= generator.random(shape) < _COVERAGE
    return np.concatenate([categories, numbers], axis=1).astype(np.uint8)


def _as_l1(metric: embedding.Embedding, codes: np.ndarray, dtype: type) -> np.ndarray:
    """Points whose L1 distance is exactly twice the vote's.

    A category is one-hot times its cap. A number p is (p, cap - p, 0), and absence
    (0, 0, cap): two numbers lie 2 |p - q| apart, a number and absence 2 cap.
    """
    points, parts = metric.embed(codes).astype(np.float64), []
    for head, cap in enumerate(metric.caps.tolist()):
        if head < _NUM_CATEGORIES:
            parts.append(cap * np.eye(13)[codes[:, head]])
            continue
        place, absent = points[:, head], codes[:, head] == 0
        sides = np.where(absent[:, None], 0, np.stack([place, cap - place], axis=1))
        parts += [sides, (cap * absent)[:, None]]
    return np.concatenate(parts, axis=1).astype(dtype)


class _Clock(NamedTuple):
    """Seconds of a call: on the wall, and on all cores together.

    The second is what the work takes, also on a busy machine.
    """

    wall_s: float
    cpu_s: float


def _timed(call: Callable[[], _Found]) -> tuple[_Found, _Clock]:
    """What a call returns, and its seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = call()
    return found, _Clock(time.perf_counter() - wall, time.process_time() - cpu)


def _scipy_vote(devices: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """SciPy's cityblock distances in as many threads as there are cores."""

    def of_part(part: np.ndarray) -> np.ndarray:
        return distance.cdist(part, candidates, "cityblock").argmin(axis=1)

    parts = np.array_split(devices, max(len(devices) // 250, 1))
    with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.concatenate(list(pool.map(of_part, parts)))


def _faiss_vote(devices: np.ndarray, candidates: np.ndarray) -> np.ndarray | None:
    """The flat L1 index of faiss; None where faiss is not installed."""
    try:
        import faiss
    except ImportError:
        return None
    index = faiss.IndexFlat(candidates.shape[1], faiss.METRIC_L1)
    index.add(candidates)
    return index.search(devices, 1)[1][:, 0]


def _measure() -> dict[str, Any]:
    """Rows per second of each library, after all agreed."""
    generator = np.random.default_rng(0)
    schema = _schema()
    metric = embedding.make(schema, np.ones(len(schema.heads)))
    devices = _records(generator, _DEVICES.value)
    candidates = _records(generator, _CANDIDATES.value)
    compared = devices[: _COMPARED.value]

    _, first = _timed(lambda: voting.nearest(metric, compared, candidates))
    votes, clock = _timed(lambda: voting.nearest(metric, devices, candidates))
    rates = {"teledp_jax": _rates(len(devices), clock)}
    agree = {}
    for name, vote, dtype in (
        ("scipy_cdist", _scipy_vote, np.float64),
        ("faiss_flat_l1", _faiss_vote, np.float32),
    ):
        left = _as_l1(metric, compared, dtype)
        right = _as_l1(metric, candidates, dtype)
        found, clock = _timed(functools.partial(vote, left, right))
        if found is None:
            continue
        rates[name] = _rates(len(compared), clock)
        apart = np.abs(left - right[found]).sum(axis=1)
        ours = np.abs(left - right[votes[: len(compared)]]).sum(axis=1)
        # faiss states no rule for ties; SciPy's argmin takes the lowest, as we do.
        same = (found == votes[: len(compared)]).all()
        agree[name] = bool((apart == ours).all() and (same or name != "scipy_cdist"))
    return {
        "num_devices": len(devices),
        "num_compared": len(compared),
        "num_candidates": len(candidates),
        "num_columns": _NUM_CATEGORIES + _NUM_ORDINALS,
        "form": "sum of costs" if jax.default_backend() == "cpu" else "product",
        "first_call_seconds": first.wall_s,
        "accelerator_bytes": machine.accelerator_bytes(),
        "rows_per_second": {name: rate[0] for name, rate in rates.items()},
        "rows_per_cpu_second": {name: rate[1] for name, rate in rates.items()},
        "agree": agree,
    }


def _rates(num_rows: int, clock: _Clock) -> tuple[float, float]:
    """Rows per second of wall time, and of one core."""
    return num_rows / clock.wall_s, num_rows / clock.cpu_s


def _hardware() -> str:
    """Name of the accelerator, or the number of cores."""
    device = jax.devices()[0]
    if device.platform == "cpu":
        return f"cpu{os.cpu_count()}"
    return device.device_kind.lower().replace(" ", "_")


def main(argv: list[str]) -> None:
    """Measures, writes the result and prints it; status 1 if any disagrees."""
    del argv
    hardware = _HARDWARE.value or _hardware()
    result = {
        "command": shlex.join(["python", *sys.argv]),
        "versions": {
            "python": platform.python_version(),
            "jax": jax.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "code": provenance.code_of("teledp_jax.pe.voting"),
        "hardware": hardware,
        "load_average": os.getloadavg()[0],  # above the cores: others were at work
        **_measure(),
    }
    folder = pathlib.Path(_OUTPUT.value)
    folder.mkdir(parents=True, exist_ok=True)
    runs.write_json(folder / f"pe_voting_{hardware}.json", result)
    print(json.dumps(result, indent=2))
    if not all(result["agree"].values()):
        sys.exit(1)


if __name__ == "__main__":
    app.run(main)
