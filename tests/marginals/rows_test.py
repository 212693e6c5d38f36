import numpy as np

from teledp_jax import arrays
from teledp_jax.marginals import measure, rows
from tests import toys

SCHEMA = toys.schema(
    toys.anchor("info", toys.category("a", "x", "y")),
    toys.entity("errors", toys.category("e", "p", "q"), rows=4, by="e"),
)
# 1,000 devices have one row, 600 two, 300 three and 100 four, in three buckets.
COUNTS = [
    np.array([0, 5000, 5000]),
    np.array([8000, 1000, 600, 300, 100]),
    np.array([0, 1000, 0, 0, 300, 300, 0, 100, 300]),
]


def test_rows_of_a_bucket_stand_for_its_mean_number():
    totals = rows.totals(SCHEMA, COUNTS, sigma=2.0)
    counts, stddev = totals["errors", 0]
    # The last bucket has 3.25 rows per device.
    np.testing.assert_allclose(counts, [0, 1000 + 600 + 325, 600 + 975], rtol=1e-5)
    np.testing.assert_allclose(stddev, 2.0 * (1 + 4 + 3.25**2) ** 0.5, rtol=1e-5)
    counts, stddev = totals["info", 0]
    assert counts.tolist() == [0, 5000, 5000]
    assert stddev == 2.0


def test_shares_are_over_rows():
    shares = rows.shares(SCHEMA, COUNTS, sigma=1e-3)
    np.testing.assert_allclose(
        shares["errors", 0], np.array([0, 1925, 1575]) / 3500, atol=1e-3
    )
    np.testing.assert_allclose(shares["errors", -1], COUNTS[1] / 10_000, atol=1e-3)
    assert len(shares) == len(measure.pooled_vectors(SCHEMA))


def test_a_fleet_without_rows_stops_nothing():
    empty = [np.zeros_like(counts) for counts in COUNTS]
    for values in rows.shares(SCHEMA, empty, sigma=1.0).values():
        np.testing.assert_allclose(values.sum(), 1.0)
    counts, stddev = rows.totals(SCHEMA, empty, sigma=1.0)["errors", 0]
    assert np.isfinite(stddev)
    assert not counts.any()


def test_devices_whose_rows_repeat_a_code_are_counted_once():
    codes = np.array([[1, 1, 2, 2], [1, 2, 0, 0], [1, 1, 1, 0], [2, 0, 0, 0]])
    mask = np.arange(4)[None] < np.array([[4], [2], [3], [1]])
    devices = {
        "info": arrays.from_padded(np.ones((4, 1, 1), np.uint8), np.ones((4, 1), bool)),
        "errors": arrays.from_padded(codes[..., None].astype(np.uint8), mask),
    }
    assert rows.repeatable(SCHEMA) == (("errors", 0),)
    found = rows.repeat_counts(SCHEMA, devices)
    assert found.tolist() == [2]
    shares = rows.repeat_shares(SCHEMA, COUNTS, np.array([250]))
    assert shares == {("errors", 0): 0.25}
