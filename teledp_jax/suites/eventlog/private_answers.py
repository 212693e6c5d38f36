"""Releases of users and error users by product, held to the exact numbers."""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from teledp_jax import runs
from teledp_jax.answers import releases
from teledp_jax.privacy import mechanisms, release
from teledp_jax.suites.eventlog import statistics

MECHANISMS = ("gaussian", "laplace", "gaussian_cells", "laplace_cells")
"""The two published ones, and both kinds of noise on disjoint cells."""

Draw = Callable[[int], releases.Counts]


def evaluate(
    folder: pathlib.Path,
    products: Sequence[str],
    counts: releases.Counts,
    *,
    epsilon: float,
    delta: float,
    num_runs: int,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Writes every mechanism's table, runs and summary, and the check of accounting.

    Args:
        folder: Gets the files; they hold exact counts, so they are private.
        products: Names of the products.
        counts: Exact counts.
        epsilon: Of every mechanism.
        delta: Of the Gaussian ones.
        num_runs: Releases of each mechanism.
        seed: Of all noise, which is therefore no secret.

    Returns:
        The summary of each mechanism: epsilon, delta, quantiles of both errors, and in
        how many runs the set of products with z above 0 is right.
    """
    truth = counts.rates()
    exact = {
        "U_total": counts.users,
        "U_error": counts.error_users,
        "error_rate_true": truth,
        "z_true": statistics.zscores(truth),
    }
    found = {}
    draws = _mechanisms(counts, epsilon=epsilon, delta=delta, seed=seed)
    for name, draw in draws.items():
        drawn = [draw(run) for run in range(num_runs)]
        rows = _rows(products, exact | released(drawn[0]))
        path = folder / f"dp_user_level_counts_and_zscores_{name}.csv"
        runs.write_csv(path, list(rows[0]), rows)
        noisy = np.stack([one.rates() for one in drawn])
        rows, facts = statistics.release_quality(truth, noisy)
        runs.write_csv(folder / f"dp_eval_runs_{name}.csv", list(rows[0]), rows)
        found[name] = {"epsilon": epsilon}
        if name.startswith("gaussian"):
            found[name]["delta"] = delta
        found[name] |= facts
        runs.write_json(folder / f"dp_eval_summary_{name}.json", found[name])
    accounting = releases.published_accounting(epsilon, delta)
    runs.write_json(folder / "dp_accounting.json", accounting)
    return found


def read(folder: pathlib.Path) -> dict[str, dict[str, Any]]:
    """Returns the summaries that `evaluate` wrote; empty if it did not run."""
    paths = {name: folder / f"dp_eval_summary_{name}.json" for name in MECHANISMS}
    return {name: runs.read_json(path) for name, path in paths.items() if path.exists()}


def released(counts: releases.Counts) -> dict[str, np.ndarray]:
    """Makes the columns of a release: its numbers, rate and z-score.

    Args:
        counts: Noisy users and error users, per product.

    Returns:
        Columns by name, one value per product.
    """
    rates = counts.rates()
    return {
        "U_total_noisy": counts.users,
        "U_error_noisy": counts.error_users,
        "error_rate_dp": rates,
        "z_dp": statistics.zscores(rates),
    }


def table(products: Sequence[str], counts: releases.Counts) -> list[dict[str, Any]]:
    """Makes a release as rows, one per product."""
    return _rows(products, released(counts))


def _rows(
    products: Sequence[str], columns: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Makes a row per product."""
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [
        {"Product Type": product, **dict(zip(columns, row, strict=True))}
        for product, row in zip(products, values, strict=True)
    ]


def _mechanisms(
    counts: releases.Counts, *, epsilon: float, delta: float, seed: int
) -> dict[str, Draw]:
    """The releases to compare, each with noise that a number repeats."""
    stddev = releases.published_gaussian_stddev(epsilon, delta)
    sigma = releases.calibrated_gaussian(epsilon, delta)
    cells = releases.to_cells(counts)

    def rng(run: int) -> np.random.Generator:
        return np.random.default_rng([seed, run])

    def gaussian_cells(run: int) -> releases.Counts:
        key = jax.random.fold_in(jax.random.key(seed), run)
        noisy = release.add_noise(
            key, cells, sigma, integer_noise=mechanisms.seeded_integer_noise
        )
        return releases.from_cells(noisy)

    return {
        "gaussian": lambda run: releases.published_gaussian(
            rng(run), counts, stddev=stddev
        ),
        "laplace": lambda run: releases.published_laplace(
            rng(run), counts, epsilon=epsilon
        ),
        "gaussian_cells": gaussian_cells,
        "laplace_cells": lambda run: releases.from_cells(
            mechanisms.seeded_laplace_noise(rng(run), cells, epsilon=epsilon)
        ),
    }
