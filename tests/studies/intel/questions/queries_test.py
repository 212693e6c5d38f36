"""Which method wins which queries."""

from teledp_jax.studies.intel.questions import queries
from tests.studies.intel.questions import grids

TIMES = "\N{MULTIPLICATION SIGN}"


def test_a_query_type_is_won_by_the_highest_mean_score(inputs):
    answer = queries.by_type(inputs)
    found = grids.cells(answer)
    assert (
        found["aggregate", "dpsgd_vae"] == f"0.67 (3.35{TIMES})"
    )  # 2 of 3; 4.2 and 2.5
    assert found["aggregate", "independent"] == "0.00"  # not evaluated
    assert "aggregate: dpsgd_vae and pe (0.67)." in answer.findings
    assert "histogram: pe (1.00)." in answer.findings


def test_a_claim_wins_nothing(inputs):
    inputs.ledger["pe"]["claimed"] = {"epsilon": 4.0}
    answer = queries.by_type(inputs)
    assert "aggregate: dpsgd_vae (0.67)." in answer.findings
    assert inputs.honest == ("dpsgd_vae", "independent")


def test_errors_stand_against_the_number_of_tables_joined(inputs):
    found = grids.cells(queries.joins(inputs))
    assert found["1", "queries"] == "1"
    assert found["2", "queries"] == "2"
    assert found["2", "dpsgd_vae"] == f"0.255 (3.35{TIMES})"  # of 0.31 and 0.2
    assert (
        found["2", "pe"] == f"\N{INFINITY} (1.6{TIMES})"
    )  # of 0.12 and infinity; of 1.7 and 1.5
