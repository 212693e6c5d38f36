"""Real flights from New York in 2013; the devices are some 4,000 aircraft.

    pip install .[flights]
    python scripts/run_benchmark.py --config=configs/flights.py --workdir=runs/flights

A fleet this small shows how much epsilon 4 costs. About 2 minutes on 2 cores.
"""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import (
    dpsgd_relational,
    dpsgd_vae,
    independent,
    pe,
    pe_conditional,
)


def get_config() -> ml_collections.ConfigDict:
    """Workload `operations` of suite `flights`, by every method, at epsilon 4."""
    config = settings.default("flights")
    config.workloads = ("operations",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.methods.dpsgd_relational = settings.entry(dpsgd_relational.Config())
    config.methods.dpsgd_vae = settings.entry(dpsgd_vae.Config())
    config.methods.pe_conditional = settings.entry(pe_conditional.Config())
    config.methods.pe = settings.entry(pe.Config())
    config.methods.independent = settings.entry(independent.Config())
    return config.lock()
