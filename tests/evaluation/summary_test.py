"""What `summary.json` says of a label."""

from teledp_jax import runs
from teledp_jax.evaluation import summary


def test_privacy_and_cost_are_null_where_unknown(tmp_path):
    run = runs.Run(tmp_path)
    assert set(summary.privacy_and_cost(run, "pe").values()) == {None}
    runs.write_json(run.ledger, {"pe": {"epsilon_pld": 3.9, "delta": 1e-5}})
    runs.write_json(run.cost("pe"), {"fit_seconds": 2.0, "other": 1})
    found = summary.privacy_and_cost(run, "pe")
    assert (found["epsilon"], found["delta"]) == (3.9, 1e-5)
    assert found["fit_seconds"] == 2.0 and found["sample_seconds"] is None
    assert set(found) == {"epsilon", "delta", *summary.COSTS}


def test_no_query_has_no_mean():
    found = summary.summarize([], {}, {}, {}, {})
    assert (found["evaluated"], found["passed"]) == (0, 0)
    assert found["mean_score"] is None and found["not_evaluated"] == []
