"""The main job on 20,000 simulated laptops, in minutes.

    python scripts/run_benchmark.py --config=configs/demo.py --workdir=runs/demo

About 2 minutes on 2 cores. The seed makes it repeatable, so it writes no release;
configs/dca_stability.py is the same job with keys from the operating system.
"""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import dpsgd_vae, independent, pe


def get_config() -> ml_collections.ConfigDict:
    """One training-based and one training-free method beside independent marginals."""
    config = settings.default("dca")
    config.num_devices = 20_000
    config.workloads = ("stability",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.seed = 0
    config.methods.dpsgd_vae = settings.entry(dpsgd_vae.Config())
    config.methods.pe = settings.entry(pe.Config())
    config.methods.independent = settings.entry(independent.Config())
    return config.lock()
