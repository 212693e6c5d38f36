"""What may be used, and where real and synthetic answers part."""

import math

import pytest

from teledp_jax.report import judged, run_files, texts


def make_query(name="q", **header):
    return run_files.Query(name=name, workload="w", header=header, statement="SELECT 1")


def make_row(query="q", share=None, number=10, **fields):
    return {
        "label": "pe", "query": query, "num_answers": str(number),
        "share_right": "" if share is None else str(share),
        "trusted": "" if share is None else str(share >= 0.9),
        "median_error": "0.1", "p90_error": "inf", "median_over_half": "2",
        "groups_lost": "1", "groups_invented": "0", "coverage": "0.5", "note": "",
    } | fields  # fmt: skip


def make_answer(column="n", error=0.5, devices=60, **fields):
    return {
        "label": "pe", "query": "q", "column": column,
        "group_key": '{"a": "x", "b": 3}',
        "devices": str(devices), "real": "100", "synthetic": "150", "error": str(error),
        "tolerance": "0.25", "right": str(error <= 0.25),
    } | fields  # fmt: skip


@pytest.mark.parametrize(
    ("share", "grade"),
    [
        (1.0, judged.USE),
        (0.9, judged.USE),
        (0.89, judged.CARE),
        (0.5, judged.CARE),
        (0.49, judged.AVOID),
        (None, judged.UNKNOWN),
    ],
)
def test_a_grade_follows_from_the_share_of_right_answers(share, grade):
    number = 0 if share is None else 100
    row = make_row(share=share, number=number, note="no group has 50 devices")
    verdict = judged.verdicts([row])["pe", "q"]
    assert verdict.grade is grade
    expected = "no group has 50 devices"
    if share is not None:
        expected = f"{100 * share:.0f} of 100 answers right"
    assert verdict.words == expected


def test_each_question_is_in_one_list_the_worst_first():
    rows = [make_row("a", 0.6), make_row("b", 0.5), make_row("c", 1.0)]
    rows.append(make_row("d", number=0))
    queries = [make_query(name) for name in "abcde"]
    lists = judged.lists(judged.verdicts(rows), "pe", queries)
    names = {
        grade.name: [query.name for query, _ in pairs] for grade, pairs in lists.items()
    }
    assert names == {
        "use": ["c"],
        "care": ["b", "a"],
        "avoid": [],
        "unknown": ["d", "e"],
    }


def test_the_mean_share_counts_queries_with_answers_alike():
    rows = [
        make_row("a", 1.0, number=1000),
        make_row("b", 0.5),
        make_row("c", number=0),
    ]
    found = judged.verdicts(rows)
    queries = [make_query(name) for name in "abcd"]
    assert judged.mean_share(found, "pe", queries) == pytest.approx(0.75)
    assert judged.mean_share(found, "mst", queries) is None


def test_wrong_answers_stand_by_error_over_tolerance_with_the_name_of_the_metric():
    query = make_query(
        values={
            "n": {"metric": "relative_error"},
            "t": {"metric": "agreement"},
            "s": {"metric": "share_variation"},
        }
    )
    rows = [
        make_answer(error=0.5),
        make_answer(error=0.1),
        make_answer(error=math.inf, synthetic=""),
        make_answer("s", error=0.9, real="", synthetic="", group_key="{}"),
        make_answer("t", error=1.0, tolerance="0.0", real="HP", synthetic="Dell"),
        make_answer(error=7.0, label="half_sample"),
    ]
    grid = judged.worst(rows, query, ["pe"], limit=3)
    assert [(row[1], *row[4:]) for row in grid.rows] == [
        ("x · 3", "100", "missing", "relative error ∞ (at most 25 %)"),
        ("x · 3", "HP", "Dell", "another text (at most 0 %)"),
        (
            "all devices",
            texts.NOTHING,
            texts.NOTHING,
            "total variation 90 % (at most 25 %)",
        ),
    ]
    assert grid.more == 1


def test_details_name_each_number_and_leave_out_who_was_not_judged():
    grid = judged.details(judged.verdicts([make_row(share=0.4)]), "q", ["pe", "mst"])
    assert grid.rows == (
        ("pe", "4 of 10 answers right", "10 %", "∞", "2", "1", "0", "50 %"),
    )
    assert "median error" in grid.columns
