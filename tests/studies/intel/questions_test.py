"""What the study left open, answered from the report's small run."""

import pytest

from teledp_jax import runs
from teledp_jax.report import run_files
from teledp_jax.studies.intel.questions import (
    costs,
    devices,
    limits,
    queries,
    section,
)
from tests.report import small_run

TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.fixture
def suite(tmp_path):
    return small_run.make_suite(tmp_path / "sql" / "laptops")


@pytest.fixture
def inputs(tmp_path, suite):
    run = small_run.make_run(runs.Run(tmp_path / "run"), seeded=True)
    runs.write_json(run.missing_tables, ["crashes"])
    return run_files.read(run, suite.folder)


def rows(answer):
    """Cells by first column and heading."""
    return {
        (row[0], head): text
        for row in answer.grid.rows
        for head, text in zip(answer.grid.columns, row, strict=True)
    }


def test_a_query_type_is_won_by_the_highest_mean_score(inputs):
    answer = queries.by_type(inputs)
    found = rows(answer)
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
    found = rows(queries.joins(inputs))
    assert found["1", "queries"] == "1"
    assert found["2", "queries"] == "2"
    assert found["2", "dpsgd_vae"] == f"0.255 (3.35{TIMES})"  # of 0.31 and 0.2
    assert (
        found["2", "pe"] == f"\N{INFINITY} (1.6{TIMES})"
    )  # of 0.12 and infinity; of 1.7 and 1.5


def test_minority_classes_are_told_apart_by_their_share(inputs):
    found = rows(devices.minorities(inputs))
    assert found["pe", "0.1 to 1 % of devices"] == "0 of 1, 1 lost"
    assert found["pe", "1 to 5 % of devices"] == "1 of 1, 0 lost"
    assert found["dpsgd_vae", "1 to 5 % of devices"] == "0 of 1, 0 lost"


def test_classifiers_are_held_to_the_real_fleet(inputs):
    answer = devices.downstream(inputs)
    found = rows(answer)
    assert found["pe", "below real, mean"] == "0.070"
    assert answer.findings[0].startswith("pe comes nearest")


def test_time_is_set_beside_what_passes(inputs):
    found = rows(costs.costs(inputs))
    assert found["dpsgd_vae", "fit and sample"] == "2.51 min"
    assert found["dpsgd_vae", "queries passed"] == "1"


def test_caps_of_entity_tables_show_in_the_ceiling(inputs, suite):
    assert not limits.caps(inputs, suite.schema).grid.rows  # no entity table
    names = {answer.question for answer in section.answers(inputs, suite.schema)}
    assert not any("caps" in name for name in names)


def test_tables_that_a_source_lacks_are_named_with_their_queries(inputs):
    found = rows(limits.missing(inputs))
    assert found["crashes", "queries not evaluated"] == "CrashByVendor, RareVendor"
