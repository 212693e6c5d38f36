"""Which method does best, and what no method can pass."""

import pytest

from teledp_jax.report import run_files, verdict


@pytest.fixture
def inputs(run, suite):
    return run_files.read(run, suite.folder)


def test_the_best_label_passes_the_largest_share(inputs, draw):
    found = verdict.section(inputs, draw)
    assert found["best"] == "pe"
    assert found["tallies"]["pe"] == (2, 3)
    assert found["tallies"]["dpsgd_vae"] == (1, 2)
    assert found["passed"].svg == "passed"
    assert "pe 2 of 3" in found["passed"].alt


def test_a_claim_is_never_best(inputs, draw):
    inputs.ledger["pe"]["claimed"] = {"epsilon": 4.0}
    found = verdict.section(inputs, draw)
    assert found["best"] == "dpsgd_vae"


def test_references_state_what_they_miss(inputs):
    ceiling, half = verdict.ceiling(inputs)
    assert (ceiling["label"], ceiling["tally"]) == ("ceiling", (2, 2))
    assert ceiling["misses"].rows == ()
    assert [row[0] for row in half["misses"].rows] == ["rare_vendor"]


def test_the_summary_has_both_rules(inputs):
    grid = verdict.summary(inputs)
    assert "passed" in grid.columns and "passed, corrected" in grid.columns
    assert [row[0] for row in grid.rows][:3] == ["dpsgd_vae", "pe", "independent"]
