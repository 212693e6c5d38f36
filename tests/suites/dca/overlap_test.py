"""Scores that make tables overlap."""

import numpy as np
import pytest

from teledp_jax.suites.dca import overlap


def test_coverage_is_a_factor_with_a_cap():
    assert overlap.share("userwait_v2", 2.0) == pytest.approx(2 * 0.038142)
    assert overlap.share("display_devices", 10.0) == 0.6


def test_scores_are_standard_normal_and_tables_share_a_part(large_fleet):
    scores = np.stack(
        [
            overlap.score(large_fleet, name)
            for name in ("userwait_v2", "display_devices")
        ]
    )
    np.testing.assert_allclose(scores.mean(axis=1), 0.0, atol=0.02)
    np.testing.assert_allclose(scores.std(axis=1), 1.0, atol=0.02)
    assert np.corrcoef(scores)[0, 1] == pytest.approx(0.49, abs=0.02)  # 0.7 squared
