import pytest

from teledp_jax.evaluation import paired


def judged(**shares):
    """Rows of `judgement.csv` from shares by label and query."""
    return [
        {"label": label, "query": f"q{i}", "share_right": share}
        for label, each in shares.items()
        for i, share in enumerate(each)
    ]


def test_a_difference_that_holds_in_every_query_is_more_than_chance():
    rows = judged(pe=[0.8, 0.7, 0.9], vae=[0.6, 0.5, 0.7])
    (found,) = paired.compare(rows, ["pe", "vae"])
    assert found["difference"] == pytest.approx(0.2)
    # Every draw has the same mean, so the interval is that number.
    assert found["low"] == pytest.approx(0.2) and found["high"] == pytest.approx(0.2)
    assert (found["verdict"], found["queries"]) == ("better", 3)
    (found,) = paired.compare(rows, ["vae", "pe"])
    assert found["verdict"] == "worse"


def test_a_difference_that_changes_sign_is_a_tie():
    rows = judged(pe=[0.9, 0.1] * 10, vae=[0.1, 0.8] * 10)
    (found,) = paired.compare(rows, ["pe", "vae"])
    assert found["low"] < 0 < found["high"] and found["verdict"] == "tie"
    assert paired.best([found], ["pe", "vae"]) == ["pe", "vae"]


def test_one_does_best_where_all_others_are_beaten():
    shares = {"a": [0.9] * 5, "b": [0.5] * 5, "c": [0.5] * 5}
    rows = paired.compare(judged(**shares), ["b", "a", "c"])
    verdicts = {(row["label"], row["other"]): row["verdict"] for row in rows}
    assert verdicts == {("b", "a"): "worse", ("b", "c"): "tie", ("a", "c"): "better"}
    assert paired.best(rows, ["b", "a", "c"]) == ["a"]


def test_only_queries_that_both_answer_count():
    rows = judged(pe=[0.5, None, 1.0], vae=[0.5, 0.4, None])
    (found,) = paired.compare(rows, ["pe", "vae"])
    assert (found["queries"], found["difference"]) == (1, 0.0)
    assert paired.compare(judged(pe=[None], vae=[1.0]), ["pe", "vae"]) == []


def test_the_interval_of_a_coin_is_that_of_a_mean():
    low, high = paired.interval([0.0, 1.0] * 50)
    # Standard deviation of the mean: 0.05.
    assert low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.01)
    assert high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.01)
