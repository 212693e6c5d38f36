"""Real purchases of 23,570 customers of an early web shop.

    pip install .[purchases]
    teledp run --config=configs/purchases.py --workdir=runs/purchases

Public data of the package lifetimes, which nobody here has made. About 4 minutes on 2
cores.
"""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import chain, independent, pe_conditional


def get_config() -> ml_collections.ConfigDict:
    """Workload `retail` of suite `purchases` at epsilon 4."""
    config = settings.default("purchases")
    config.workloads = ("retail",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.methods.chain = settings.entry(chain.Config())
    config.methods.pe_conditional = settings.entry(pe_conditional.Config())
    config.methods.independent = settings.entry(independent.Config())
    return config.lock()
