"""Accountants against each other and against closed forms."""

import functools
import importlib
import importlib.util
import itertools
import math

import dp_accounting
import scipy.optimize
import scipy.stats

from teledp_jax.privacy import accounting, findings

_SLACK = 0.01  # relative: how far above the exact epsilon an accountant may be
_PRV_ERROR = 0.01  # of epsilon, that the PRV accountant is asked to stay within


def exact_gaussian(noise_multiplier: float, delta: float) -> float:
    """Computes epsilon of the Gaussian mechanism, in closed form.

    Args:
        noise_multiplier: Standard deviation per unit of sensitivity.
        delta: Of the promise.

    Returns:
        The smallest epsilon at that delta.

    References:
        Balle and Wang 2018 (arXiv:1805.06530), Theorem 8.
    """

    def excess(epsilon: float) -> float:
        cdf = scipy.stats.norm.cdf
        log_cdf = scipy.stats.norm.logcdf
        half, shift = 0.5 / noise_multiplier, epsilon * noise_multiplier
        tail = math.exp(epsilon + log_cdf(-half - shift))
        return float(cdf(half - shift) - tail - delta)

    if excess(0.0) <= 0:
        return 0.0
    high = 1.0
    while excess(high) > 0:
        high *= 2
    return float(scipy.optimize.brentq(excess, 0.0, high, xtol=1e-10))


def exact_sampled_step(
    sampling_prob: float, noise_multiplier: float, delta: float
) -> float:
    """Computes epsilon of one Poisson-sampled Gaussian step, in closed form.

    The worse of both directions: the sum of a draw in which the device may be, a
    mixture of two Gaussians, against one Gaussian.

    Args:
        sampling_prob: Chance of a device to be in the draw.
        noise_multiplier: Standard deviation per unit of sensitivity.
        delta: Of the promise.

    Returns:
        The smallest epsilon at that delta.
    """
    sigma, rate, cdf = noise_multiplier, sampling_prob, scipy.stats.norm.cdf

    def where(level: float) -> float:
        """Where the mixture is `level` times as likely as the Gaussian."""
        if level <= 1 - rate:
            return -math.inf
        return sigma**2 * math.log((level - 1 + rate) / rate) + 0.5

    def excess(epsilon: float) -> float:
        start = where(math.exp(epsilon))
        mixture = (1 - rate) * cdf(-start / sigma) + rate * cdf((1 - start) / sigma)
        joins = mixture - math.exp(epsilon) * cdf(-start / sigma)
        stop = where(math.exp(-epsilon))
        mixture = (1 - rate) * cdf(stop / sigma) + rate * cdf((stop - 1) / sigma)
        leaves = cdf(stop / sigma) - math.exp(epsilon) * mixture
        return float(max(joins, leaves) - delta)

    if excess(0.0) <= 0:
        return 0.0
    high = 1.0
    while excess(high) > 0:
        high *= 2
    return float(scipy.optimize.brentq(excess, 0.0, high, xtol=1e-10))


def check(*, large: bool) -> list[findings.Finding]:
    """Runs all cross-checks.

    Args:
        large: Whether to take the large grid.
    """
    noises = (0.7, 1.0, 3.0) if large else (0.8, 3.0)
    counts = (1, 10, 300) if large else (1, 20)
    rates = (0.001, 0.02, 0.2) if large else (0.05,)
    deltas = (1e-8, 1e-5) if large else (1e-5,)
    gaussians = [
        (_composed(dp_accounting.GaussianDpEvent(noise), count), noise / count**0.5)
        for noise, count in itertools.product(noises, counts)
    ]
    grid = [
        (accounting.epsilon_pld(event, delta), exact_gaussian(noise, delta))
        for (event, noise), delta in itertools.product(gaussians, deltas)
        if exact_gaussian(noise, delta) < 50
    ]
    steps = [
        (
            accounting.epsilon_pld(_sampled(rate, noise, 1), delta),
            exact_sampled_step(rate, noise, delta),
        )
        for rate, noise, delta in itertools.product(rates, noises, deltas)
    ]
    runs = list(itertools.product(rates, noises, counts[1:], deltas))
    return [
        _above("PLD against the closed-form Gaussian", grid),
        _above("PLD against the closed form of a sampled step", steps),
        _rdp(runs),
        _prv(runs if large else runs[:1]),
    ]


def _composed(event: dp_accounting.DpEvent, count: int) -> dp_accounting.DpEvent:
    """An event, so many times."""
    return dp_accounting.SelfComposedDpEvent(event, count)


def _sampled(rate: float, noise: float, count: int) -> dp_accounting.DpEvent:
    """Steps of DP-SGD."""
    gaussian = dp_accounting.GaussianDpEvent(noise)
    return _composed(dp_accounting.PoissonSampledDpEvent(rate, gaussian), count)


@functools.lru_cache(maxsize=128)
def _tight(rate: float, noise: float, count: int, delta: float) -> float:
    """Epsilon of steps of DP-SGD by PLD."""
    return accounting.epsilon_pld(_sampled(rate, noise, count), delta)


def _above(name: str, grid: list[tuple[float, float]]) -> findings.Finding:
    """Whether an accountant is never below the exact epsilon and never far above it."""
    below = max(exact - found for found, exact in grid)
    above = max(found - exact - _SLACK * exact for found, exact in grid)
    worst = max(abs(found - exact) for found, exact in grid)
    return findings.Finding(
        findings.ACCOUNTANT,
        name,
        f"at most {worst:.2g} apart, {max(below, 0.0):.1g} below, {len(grid)} points",
        f"not below, at most {_SLACK:.0%} above",
        findings.verdict(below <= 1e-6 and above <= 1e-3),
    )


def _rdp(grid: list[tuple[float, float, int, float]]) -> findings.Finding:
    """RDP, an upper bound that is looser, is never below PLD."""
    apart = []
    for rate, noise, count, delta in grid:
        tight = _tight(rate, noise, count, delta)
        if tight < 50:
            event = _sampled(rate, noise, count)
            apart.append(accounting.epsilon_rdp(event, delta) - tight)
    return findings.Finding(
        findings.ACCOUNTANT,
        "RDP against PLD, sampled steps",
        f"RDP {min(apart):.3g} to {max(apart):.3g} above, {len(apart)} points",
        "not below",
        findings.verdict(min(apart) >= -1e-6),
    )


def _prv(grid: list[tuple[float, float, int, float]]) -> findings.Finding:
    """The PRV accountant's lower and upper bounds hold what PLD says.

    References:
        Gopi et al. 2021 (arXiv:2106.02848), package `prv-accountant`.
    """
    name = "PLD against the PRV accountant"
    if importlib.util.find_spec("prv_accountant") is None:
        text = "package prv-accountant is not installed"
        claim = "within its bounds"
        return findings.Finding(
            findings.ACCOUNTANT, name, text, claim, findings.SKIPPED
        )
    prv = importlib.import_module("prv_accountant")
    outside, points = 0.0, 0
    for rate, noise, count, delta in grid:
        tight = _tight(rate, noise, count, delta)
        if tight >= 10:
            continue
        mechanism = prv.PoissonSubsampledGaussianMechanism(
            noise_multiplier=noise, sampling_probability=rate
        )
        accountant = prv.PRVAccountant(
            prvs=[mechanism],
            max_self_compositions=[count],
            eps_error=_PRV_ERROR,
            delta_error=delta / 1000,
        )
        low, _, high = accountant.compute_epsilon(
            delta=delta, num_self_compositions=[count]
        )
        outside, points = max(outside, low - tight, tight - high), points + 1
    return findings.Finding(
        findings.ACCOUNTANT,
        name,
        f"{outside:.2g} outside of its bounds, {points} points",
        "within its bounds",
        findings.verdict(outside <= 0),
    )
