"""The methods of the published study, as entries of a config.

Each label is held to the budget of the run, for the whole release. Beside it stands
the label with `_claimed`, whose books are kept as the study keeps them (`bookkeeping`):
it is there to compare, exceeds the budget, and is never released. `paper_dpsgd_vae` has
none in `entries`: the study, too, accounts for its one model as a whole, so that only
the number of devices would come for free, which lowers the noise by less than 0.2 %.
"""

from typing import Any

import ml_collections

from teledp_jax import registry
from teledp_jax.methods import dpsgd_vae, histogram, mst, pe, pe_conditional

CLAIMED = "_claimed"

LABELS = {
    "wide": "paper_dpsgd_vae",
    "per_table": "paper_histogram",
    "mst": "paper_mst",
    "pe": "paper_pe",
    "pe_conditional": "paper_pe_conditional",
}
"""The study's methods, by the names of `evaluation.published`, and their labels."""

_BATCH = 4096
_NOT_WIDE = (  # the study's wide row has no place for tables of many rows per device
    "system_display_devices",
    "system_display_vendors",
    "system_frgnd_apps_types",
    "system_mods_blockers_by_os",
    "system_mods_power_consumption",
    "system_mods_top_blocker_hist",
    "system_userwait",
)


def configs(num_devices: int) -> dict[str, Any]:
    """Returns the `Config` of each label, in the published configuration.

    Args:
        num_devices: Public size of the fleet that is fitted, which batches are a share
            of.
    """
    return {
        "paper_dpsgd_vae": dpsgd_vae.Config(
            hidden=(512, 512),
            latent=64,
            smooth=False,
            sampling_prob=min(_BATCH / num_devices, 1.0),
            num_epochs=20,
            l2_clip_norm=1.0,
            normalise=False,
            learning_rate=1e-3,
            averaging=0.0,
            marginal_share=0.0,
            leave_out=_NOT_WIDE,
        ),
        "paper_histogram": histogram.Config(),
        "paper_mst": mst.Config(),
        "paper_pe": pe.Config(
            selection="published", num_iterations=1, num_candidates=5_000
        ),
        # The study's vote has an eighth of epsilon: squared, 2 % of the privacy loss.
        "paper_pe_conditional": pe_conditional.Config(
            vote_share=0.02,
            num_iterations=1,
            num_candidates=5_000,
            distance="uniform",
            focus=1.0,
        ),
    }


def entries(num_devices: int) -> ml_collections.ConfigDict:
    """Entries of `config.methods`, in both bookkeepings; see `configs`."""
    found = ml_collections.ConfigDict()
    for label, config in configs(num_devices).items():
        found[label] = registry.entry(config)
        if label != LABELS["wide"]:
            found[label + CLAIMED] = registry.entry(config, bookkeeping="paper")
    return found
