"""Caps and missing tables."""

from teledp_jax.studies.intel.questions import limits, section
from tests.studies.intel.questions import grids


def test_caps_of_entity_tables_show_in_the_ceiling(inputs, suite):
    assert not limits.caps(inputs, suite.schema).grid.rows  # no entity table
    names = {answer.question for answer in section.answers(inputs, suite.schema)}
    assert not any("caps" in name for name in names)


def test_tables_that_a_source_lacks_are_named_with_their_queries(inputs):
    found = grids.cells(limits.missing(inputs))
    assert found["crashes", "queries not evaluated"] == "CrashByVendor, RareVendor"
