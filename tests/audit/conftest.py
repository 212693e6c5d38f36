"""Programs of these tests run a few times each, so they are compiled in a hurry."""

import jax
import pytest


@pytest.fixture(autouse=True, scope="package")
def _quick_compilation():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
