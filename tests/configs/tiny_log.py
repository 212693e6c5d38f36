"""A log of the tester's own, by the quickest method."""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import independent


def get_config() -> ml_collections.ConfigDict:
    """Suite `eventlog`, workload `quality`."""
    config = settings.default("eventlog")
    config.workloads = ("quality",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.seed = 0
    config.methods.independent = settings.entry(independent.Config())
    return config.lock()
