"""A run of seconds, for tests."""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import independent


def get_config() -> ml_collections.ConfigDict:
    config = settings.default("dca")
    config.num_devices = 400
    config.workloads = ("stability",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.trust.num_refits = 0
    config.methods.independent = settings.entry(independent.Config())
    return config.lock()
