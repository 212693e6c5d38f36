from teledp_jax import runs
from teledp_jax.data import quality

COUNT = quality.Count("crashes", "guid", "orphan", 3)


def test_counts_of_a_stage_replace_its_earlier_ones_and_no_others(tmp_path):
    path = tmp_path / "quality.csv"
    clamped = quality.Count("crashes", "weight", "clamped_high", 1)
    quality.record(
        path, [COUNT, quality.Count("apps", "guid", "orphan", 9)], rules=["orphan"]
    )
    quality.record(path, [clamped], rules=["clamped_high"])
    quality.record(path, [COUNT], rules=["orphan"])
    assert runs.read_csv(path) == [
        {"table": "crashes", "column": "weight", "rule": "clamped_high", "count": "1"},
        {"table": "crashes", "column": "guid", "rule": "orphan", "count": "3"},
    ]


def test_counts_of_zero_are_left_out(tmp_path):
    path = tmp_path / "quality.csv"
    quality.record(path, [quality.Count("a", "b", "orphan", 0)], rules=["orphan"])
    assert runs.read_csv(path) == []
