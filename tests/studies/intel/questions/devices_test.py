"""Minorities and classifiers."""

from teledp_jax.studies.intel.questions import devices
from tests.studies.intel.questions import grids


def test_minority_classes_are_told_apart_by_their_share(inputs):
    found = grids.cells(devices.minorities(inputs))
    assert found["pe", "0.1 to 1 % of devices"] == "0 of 1, 1 lost"
    assert found["pe", "1 to 5 % of devices"] == "1 of 1, 0 lost"
    assert found["dpsgd_vae", "1 to 5 % of devices"] == "0 of 1, 0 lost"


def test_classifiers_are_held_to_the_real_fleet(inputs):
    answer = devices.downstream(inputs)
    found = grids.cells(answer)
    assert found["pe", "below real, mean"] == "0.070"
    assert answer.findings[0].startswith("pe comes nearest")
