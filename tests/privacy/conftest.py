"""Has privacy accounted as in a release."""

from collections.abc import Iterator

import pytest

from teledp_jax.privacy import accounting
from tests import toys


@pytest.fixture(autouse=True, scope="module")
def fine_accounts() -> Iterator[None]:
    """Takes the grids of releases back for the tests of a module."""
    accounting._INTERVAL, accounting._FINE = toys.FINE_GRIDS
    yield
    toys.account_coarsely()
