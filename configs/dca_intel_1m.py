"""The published study's size: one million simulated laptops at published coverage.

    python scripts/run_benchmark.py --config=configs/dca_intel_1m.py \
        --workdir=runs/dca_intel_1m

`--config.budget.delta=1e-7` is the delta that a fleet of this size asks for; 1e-5 is
the study's. Keys come from the operating system.

Labels `paper_*` are the study's methods in its configurations, `*_claimed` under its
own bookkeeping; `scripts/reproduce_tables.py` sets them beside the published tables.
"""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import dpsgd_relational, independent, pe, pe_conditional
from teledp_jax.studies.intel import methods


def get_config() -> ml_collections.ConfigDict:
    """Workload `intel` of suite `dca`, by every method, on a full fleet."""
    config = settings.default("dca")
    config.num_devices = 1_000_000
    config.simulation.coverage = 1.0
    config.workloads = ("intel",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.query_answers = True
    # Two passes in 250 steps: ten times the fleet at twice the cost.
    config.methods.dpsgd_relational = settings.entry(
        dpsgd_relational.Config(sampling_prob=0.008, num_epochs=2.0)
    )
    config.methods.pe_conditional = settings.entry(pe_conditional.Config())
    config.methods.pe = settings.entry(pe.Config())
    config.methods.independent = settings.entry(independent.Config())
    fitted = round((1 - config.holdout) * config.num_devices)
    config.methods.update(methods.entries(fitted))
    return config.lock()
