"""Published numbers of devices are met."""

import numpy as np
import pytest

from teledp_jax.suites.dca import facts, margins, traits

LEANING = facts.world_named("a")["presence"]
MARGINS = sorted(facts.section("tables").keys() - LEANING.keys())


@pytest.mark.parametrize("world", ["a", "b"])
@pytest.mark.parametrize("table", MARGINS)
def test_as_many_devices_have_a_table_as_published(world, table):
    # Margins are raked on other devices than these, so that they differ by chance.
    fleet = traits.make_fleet(
        seed=9, ids=np.arange(50_000), world=facts.world_named(world)
    )
    section = facts.section("tables")[table]
    chance = margins.chances(fleet, table, coverage=1.0)
    if within := section.get("within"):
        weight = margins.chances(fleet, within, coverage=1.0)
        chance = chance * weight / weight.mean()
    assert chance.mean() == pytest.approx(section["all"] / 1e6, rel=0.08)
    for attribute, numbers in section.get("by", {}).items():
        value, number = max(numbers.items(), key=lambda pair: pair[1])
        if attribute in fleet.codes:
            code = margins.values(attribute).index(str(value))
            found = chance[fleet.codes[attribute] == code].sum() / len(chance)
            assert found == pytest.approx(number / 1e6, rel=0.15)
