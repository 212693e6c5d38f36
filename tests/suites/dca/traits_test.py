"""What devices are."""

import numpy as np
import pytest

from teledp_jax.suites.dca import facts, traits


def shares(fleet: traits.Fleet, attribute: str) -> np.ndarray:
    codes = fleet.codes[attribute]
    counts = np.bincount(codes, minlength=len(facts.attribute_values(attribute)))
    return 100.0 * counts / counts.sum()


@pytest.mark.parametrize("attribute", list(facts.section("attributes")))
def test_attributes_have_their_stated_shares(world_fleet, attribute):
    stated = np.array(list(facts.section("attributes")[attribute]["shares"].values()))
    stated = 100.0 * stated / stated.sum()
    # Home vendors lean on traits that vendors lean on too, so theirs move a little.
    tolerance = 1.6 if attribute == "modelvendor_normalized" else 1.2
    np.testing.assert_allclose(shares(world_fleet, attribute), stated, atol=tolerance)
