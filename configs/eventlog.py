"""An event log of a product family; the devices are its 137,232 users.

    python scripts/run_benchmark.py --config=configs/eventlog.py --workdir=runs/log

The log is simulated to the published counts. For a log of your own, run
`scripts/preprocess.py --input=FILE.csv --workdir=runs/log` first and add
`--config.source=runs/log/data/raw`. About 5 minutes on 2 cores.
"""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import dpsgd_vae, independent, pe


def get_config() -> ml_collections.ConfigDict:
    """Workload `quality` of suite `eventlog`, by every method, at epsilon 4."""
    config = settings.default("eventlog")
    config.workloads = ("quality",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.methods.dpsgd_vae = settings.entry(dpsgd_vae.Config())
    config.methods.pe = settings.entry(pe.Config())
    config.methods.independent = settings.entry(independent.Config())
    return config.lock()
