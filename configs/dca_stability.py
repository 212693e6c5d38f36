"""Stability, power and connectivity of a simulated laptop fleet, released for real.

    python scripts/run_benchmark.py --config=configs/dca_stability.py \
        --workdir=runs/dca_stability

Keys come from the operating system, so results differ from run to run and `release/`
is written. `--config.num_devices=200000` is the larger of the two recorded runs;
`--config.source=DIR` takes raw Parquet of your own. About 10 minutes on 2 cores.
"""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import (
    chain,
    dpsgd_relational,
    dpsgd_vae,
    independent,
    pe,
    pe_conditional,
)


def get_config() -> ml_collections.ConfigDict:
    """Workload `stability` of suite `dca`, by every method, at epsilon 4."""
    config = settings.default("dca")
    config.num_devices = 20_000
    config.workloads = ("stability",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.methods.dpsgd_relational = settings.entry(dpsgd_relational.Config())
    config.methods.dpsgd_vae = settings.entry(dpsgd_vae.Config())
    config.methods.chain = settings.entry(chain.Config())
    config.methods.pe_conditional = settings.entry(pe_conditional.Config())
    config.methods.pe = settings.entry(pe.Config())
    config.methods.independent = settings.entry(independent.Config())
    return config.lock()
