"""Fleets that many tests look at."""

import pytest

from teledp_jax.suites.dca import traits
from tests.suites.dca import made


@pytest.fixture(scope="session")
def fleet() -> traits.Fleet:
    """Some thousand devices, of which many have each table."""
    return made.make_fleet(made.NUM_DEVICES, coverage=made.COVERAGE)


@pytest.fixture(scope="session")
def large_fleet() -> traits.Fleet:
    """As many devices as shares need, with the published coverage."""
    return made.make_fleet(100_000)


@pytest.fixture(scope="session", params=["a", "b"])
def world_fleet(request) -> traits.Fleet:
    """A fleet of each world."""
    return made.make_fleet(20_000, seed=0, world=request.param)
