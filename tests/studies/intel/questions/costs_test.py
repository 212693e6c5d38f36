"""Time and memory."""

from teledp_jax.studies.intel.questions import costs
from tests.studies.intel.questions import grids


def test_time_is_set_beside_what_passes(inputs):
    found = grids.cells(costs.costs(inputs))
    assert found["dpsgd_vae", "fit and sample"] == "2.51 min"
    assert found["dpsgd_vae", "queries passed"] == "1"
