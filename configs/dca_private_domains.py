"""What private domains cost: configs/dca_stability.py without a public bin or value.

    python scripts/run_benchmark.py --config=configs/dca_private_domains.py \
        --workdir=runs/dca_private_domains

Of every column of every table only meaning, unit, bounds and scale are public; bins and
vocabularies are learnt from the data under noise, for a quarter of the budget. Hold it
to configs/dca_stability.py on the same fleet: rare values are pooled, and methods have
a little more noise. About 2 minutes on 2 cores. Expect the ceiling to pass all 38
queries and each method as many as with public domains, or up to three fewer.
"""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import dpsgd_vae, independent, pe


def get_config() -> ml_collections.ConfigDict:
    """Workload `stability` of suite `dca`, by every method, at epsilon 4."""
    config = settings.default("dca")
    config.num_devices = 20_000
    config.workloads = ("stability",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.domains.private = (
        "system_sysinfo_unique_normalized",
        "application_error_event_1000",
        "application_hang_event_1002",
        "crashlog",
        "hw_cpu_frequency",
        "microsoft_windows_kernel_power_event_41",
        "power_acdc_usage_v4_hist",
        "wifi_error",
    )
    config.methods.dpsgd_vae = settings.entry(dpsgd_vae.Config())
    config.methods.pe = settings.entry(pe.Config())
    config.methods.independent = settings.entry(independent.Config())
    return config.lock()
