"""Private answers: noise, accounting, and how often the ranking is right."""

import csv
import json

import jax
import numpy as np
import pytest
import scipy.stats

from teledp_jax import base, errors
from teledp_jax.answers import releases
from teledp_jax.privacy import mechanisms
from teledp_jax.suites.eventlog import simulate as simulated
from teledp_jax.suites.eventlog import statistics
from tests import paths

PUBLISHED = paths.SHARED / "reference" / "eventlog_published"
needs_published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason=f"the published reports are not in {PUBLISHED.name}"
)
NUM_RUNS = 1000


@pytest.fixture(scope="module")
def counts() -> releases.Counts:
    """The published users and error users by primary product."""
    rows = simulated.published()["products"]["counts"].values()
    return releases.Counts(
        users=np.array([row["primary"] for row in rows]),
        error_users=np.array([row["error_users"] for row in rows]),
    )


def num_right(counts, draw, num_runs=NUM_RUNS) -> int:
    rates = [draw(np.random.default_rng(run)).rates() for run in range(num_runs)]
    _, facts = statistics.release_quality(counts.rates(), np.stack(rates))
    return facts["num_sets_right"]


def test_disjoint_cells_find_the_products_above_the_mean_99_times_in_100(counts):
    cells = releases.to_cells(counts)
    right = num_right(
        counts,
        lambda rng: releases.from_cells(
            mechanisms.seeded_laplace_noise(rng, cells, epsilon=2.0)
        ),
    )
    assert right >= 0.99 * NUM_RUNS


def test_the_published_releases_find_them_less_often(counts):
    stddev = releases.published_gaussian_stddev(2.0, 1e-6)
    gaussian = num_right(
        counts, lambda rng: releases.published_gaussian(rng, counts, stddev=stddev)
    )
    laplace = num_right(
        counts, lambda rng: releases.published_laplace(rng, counts, epsilon=2.0)
    )
    assert 0.70 * NUM_RUNS < gaussian < 0.85 * NUM_RUNS
    assert 0.92 * NUM_RUNS < laplace < 0.99 * NUM_RUNS


def noisy_cells(cells: np.ndarray, epsilon: float) -> np.ndarray:
    context = base.Context(
        base.MemoryStore(), lambda *args: None, mechanisms.secure_laplace_noise
    )
    return releases.noisy_cells(
        lambda: cells, key=jax.random.key(0), epsilon=epsilon, context=context
    )


@pytest.mark.parametrize("secure", [False, True])
def test_discrete_laplace_noise_has_the_stated_spread(secure):
    cells = np.full((2, 3000), 100)
    noisy = (
        noisy_cells(cells, epsilon=1.0)
        if secure
        else mechanisms.seeded_laplace_noise(
            np.random.default_rng(0), cells, epsilon=1.0
        )
    )
    noise = (noisy - cells).ravel()
    for epsilon, holds in ((0.8, False), (1.0, True), (1.25, False)):
        mass = scipy.stats.dlaplace(epsilon).pmf(np.arange(-3, 4))
        seen = np.array([(noise == value).sum() for value in range(-3, 4)])
        expected = np.append(mass, 1 - mass.sum()) * noise.size
        test = scipy.stats.chisquare(np.append(seen, noise.size - seen.sum()), expected)
        assert (test.pvalue > 1e-4) == holds


def test_a_user_changes_one_disjoint_cell_by_one(counts):
    for has_error in (0, 1):
        users, error_users = counts.users.copy(), counts.error_users.copy()
        users[2] += 1
        error_users[2] += has_error
        more = releases.Counts(users=users, error_users=error_users)
        change = releases.to_cells(more) - releases.to_cells(counts)
        assert np.abs(change).sum() == 1


def test_counts_survive_cells_and_rates_stay_in_bounds():
    counts = releases.Counts(users=np.array([5, 3]), error_users=np.array([2, 0]))
    again = releases.from_cells(releases.to_cells(counts))
    np.testing.assert_array_equal(again.users, counts.users)
    np.testing.assert_array_equal(again.error_users, counts.error_users)
    noisy = releases.from_cells(np.array([[-2, 3], [4, -1]]))
    np.testing.assert_array_equal(noisy.rates(), [0, 1])
    odd = releases.Counts(users=np.array([-3.0, 2.0]), error_users=np.array([2.0, 5.0]))
    np.testing.assert_array_equal(odd.rates(), [1, 1])


def test_the_published_noise_follows_its_formula_and_spends_less_than_stated():
    facts = releases.published_accounting(2.0, 1e-6)
    assert facts["published_stddev"] == pytest.approx(3.7468, abs=1e-4)
    assert not facts["formula_applies"]
    # Exact curve of the Gaussian mechanism (Balle and Wang 2018), by hand.
    shift = releases.L2_PUBLISHED / facts["published_stddev"]
    epsilon = facts["epsilon_of_published_stddev"]
    normal = scipy.stats.norm.cdf
    delta = normal(shift / 2 - epsilon / shift) - np.exp(epsilon) * normal(
        -shift / 2 - epsilon / shift
    )
    assert delta == pytest.approx(1e-6, rel=0.01)
    assert epsilon < 2
    assert facts["needed_stddev"] < facts["published_stddev"]
    cells = facts["needed_sigma_on_disjoint_cells"]
    assert cells == pytest.approx(facts["needed_stddev"] / 2**0.5, rel=0.02)
    assert "spends epsilon 1.65" in "\n".join(releases.explain(facts))


@pytest.mark.parametrize("epsilon", [0.0, -1.0, float("inf"), float("nan")])
def test_an_epsilon_of_no_use_is_refused(epsilon):
    with pytest.raises(errors.InputError, match="epsilon"):
        noisy_cells(np.zeros((2, 1), np.int64), epsilon=epsilon)
    with pytest.raises(errors.InputError, match="epsilon"):
        releases.published_gaussian_stddev(epsilon, 1e-6)


@needs_published
def test_the_published_noise_can_be_subtracted_by_its_seed(counts):
    path = PUBLISHED / "dp_user_level_counts_and_zscores_laplace.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rng = np.random.default_rng(releases.PUBLISHED_SEED)
    none = releases.Counts(users=np.zeros(7), error_users=np.zeros(7))
    noise = releases.published_laplace(rng, none, epsilon=2.0)
    users = [float(row["U_total_noisy"]) for row in rows] - noise.users
    error_users = [float(row["U_error_noisy"]) for row in rows] - noise.error_users
    np.testing.assert_allclose(users, counts.users, atol=1e-9)
    np.testing.assert_allclose(error_users, counts.error_users, atol=1e-9)


@needs_published
@pytest.mark.parametrize("mechanism", ["gaussian", "laplace"])
def test_the_published_evaluation_is_reproduced_from_its_seeds(counts, mechanism):
    stddev = releases.published_gaussian_stddev(2.0, 1e-6)
    drawn = []
    for run in range(100):
        rng = np.random.default_rng(releases.PUBLISHED_RUN_SEED + run)
        drawn.append(
            releases.published_gaussian(rng, counts, stddev=stddev)
            if mechanism == "gaussian"
            else releases.published_laplace(rng, counts, epsilon=2.0)
        )
    rates = np.stack([one.rates() for one in drawn])
    rows, facts = statistics.release_quality(counts.rates(), rates)
    with (PUBLISHED / f"dp_eval_runs_{mechanism}.csv").open(newline="") as file:
        published = list(csv.DictReader(file))
    for name in ("L_inf", "IOU"):
        np.testing.assert_allclose(
            [row[name] for row in rows],
            [float(row[name]) for row in published],
            rtol=1e-6,
        )
    summary = json.loads((PUBLISHED / f"dp_eval_summary_{mechanism}.json").read_text())
    for name in ("L_inf_summary", "IOU_summary"):
        assert facts[name] == pytest.approx(summary[name], rel=1e-6)
