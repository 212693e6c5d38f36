"""An event log of a product family; the devices are its 137,232 users.

    python scripts/run_benchmark.py --config=configs/eventlog.py --workdir=runs/log

The log is simulated to the published counts. For a log of your own, run
`scripts/preprocess.py --input=FILE.csv --workdir=runs/log` first and add
`--config.source=runs/log/data/raw`. About 2 minutes on 2 cores;
`scripts/compare_logs.py` with the same flags then sets the synthetic logs beside the
real one. Expect shares of products and event types within 0.5 points and the time
within KS 0.02 for every method; error rates of all products within 10 % or 0.2 points
for `independent`, in the mean of seeds.
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
