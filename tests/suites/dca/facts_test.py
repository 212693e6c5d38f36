"""Data files."""

from teledp_jax.suites.dca import facts


def test_listings_state_no_group_below_100_devices():
    groups = facts.listing("displays")["groups"].values()
    assert min(row[0] for group in groups for row in group.values()) >= 100
    kinds = facts.listing("apps")["kinds"].values()
    assert min(row[0] for kind in kinds for row in kind.values()) >= 100
    kinds = facts.listing("blockers")["kinds"].values()
    cells = [row for kind in kinds for name in kind.values() for row in name.values()]
    assert min(row[0] for row in cells) >= 100


def test_every_section_of_the_data_file_states_its_source():
    origins = {origin for _, origin, _ in facts.assumptions()}
    assert origins == {"published", "estimated", "assumed"}
