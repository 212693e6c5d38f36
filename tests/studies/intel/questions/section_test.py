"""The part of the report."""

from teledp_jax import runs
from teledp_jax.report import run_files
from teledp_jax.studies.intel.questions import section


def test_only_answers_with_numbers_are_shown(inputs, suite):
    found = section.addition(inputs, suite, lambda *parts: None)
    assert found.links == {"questions": "Open questions"}
    answers = found.facts["answers"]
    assert len(answers) == 6 and all(answer.grid.rows for answer in answers)


def test_an_empty_run_leaves_all_questions_open(tmp_path, suite):
    empty = run_files.read(runs.Run(tmp_path / "empty"), suite.folder)
    assert [answer.question for answer in section.answers(empty, suite.schema)] == [
        "Which method wins by type of query?",
        "Does error compound over joins?",
    ]
