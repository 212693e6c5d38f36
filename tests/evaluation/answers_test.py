import math

import pytest

from teledp_jax.evaluation import answers, judgement
from teledp_jax.queries import catalog, groups, run
from tests.queries import fleet

DEVICES = {("DE",): 60, ("FR",): 80, ("US",): 40, groups.WHOLE: 180}


def query(tmp_path, **changes):
    text = fleet.BY_COUNTRY
    for old, new in changes.values():
        text = text.replace(old, new)
    suite = fleet.suite(tmp_path, crashes_by_country=text)
    (found,) = catalog.load(suite.folder / "queries")["stability"]
    return found


def result(*rows):
    return run.Result(("country", "num_devices", "mean_crashes"), rows)


REAL = result(("DE", 60, 2.0), ("FR", 80, None), ("US", 40, 1.0))


def judge(one, synthetic, **options):
    return answers.judge(one, REAL, synthetic, DEVICES, min_devices=50, **options)


def test_an_answer_is_a_value_of_a_group_with_enough_devices(tmp_path):
    found = judge(query(tmp_path), result(("DE", 75, 2.6), ("FR", 0, 1.0)))
    # The United States have 40 devices; France has no mean in the real result.
    assert [(a.column, a.key, a.devices) for a in found] == [
        ("num_devices", ("DE",), 60),
        ("num_devices", ("FR",), 80),
        ("mean_crashes", ("DE",), 60),
    ]
    assert [a.error for a in found] == pytest.approx([0.25, 1.0, 0.3])
    assert [a.right for a in found] == [True, False, False]


def test_what_only_the_synthetic_result_lacks_is_wrong(tmp_path):
    for synthetic in (result(("US", 40, 1.0)), result(), None):
        found = judge(query(tmp_path / str(id(synthetic))), synthetic)
        assert [a.error for a in found] == [math.inf] * 3


def test_one_bad_column_cannot_hide_behind_coverage(tmp_path):
    one = query(tmp_path)
    found = judge(one, result(("DE", 60, 9.0), ("FR", 80, 1.0)))
    row = judgement.row(
        "pe", one, found, {}, real=REAL, synthetic=REAL, devices=DEVICES, min_devices=50
    )
    assert row["share_right"] == pytest.approx(2 / 3) and not row["trusted"]
    assert row["coverage"] == 1.0


@pytest.mark.parametrize(
    ("metric", "tolerance"),
    [
        ("relative_error, threshold: 0.1", 0.1),
        ("total_variation, threshold: 0.15", 0.25),
        ("spearman, threshold: 0.5", 0.25),
        ("spearman, threshold: 0.5, tolerance: 0.4", 0.4),
        ("agreement, threshold: 0.5", 0.0),
    ],
)
def test_the_tolerance_follows_from_the_header(tmp_path, metric, tolerance):
    one = query(tmp_path, metric=("relative_error, threshold: 0.25", metric))
    assert [value.tolerance for value in one.values] == [tolerance] * 2


def test_a_whole_column_is_one_answer_of_all_devices(tmp_path):
    one = query(
        tmp_path,
        rows=("num_devices: {metric: relative_error", "rows: {metric: row_count"),
        mean=(
            "mean_crashes: {metric: relative",
            "mean_crashes: {metric: mean_relative",
        ),
        shown=("devices: num_devices", "devices: SELECT guid, country FROM devices"),
    )
    rows, mean = judge(one, result(("DE", 1, 3.0), ("US", 1, 3.0)))
    assert (rows.devices, rows.real, rows.synthetic) == (180, 3, 2)
    assert rows.error == pytest.approx(1 / 3)
    assert (mean.key, mean.real, mean.synthetic) == (groups.WHOLE, 1.5, 3.0)
    assert mean.error == 1.0
    assert answers.key_text(one, mean.key) == "{}"


def test_the_other_half_is_held_to_the_first(tmp_path):
    truth = result(("DE", 30, 2.0))
    found = judge(query(tmp_path), result(("DE", 33, 2.0), ("FR", 1, 1)), truth=truth)
    assert [a.error for a in found] == pytest.approx([0.1, math.inf, 0.0])


def test_the_percentile_is_a_value_that_may_be_infinite():
    values = [0.1 * i for i in range(10)]
    assert judgement.percentile(values, 0.9) == pytest.approx(0.8)
    assert judgement.percentile([*values[:8], math.inf, math.inf], 0.9) == math.inf
    assert judgement.percentile([], 0.9) is None
