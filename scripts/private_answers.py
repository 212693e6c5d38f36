"""Users and error users by product: one private release, and what others would cost.

python scripts/private_answers.py --workdir=runs/log

Needs scripts/preprocess.py before. In the folder, release/private_answers.csv and .json
may leave the building: discrete Laplace noise on disjoint cells, from the operating
system. All of reports/ holds exact counts or noise from a public seed: it may not.
"""

import json
import pathlib
from collections.abc import Callable
from typing import Any

import jax
import launch
import numpy as np
from absl import flags

from teledp_jax import errors, runs, settings
from teledp_jax.answers import releases
from teledp_jax.data import eventlog, sqlfile
from teledp_jax.evaluation import eventlog as statistics
from teledp_jax.privacy import mechanisms

_EPSILON = flags.DEFINE_float("epsilon", 2.0, "Of the release, for one user.")
_DELTA = flags.DEFINE_float("delta", 1e-6, "Of the Gaussian releases.")
_RUNS = flags.DEFINE_integer("num_runs", 100, "Runs of the evaluation.")
_SEED = flags.DEFINE_integer(
    "evaluation_seed", 0, "Of the evaluation, not the release."
)

Release = Callable[[int], releases.Counts]


def mechanisms_of(counts: releases.Counts) -> dict[str, Release]:
    """The releases to compare, each with noise that a number repeats."""
    epsilon, delta = _EPSILON.value, _DELTA.value
    stddev = releases.published_gaussian_stddev(epsilon, delta)
    sigma = releases.calibrated_gaussian(epsilon, delta)
    cells = releases.to_cells(counts)

    def rng(run: int) -> np.random.Generator:
        return np.random.default_rng([_SEED.value, run])

    def gaussian_cells(run: int) -> releases.Counts:
        key = jax.random.fold_in(jax.random.key(_SEED.value), run)
        return releases.from_cells(mechanisms.seeded_integer_noise(key, cells, sigma))

    return {
        "gaussian": lambda run: releases.published_gaussian(
            rng(run), counts, stddev=stddev
        ),
        "laplace": lambda run: releases.published_laplace(
            rng(run), counts, epsilon=epsilon
        ),
        "gaussian_cells": gaussian_cells,
        "laplace_cells": lambda run: releases.from_cells(
            releases.seeded_laplace(rng(run), cells, epsilon=epsilon)
        ),
    }


def table(products: list[str], counts: releases.Counts) -> list[dict[str, object]]:
    """A row a product with its released numbers, rate and z-score."""
    rates = counts.rates()
    columns = (counts.users, counts.error_users, rates, statistics.zscores(rates))
    names = ("U_total_noisy", "U_error_noisy", "error_rate_dp", "z_dp")
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        {"Product Type": product, **dict(zip(names, row, strict=True))}
        for product, row in zip(products, rows, strict=True)
    ]


def main() -> None:
    """Runs the step."""
    if _RUNS.value < 1:
        raise errors.InputError(f"Expected --num_runs > 0, got {_RUNS.value}.")
    folder = launch.workdir()
    suite_folder = settings.SQL / "eventlog"
    accounting = releases.published_accounting(_EPSILON.value, _DELTA.value)
    query = sqlfile.read(suite_folder / "summary" / "primary_products.sql")
    with eventlog.open_clean(folder) as connection:
        known = {row["Product Type"]: row for row in eventlog.rows(connection, query)}
    # All public products: which ones the log has would be a private fact.
    products = eventlog.vocabulary(suite_folder, "products")
    empty = {"num_users": 0, "num_error_users": 0}
    found = [known.get(product, empty) for product in products]
    counts = releases.Counts(
        users=np.array([row["num_users"] for row in found]),
        error_users=np.array([row["num_error_users"] for row in found]),
    )
    report(folder / "reports", products, counts, accounting)
    release(folder / "release", products, counts)


def report(
    folder: pathlib.Path,
    products: list[str],
    counts: releases.Counts,
    accounting: dict[str, Any],
) -> None:
    """Writes every mechanism's table and evaluation, and the check of accounting."""
    truth = counts.rates()
    scores = statistics.zscores(truth)
    exact = [
        {"Product Type": product, "U_total": total, "U_error": error,
         "error_rate_true": rate, "z_true": score}
        for product, total, error, rate, score in zip(
            products, counts.users.tolist(), counts.error_users.tolist(),
            truth.tolist(), scores.tolist(), strict=True)
    ]  # fmt: skip
    facts = {}
    for name, draw in mechanisms_of(counts).items():
        drawn = [draw(run) for run in range(_RUNS.value)]
        rows = [a | b for a, b in zip(exact, table(products, drawn[0]), strict=True)]
        path = folder / f"dp_user_level_counts_and_zscores_{name}.csv"
        runs.write_csv(path, list(rows[0]), rows)
        noisy = np.stack([one.rates() for one in drawn])
        rows, facts[name] = statistics.release_quality(truth, noisy)
        runs.write_csv(folder / f"dp_eval_runs_{name}.csv", list(rows[0]), rows)
        stated = {"epsilon": _EPSILON.value}
        if name.startswith("gaussian"):
            stated["delta"] = _DELTA.value
        runs.write_json(folder / f"dp_eval_summary_{name}.json", stated | facts[name])
        print(f"{name}: set right in {facts[name]['num_sets_right']} of {_RUNS.value}")
    runs.write_json(folder / "dp_accounting.json", accounting)
    lines = releases.explain(accounting)
    with runs.atomic(folder / "dp_accounting.md") as temporary:
        temporary.write_text("\n".join(lines) + "\n")


def release(folder: pathlib.Path, products: list[str], counts: releases.Counts) -> None:
    """Writes the one release, with fresh noise, and says what it costs.

    A second call would spend epsilon again, so a release that is there is kept.
    """
    path = folder / "private_answers.csv"
    if path.exists():
        print(f"{path}: released before and kept; remove it to spend epsilon again")
        return
    noisy = releases.secure_laplace(releases.to_cells(counts), epsilon=_EPSILON.value)
    rows = table(products, releases.from_cells(noisy))
    guarantee = {
        "unit": "one user with all its events, added or removed",
        "epsilon": _EPSILON.value,
        "delta": 0.0,
        "mechanism": "discrete Laplace on disjoint cells of users with and without an "
        "error event, by primary product; L1 sensitivity 1",
        "scale": 1 / _EPSILON.value,
        "noise": "operating system",
    }
    runs.write_json(folder / "private_answers.json", guarantee)
    runs.write_csv(path, list(rows[0]), rows)
    print(json.dumps(guarantee))
    print(path)


if __name__ == "__main__":
    launch.run(main)
