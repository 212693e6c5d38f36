"""Both workloads of suite dca from one release: all tables under one epsilon of 4.

    python scripts/run_benchmark.py --config=configs/dca_full.py --workdir=runs/dca_full

The fleet is that of configs/dca_intel.py. Keys come from the operating system.
"""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import dpsgd_relational, independent, pe, pe_conditional


def get_config() -> ml_collections.ConfigDict:
    """Workloads `stability` and `intel` of suite `dca`, by every method."""
    config = settings.default("dca")
    config.num_devices = 100_000
    config.simulation.coverage = 10.0
    config.workloads = ("stability", "intel")
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.query_answers = True
    config.methods.dpsgd_relational = settings.entry(dpsgd_relational.Config())
    config.methods.pe_conditional = settings.entry(pe_conditional.Config())
    config.methods.pe = settings.entry(pe.Config())
    config.methods.independent = settings.entry(independent.Config())
    return config.lock()
