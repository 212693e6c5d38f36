import math

import dp_accounting
import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from teledp_jax import errors
from teledp_jax.privacy import accounting, budgets, calibration, events


def gaussian_delta(epsilon: float, sigma: float) -> float:
    """Closed form of Balle and Wang 2018 (arXiv:1805.06530), sensitivity 1."""
    normal = scipy.stats.norm.cdf
    left = normal(0.5 / sigma - epsilon * sigma)
    return left - math.exp(epsilon) * normal(-0.5 / sigma - epsilon * sigma)


def gaussian_epsilon(delta: float, sigma: float) -> float:
    return scipy.optimize.brentq(lambda e: gaussian_delta(e, sigma) - delta, 0, 100)


def discrete_delta(epsilon: float, sigma: float) -> float:
    """Hockey-stick divergence of a discrete Gaussian and its shift by one, summed."""
    support = range(-400, 401)
    mass = {x: math.exp(-(x**2) / (2 * sigma**2)) for x in support}
    total = sum(mass.values())
    return (
        sum(
            max(mass[x] - math.exp(epsilon) * mass.get(x - 1, 0.0), 0.0)
            for x in support
        )
        / total
    )


@pytest.mark.parametrize("sigma", [0.8, 1.5, 6.0])
@pytest.mark.parametrize("delta", [1e-5, 1e-7])
def test_one_gaussian_costs_its_closed_form(sigma, delta):
    epsilon = accounting.epsilon_pld(dp_accounting.GaussianDpEvent(sigma), delta)
    exact = gaussian_epsilon(delta, sigma)
    assert exact <= epsilon <= exact + 2e-3


def test_composed_gaussians_cost_one_with_less_noise():
    event = dp_accounting.SelfComposedDpEvent(dp_accounting.GaussianDpEvent(6.0), 9)
    exact = gaussian_epsilon(1e-5, 2.0)
    assert exact <= accounting.epsilon_pld(event, 1e-5) <= exact + 2e-3


@pytest.mark.parametrize("sigma", [1.0, 3.0, 20.0, 30.0])
def test_a_discrete_gaussian_costs_at_least_its_exact_divergence(sigma):
    event = events.DiscreteGaussianDpEvent(sigma)
    epsilon = accounting.epsilon_pld(event, 1e-5)
    assert discrete_delta(epsilon, sigma) <= 1e-5 * (1 + 1e-9)
    assert epsilon <= gaussian_epsilon(1e-5, sigma) + 1.0 / sigma


def test_many_small_discrete_gaussians_cost_one_gaussian():
    event = dp_accounting.SelfComposedDpEvent(
        events.DiscreteGaussianDpEvent(100.0), 20000
    )
    exact = gaussian_epsilon(1e-5, 100.0 / math.sqrt(20000))
    assert exact <= accounting.epsilon_pld(event, 1e-5) <= exact + 1e-2


def test_a_scaled_discrete_gaussian_costs_as_much_as_its_ratio_says():
    event = events.DiscreteGaussianDpEvent(300.0, sensitivity=100)
    exact = gaussian_epsilon(1e-5, 3.0)
    assert exact - 1e-4 <= accounting.epsilon_pld(event, 1e-5) <= exact + 2e-3


def discrete_epsilon(change, sigma, delta):
    """Least epsilon of whole numbers that change together, by brute force in 2D."""
    axis = np.arange(-math.ceil(12 * sigma), math.ceil(12 * sigma) + max(change) + 1)
    parts = [np.exp(-((axis - step) ** 2) / (2 * sigma**2)) for step in change]
    moved = np.multiply.outer(*(part / part.sum() for part in parts))
    still = np.exp(-(axis**2) / (2 * sigma**2))
    still = np.multiply.outer(still / still.sum(), still / still.sum())
    low, high = 0.0, 50.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        excess = np.maximum(moved - math.exp(middle) * still, 0.0).sum()
        low, high = (middle, high) if excess > delta else (low, middle)
    return high


@pytest.mark.parametrize("change", [(3, 4), (5, 0), (1, 2)])
def test_a_vector_costs_no_more_than_stated_however_its_change_is_spread(change):
    event = events.VectorGaussianDpEvent(4.0, 5)
    stated = accounting.epsilon_pld(event, 1e-5)
    assert discrete_epsilon(change, 4.0, 1e-5) <= stated
    assert stated <= accounting.epsilon_rdp(event, 1e-5)


def test_a_vector_on_a_fine_grid_costs_one_gaussian():
    event = events.VectorGaussianDpEvent(30_000.0, 10_000)
    exact = gaussian_epsilon(1e-5, 3.0)
    assert exact - 1e-4 <= accounting.epsilon_pld(event, 1e-5) <= exact + 2e-3


def two_outcomes(low: float, epsilon: float) -> tuple[float, float]:
    """P and Q of the outcome of loss `low + epsilon`; the other one has loss `low`."""
    on_q = (1 - math.exp(low)) / (math.exp(low + epsilon) - math.exp(low))
    return math.exp(low + epsilon) * on_q, on_q


@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_choice_costs_at_least_any_mechanism_of_its_range(count, share):
    epsilon = 0.7
    p, q = two_outcomes(-share * epsilon, epsilon)
    event = dp_accounting.SelfComposedDpEvent(
        events.ExponentialMechanismDpEvent(epsilon), count
    )
    delta = 1e-3
    found = accounting.epsilon_pld(event, delta)
    divergence = sum(
        math.comb(count, k)
        * max(
            p**k * (1 - p) ** (count - k)
            - math.exp(found) * q**k * (1 - q) ** (count - k),
            0.0,
        )
        for k in range(count + 1)
    )
    assert divergence <= delta * (1 + 1e-6)
    assert found <= count * epsilon + 1e-3


def test_a_choice_costs_little_more_than_concentrated_privacy_says():
    event = dp_accounting.SelfComposedDpEvent(
        events.ExponentialMechanismDpEvent(0.02), 1000
    )
    gaussian = gaussian_epsilon(1e-5, 2 / (0.02 * math.sqrt(1000)))
    assert gaussian < accounting.epsilon_pld(event, 1e-5) < 1.2 * gaussian
    assert accounting.epsilon_rdp(event, 1e-5) < 1.2 * gaussian


def test_a_threshold_costs_its_delta_and_no_epsilon():
    threshold = events.ThresholdDpEvent(1e-6)
    noisy = events.DiscreteGaussianDpEvent(5.0)
    both = dp_accounting.ComposedDpEvent([noisy, threshold])
    assert accounting.epsilon_pld(threshold, 2e-6) == 0
    assert accounting.epsilon_pld(threshold, 5e-7) == math.inf
    exact = accounting.epsilon_pld(noisy, 9e-6)
    assert accounting.epsilon_pld(both, 1e-5) == pytest.approx(exact, abs=1e-3)
    assert accounting.epsilon_rdp(both, 1e-5) == accounting.epsilon_rdp(noisy, 9e-6)
    assert accounting.epsilon_rdp(both, 1e-6) == math.inf


@pytest.mark.parametrize(
    "event",
    [
        events.DiscreteGaussianDpEvent(7.5, sensitivity=3),
        events.ExponentialMechanismDpEvent(0.25),
        events.ThresholdDpEvent(1e-7),
        events.DiscreteLaplaceDpEvent(0.5),
        events.InexactNoiseDpEvent(1e-30),
    ],
)
def test_an_event_survives_the_ledger(event):
    assert events.from_json(events.to_json(event)) == event


def test_a_discrete_laplace_costs_its_epsilon_and_several_add_up():
    event = events.DiscreteLaplaceDpEvent(0.7)
    # Loss is 0.7 or -0.7: delta(x) = (1 - e^(x - 0.7)) / (1 + e^-0.7).
    exact = 0.7 + math.log1p(-1e-3 * (1 + math.exp(-0.7)))
    found = accounting.epsilon_pld(event, 1e-3)
    assert exact <= found <= exact + 1e-4
    twice = dp_accounting.SelfComposedDpEvent(event, 2)
    assert 1.3 < accounting.epsilon_pld(twice, 1e-6) <= 1.4 + 1e-4
    assert accounting.epsilon_rdp(event, 1e-5) > found
    with pytest.raises(errors.InputError, match="epsilon"):
        events.DiscreteLaplaceDpEvent(0.0)


def test_rdp_bounds_pld_from_above():
    step = dp_accounting.PoissonSampledDpEvent(0.02, dp_accounting.GaussianDpEvent(1.1))
    count = events.DiscreteGaussianDpEvent(20.0)
    event = dp_accounting.ComposedDpEvent(
        [count, dp_accounting.SelfComposedDpEvent(step, 100)]
    )
    pld, rdp = (
        f(event, 1e-5) for f in (accounting.epsilon_pld, accounting.epsilon_rdp)
    )
    assert pld < rdp < 2 * pld


def test_nothing_read_costs_nothing():
    assert accounting.epsilon_pld(dp_accounting.NoOpDpEvent(), 1e-5) == 0


def test_an_event_that_no_one_knows_is_refused():
    with pytest.raises(errors.InputError, match="cannot take"):
        accounting.epsilon_pld(dp_accounting.UnsupportedDpEvent(), 1e-5)


def make_budget(epsilon=4.0, delta=1e-5, spent=None):
    return budgets.Budget(
        epsilon=epsilon,
        delta=delta,
        spent=spent or dp_accounting.NoOpDpEvent(),
        num_devices=1000,
    )


@pytest.mark.parametrize(
    ("epsilon", "delta"),
    [
        (0.0, 1e-5),
        (-1.0, 1e-5),
        (math.inf, 1e-5),
        (math.nan, 1e-5),
        (1001.0, 1e-5),
        (1.0, 0.0),
        (1.0, 1.0),
    ],
)
def test_budgets_that_promise_nothing_are_refused(epsilon, delta):
    with pytest.raises(errors.InputError, match=r"budget\.(epsilon|delta)"):
        make_budget(epsilon, delta)


@pytest.mark.parametrize("size", [1, 3])
def test_a_group_costs_what_its_larger_sensitivity_costs(size):
    count = events.DiscreteGaussianDpEvent(6.0)
    choice = events.ExponentialMechanismDpEvent(0.2)
    event = dp_accounting.ComposedDpEvent(
        [dp_accounting.SelfComposedDpEvent(count, 4), choice]
    )
    counts, choices = events.grouped(event, size).events
    assert counts.event == events.DiscreteGaussianDpEvent(6.0, size)
    assert counts.count == 4
    assert choices.epsilon == pytest.approx(0.2 * size)
    # Four counts that change by `size` are one Gaussian of multiplier 6 / (2 size).
    epsilon = accounting.epsilon_pld(counts, 1e-5)
    assert epsilon == pytest.approx(gaussian_epsilon(1e-5, 3.0 / size), abs=0.05)


def test_groups_of_a_sampled_event_are_refused():
    sampled = dp_accounting.PoissonSampledDpEvent(0.1, dp_accounting.NoOpDpEvent())
    assert events.grouped(sampled, 1) == sampled
    with pytest.raises(errors.InputError, match="No group privacy"):
        events.grouped(sampled, 2)


def test_an_epsilon_past_use_is_bounded_from_above():
    event = dp_accounting.SelfComposedDpEvent(dp_accounting.GaussianDpEvent(0.5), 25)
    exact = gaussian_delta(70.0, 0.1)
    epsilon = accounting.epsilon_pld(event, 1e-5)
    assert exact > 1e-5  # above 70 for sure
    assert gaussian_delta(epsilon, 0.1) <= 1e-5
    assert gaussian_delta(epsilon - 1.0, 0.1) > 1e-5


def test_a_sensitivity_far_above_the_noise_still_has_an_epsilon():
    event = events.DiscreteGaussianDpEvent(2.4, sensitivity=20)
    epsilon = accounting.epsilon_pld(event, 1e-5)
    # One Gaussian of multiplier 0.12, but for the steps of whole numbers.
    step = 20 / 2.4**2
    assert gaussian_delta(epsilon + step, 2.4 / 20) <= 1e-5
    assert gaussian_delta(epsilon - step, 2.4 / 20) > 1e-5


def test_what_an_earlier_calibration_found_is_checked_again():
    allowed = budgets.Budget(
        epsilon=2.0, delta=1e-5, spent=dp_accounting.NoOpDpEvent(), num_devices=10
    )

    def same_at_one(power):
        return lambda noise: dp_accounting.GaussianDpEvent(noise**power)

    first = calibration.calibrate(same_at_one(1.0), allowed)
    assert calibration.calibrate(same_at_one(1.0), allowed) == first
    other = calibration.calibrate(same_at_one(0.5), allowed)
    assert other == pytest.approx(first**2, rel=1e-3)
    assert accounting.epsilon_pld(same_at_one(0.5)(other), 1e-5) <= 2.0


def test_inexact_noise_is_paid_for_with_a_thousandth_of_delta():
    exact = dp_accounting.GaussianDpEvent(2.0)

    def epsilon(probability, bound=accounting.epsilon_pld):
        inexact = events.InexactNoiseDpEvent(probability)
        return bound(dp_accounting.ComposedDpEvent([exact, inexact]), 1e-5)

    expected = accounting.epsilon_pld(exact, 0.999e-5)  # 1.993
    assert epsilon(1e-12) == pytest.approx(expected)
    # (1 + e^1.993) t <= 1e-8: up to t = 1.199e-9.
    assert epsilon(1.19e-9) == pytest.approx(expected)
    assert epsilon(1.21e-9) == math.inf
    assert epsilon(1e-12, accounting.epsilon_rdp) == pytest.approx(
        accounting.epsilon_rdp(exact, 0.999e-5)
    )
    assert epsilon(1e-8, accounting.epsilon_rdp) == math.inf


def test_inexactness_adds_up_over_parts_and_repeats():
    one = events.InexactNoiseDpEvent(1e-20)
    several = dp_accounting.SelfComposedDpEvent(one, 5)
    whole = dp_accounting.ComposedDpEvent([several, one, dp_accounting.NoOpDpEvent()])
    assert events.inexactness(whole) == pytest.approx(6e-20)
    assert events.grouped(whole, 3) == whole


def test_noise_too_inexact_for_any_budget_is_refused():
    inexact = events.InexactNoiseDpEvent(1e-8)

    def event(multiplier):
        return dp_accounting.ComposedDpEvent(
            [dp_accounting.GaussianDpEvent(multiplier), inexact]
        )

    budget = budgets.unspent(1.0, 1e-5)
    with pytest.raises(errors.InputError, match="no noise meets it"):
        calibration.calibrate(event, budget)
