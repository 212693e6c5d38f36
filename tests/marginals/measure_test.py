import jax
import numpy as np

from teledp_jax import arrays, schemas
from teledp_jax.marginals import measure
from tests import toys


def _schema() -> schemas.Schema:
    kind = toys.category("kind", "a", "b")
    size = toys.number("size", 0, 1, 2)
    return toys.schema(
        toys.anchor("base", kind),
        toys.group("rare", size),
        toys.entity("apps", kind, size, rows=4, by="size"),
    )


def _devices() -> arrays.DeviceArrays:
    codes = np.array(
        [
            [1, 1, 2, 2, 1, 1, 2, 1, 0, 0, 0, 0],
            [2, 0, 0, 1, 2, 2, 0, 0, 0, 0, 0, 0],
            [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ]
    )
    return arrays.unflatten(_schema(), codes)


def test_one_way_counts_are_those_worked_by_hand():
    counts = measure.one_way_counts(_schema(), _devices())
    expected = {
        0: [0, 1, 2],  # base.kind
        1: [1, 2],  # rows of rare
        2: [1, 0, 1],  # rare.size, over the two rows that exist
        3: [1, 1, 1, 0, 0],  # rows of apps
        4: [0, 1, 1],  # apps.kind of the first row
        5: [0, 1, 1],
        6: [0, 0, 1],
        7: [0, 1, 0],
        8: [0, 0, 0],
    }
    assert len(counts) == len(_schema().heads)
    for head, values in expected.items():
        assert counts[head].dtype == np.int64
        np.testing.assert_array_equal(counts[head], values)


def test_a_device_that_joins_changes_a_cell_by_one_in_each_vector():
    schema, devices = _schema(), _devices()
    key = jax.random.key(3)
    for left_out in range(3):
        kept = np.delete(np.arange(3), left_out)
        fewer = arrays.take(devices, kept)
        for more, less in zip(
            measure.one_way_counts(schema, devices),
            measure.one_way_counts(schema, fewer),
            strict=True,
        ):
            assert np.abs(more - less).sum() <= 1
    for count in range(3):
        alone = arrays.take(devices, slice(count, count + 1))
        for vector in measure.pooled_counts(key, schema, alone):
            assert vector.sum() <= 1


def test_pooled_counts_name_bucket_and_code():
    schema, devices = _schema(), _devices()
    vectors = measure.pooled_vectors(schema)
    counts = measure.pooled_counts(jax.random.key(0), schema, devices)
    assert [len(count) for count in counts] == [
        vector.num_buckets * vector.num_codes for vector in vectors
    ]
    kinds = counts[4].reshape(3, 3)
    assert kinds.sum() == 2
    assert kinds[0, 2] == 1  # the device with one row: kind b
    assert kinds[1].sum() == 1  # the device with two rows brings one of them


def test_a_row_is_drawn_uniformly_from_those_of_a_device():
    schema = _schema()
    many = arrays.take(_devices(), np.zeros(4000, np.int64))
    counts = measure.pooled_counts(jax.random.key(1), schema, many)
    kinds = counts[4].reshape(3, 3)
    assert abs(kinds[1, 1] - 2000) < 160  # five standard deviations


def test_buckets_of_numbers_of_rows():
    np.testing.assert_array_equal(
        measure.row_bucket(np.array([1, 2, 3, 4, 5, 8, 9])), [0, 1, 2, 2, 3, 3, 4]
    )


def test_shards_draw_the_rows_that_the_whole_draws():
    schema, key = _schema(), jax.random.key(3)
    codes = np.tile([1, 1, 2, 4, 1, 2, 2, 1, 1, 1, 2, 2], (40, 1))
    devices = arrays.unflatten(schema, codes)
    whole = measure.pooled_counts(key, schema, devices)
    for stop in (1, 6, 17):
        parts = [
            measure.pooled_counts(key, schema, arrays.take(devices, own), first=first)
            for own, first in ((slice(0, stop), 0), (slice(stop, None), stop))
        ]
        for one, two, both in zip(*parts, whole, strict=True):
            np.testing.assert_array_equal(one + two, both)
