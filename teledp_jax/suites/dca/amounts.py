"""Draws how much devices do: rates of events, and numbers of rows."""

import functools

import numpy as np
from scipy import special

from teledp_jax.suites import draws
from teledp_jax.suites.dca import traits


def rates(
    fleet: traits.Fleet, table: str, *, events: float, spread: float
) -> draws.Floats:
    """Computes expected numbers of events, before what is special to the table.

    Args:
        fleet: Some devices.
        table: A table with effects in its world.
        events: Of a typical device.
        spread: Standard deviation of the logarithm that no trait explains.

    Returns:
        One number per device: log-normal, times the burst of a few extreme devices.
    """
    own = spread * fleet.draw(f"rate/{table}").normal("own")
    log_rate = fleet.linear(fleet.world["effects"][table]) + own
    return np.asarray(events * np.exp(log_rate) * fleet.burst)


def activity(draw: draws.Draws, name: str, *, shape: float) -> draws.Floats:
    """Draws gamma factors of mean 1, so that few devices do little.

    Their logarithm is skewed to the left, as the published totals of devices are.

    Args:
        draw: Draws of devices.
        name: Purpose of the draw.
        shape: Of the gamma distribution.

    Returns:
        One factor per draw.
    """
    scores, logs = _gamma_quantiles(shape)
    return np.exp(np.interp(draw.normal(name), scores, logs)) / shape


def counts(mean: draws.Floats, factor: draws.Floats) -> draws.Ints:
    """Rounds numbers of rows, at least 1, that keep their means.

    Args:
        mean: Wanted mean over `factor`, per device.
        factor: Factors of mean 1, per device.
    """
    return np.ceil(np.maximum(mean - 0.5, 0.05) * factor).astype(np.int64).clip(1)


@functools.cache
def _gamma_quantiles(shape: float) -> tuple[draws.Floats, draws.Floats]:
    """Tabulates standard normal scores, and logarithms of the gamma quantiles there."""
    scores = np.linspace(-8.0, 8.0, 4001)
    return scores, np.log(special.gammaincinv(shape, special.ndtr(scores)))
