"""The part of one question."""

import shutil

from teledp_jax.report import queries, run_files


def parts_of(run, suite, draw):
    found = queries.section(run_files.read(run, suite.folder), draw)
    return {part["query"].name: part for part in found}


def test_the_worst_question_stands_first_and_keeps_its_checks_without_results(
    run, suite, draw
):
    shutil.rmtree(run.folder / "results")
    parts = parts_of(run, suite, draw)
    assert list(parts) == ["ram_hist", "crash_by_vendor", "rare_vendor"]
    part = parts["crash_by_vendor"]
    assert part["checks"].rows
    assert part["counts"] == "" and part["figure"] is None


def test_a_question_with_results_has_a_grid_per_value_column(run, suite, draw):
    part = parts_of(run, suite, draw)["crash_by_vendor"]
    assert [name for name, _ in part["grids"]] == ["num_devices", "mean_crashes"]
    assert part["figure"].svg == "query_crash_by_vendor"
    assert "half_sample" not in part["checks"].columns


def test_a_question_shows_its_wrong_answers_and_who_is_how_right(run, suite, draw):
    part = parts_of(run, suite, draw)["crash_by_vendor"]
    assert [row[5] for row in part["worst"].rows] == ["missing", "1,667"]
    assert [label for label, _ in part["verdicts"]] == [
        "dpsgd_vae", "pe", "independent",
    ]  # fmt: skip
    assert [row[0] for row in part["judged"].rows][-2:] == [
        "encoding only", "half of the real fleet",
    ]  # fmt: skip


def test_a_question_of_which_no_answer_can_be_judged_says_why(run, suite, draw):
    part = parts_of(run, suite, draw)["rare_vendor"]
    assert part["worst"].rows == ()
    assert part["judged"].rows[0][1] == "no group has 50 devices"
    assert {verdict.grade.name for _, verdict in part["verdicts"]} == {"unknown"}
