"""The published 24 queries on 100,000 simulated laptops, at epsilon 4 for everything.

    python scripts/run_benchmark.py --config=configs/dca_intel.py \
        --workdir=runs/dca_intel

Tables of the published study cover few devices (package power 0.08 %), so that of a
tenth of its fleet the queries' minimum counts would drop most groups: coverage is ten
times the published one, at most 60 %. Keys come from the operating system.

`pe_conditional_tilted` gives a quarter of its budget to the queries' own statistics.
`pe_published` is the published recipe of ten rounds. Of workload `unseen` no method is
told: it says how far answers to other SQL can be trusted. Labels `paper_*` are the
study's methods in its configurations, `*_claimed` under its own bookkeeping;
`scripts/reproduce_tables.py` sets them beside the published tables.
`--labels=pe,independent` keeps only some.
"""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import chain, dpsgd_relational, independent, pe, pe_conditional
from teledp_jax.studies.intel import methods


def get_config() -> ml_collections.ConfigDict:
    """Workload `intel` of suite `dca`, by every method."""
    config = settings.default("dca")
    config.num_devices = 100_000
    config.simulation.coverage = 10.0
    config.workloads = ("intel",)
    config.unseen_workloads = ("unseen",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.query_answers = True
    config.methods.dpsgd_relational = settings.entry(dpsgd_relational.Config())
    config.methods.chain = settings.entry(chain.Config())
    config.methods.chain_tilted = settings.entry(chain.Config(tilt_share=0.25))
    config.methods.pe_conditional = settings.entry(pe_conditional.Config())
    config.methods.pe_conditional_tilted = settings.entry(
        pe_conditional.Config(tilt_share=0.25)
    )
    config.methods.pe = settings.entry(pe.Config())
    config.methods.pe_published = settings.entry(pe.Config(selection="published"))
    config.methods.independent = settings.entry(independent.Config())
    fitted = round((1 - config.holdout) * config.num_devices)
    config.methods.update(methods.entries(fitted))
    return config.lock()
