"""How the methods compare, and where their answers are lost."""

import pytest

from teledp_jax.report import run_files, texts, verdict


@pytest.fixture
def inputs(run, suite):
    return run_files.read(run, suite.folder)


def test_methods_stand_by_the_mean_share_of_right_answers(inputs, draw):
    found = verdict.section(inputs, draw)
    shares = [(row[0], row[1]) for row in found["methods"].rows]
    assert shares == [
        ("pe", "88 %"),
        ("independent", "70 %"),
        ("dpsgd_vae", "20 %"),
        ("encoding only", "100 %"),
        ("half of the real fleet", "88 %"),
    ]
    assert found["methods"].rows[0][2] == "1 of 2"
    assert "pe 88 %" in found["right"].alt


def test_a_method_is_best_only_if_it_is_better_than_each_other(inputs, draw):
    assert verdict.best(inputs).startswith("pe answers more right than each other")
    rows = verdict.section(inputs, draw)["pairs"].rows
    assert rows[0] == ("dpsgd_vae", "pe", "worse", "-68", "-75 to -60", "2")
    tie = [row | {"verdict": "tie"} for row in inputs.comparisons[2:]]
    told = verdict.best(inputs._replace(comparisons=[*inputs.comparisons[:2], *tie]))
    assert told.startswith("No method is ahead of each other one")
    inputs.ledger["pe"]["claimed"] = {"epsilon": 4.0}  # a claim wins nothing
    assert verdict.best(inputs).startswith("No method is ahead")
    assert verdict.best(inputs._replace(comparisons=[])) == ""


def test_losses_stand_from_encoding_to_release(inputs):
    grid = verdict.losses(inputs, {"ceiling": 1.0, "half_sample": 0.9, "pe": 0.8})
    assert grid.rows == (("pe", "100 %", "97 %", "80 %", "90 %"),)
    assert verdict.losses(inputs, {"pe": 0.8}).rows == ()


def test_the_worst_question_stands_first_and_the_unknown_last(inputs, draw):
    rows = verdict.section(inputs, draw)["queries"]
    assert [query.name for query, _ in rows] == [
        "ram_hist", "crash_by_vendor", "rare_vendor",
    ]  # fmt: skip
    assert [one.short for one in rows[0][1]][:2] == ["✗ 0 %", "~ 75 %"]


def test_types_and_rare_questions_are_averaged_apart(inputs, draw):
    grid = verdict.section(inputs, draw)["by_type"]
    assert grid.rows[0][:3] == ("aggregate", "1", "40 %")
    assert [row[0] for row in grid.rows][2:] == ["topk", "about rare events"]
    assert grid.rows[3][2] == texts.NOTHING


def test_references_state_what_they_miss(inputs):
    ceiling, half = verdict.ceiling(inputs)
    assert ceiling["name"] == "encoding only" and ceiling["misses"].rows == ()
    assert [row[0] for row in half["misses"].rows] == ["rare_vendor"]


def test_published_scores_stand_by_both_rules(inputs):
    grid = verdict.published(inputs)
    assert "passed" in grid.columns and "passed, corrected" in grid.columns
    assert [row[0] for row in grid.rows][:3] == ["dpsgd_vae", "pe", "independent"]


def test_a_run_without_judgement_compares_nothing(inputs, draw):
    found = verdict.section(inputs._replace(judgement=[]), draw)
    assert found["methods"].rows == () and found["right"] is None


def test_questions_that_no_method_was_told_of_have_a_column_of_their_own(inputs, draw):
    assert "told" not in " ".join(verdict.section(inputs, draw)["methods"].columns)
    inputs.summary["pe"]["unseen"] = {"share_right": 0.31}
    grid = verdict.section(inputs, draw)["methods"]
    assert grid.columns[2] == "the same of questions that no method was told of"
    cells = {row[0]: row[2] for row in grid.rows}
    assert cells["pe"] == "31 %" and cells["independent"] == texts.NOTHING
