"""An event log of a product family; the devices are its 137,232 users.

    python scripts/run_benchmark.py --config=configs/eventlog.py --workdir=runs/log

The log is simulated to the published counts; --input=FILE.csv takes a log of your own
in its place. Methods read the latest event of a user (`fixed_rows` in
`sql/eventlog/device/user_events.sql`). About 2 minutes on 2 cores. Expect every method
to keep shares of products and event types within 0.5 points and the time within KS
0.02, and `independent` to keep the error rate of every product within 10 % or 0.2
points of the real one; the report's part on the event log shows each.
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
