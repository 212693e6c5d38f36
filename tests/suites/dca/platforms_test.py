"""Micro-architectures."""

import numpy as np

from teledp_jax.suites.dca import platforms, traits


def test_a_platform_states_the_generation_of_its_processor(fleet):
    names = np.array(platforms.values())[platforms.of(fleet)]
    portable = fleet.is_one_of("chassistype", traits.PORTABLE)
    eleventh = fleet.is_one_of("cpuname", ["11th Gen i5"])
    assert set(names[eleventh & portable]) == {"Tiger Lake, 11th Gen i5"}
    assert set(names[eleventh & ~portable]) == {"Rocket Lake, 11th Gen i5"}
    unknown = fleet.is_one_of("cpuname", ["Unknown"])
    assert set(names[unknown]) == {"Unknown, Unknown"}


def test_every_platform_has_a_name_once():
    assert len(set(platforms.values())) == len(platforms.values())
