"""Cells of blockers."""

import numpy as np

from teledp_jax.suites.dca import blocker_cells, blockers, facts


def test_versions_have_their_records(fleet):
    table = blocker_cells.cells()
    share = np.maximum(table["records"], 1.0 / facts.rows_share(blockers.TABLE))
    expected = (table["share"] * share).sum(axis=1) + table["idle"]
    wanted = facts.section(blockers.TABLE)["records"].values()
    np.testing.assert_allclose(expected[:-1], list(wanted), rtol=0.02)
