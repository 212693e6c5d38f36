import numpy as np
import pytest

from teledp_jax import errors
from teledp_jax.pe import embedding, voting
from tests import toys


def _plain(distance, left, right):
    apart = np.abs(left[:, None, :].astype(np.int64) - right[None, :, :])
    return np.minimum(apart, distance.caps).sum(axis=2)


@pytest.fixture
def distance(schema):
    return embedding.make(schema, embedding.head_weights(schema))


def test_distances_are_those_worked_by_hand():
    size = toys.number("size", *range(6))
    schema = toys.schema(toys.anchor("base", toys.KIND, size))
    distance = embedding.make(schema, np.ones(2))
    assert distance.caps.tolist() == [64, 64]
    points = distance.embed(np.array([[1, 1], [3, 1], [1, 3], [1, 5], [0, 0]]))
    expected = [0, 64, 32, 64, 128]  # same; category; 2 of 4 bins; 4 of 4; both absent
    assert _plain(distance, points[:1], points)[0].tolist() == expected


def test_votes_are_those_worked_by_hand(schema, distance, records):
    candidates = records(0, 3)
    devices = candidates[[2, 0, 2, 2]]
    chosen = voting.nearest(distance, devices, candidates)
    np.testing.assert_array_equal(voting.count_votes(chosen, 3), [1, 0, 3])


@pytest.mark.parametrize("use_matmul", [False, True])
@pytest.mark.parametrize("num_candidates", [1, 37, 1100])
def test_nearest_is_exact(distance, records, use_matmul, num_candidates):
    devices, candidates = records(1, 203), records(2, num_candidates)
    apart = _plain(distance, distance.embed(devices), distance.embed(candidates))
    chosen = voting.nearest(distance, devices, candidates, use_matmul=use_matmul)
    np.testing.assert_array_equal(chosen, apart.argmin(axis=1))


@pytest.mark.parametrize("use_matmul", [False, True])
@pytest.mark.parametrize(("chunk", "copies"), [(7, 3), (64, 3), (5000, 3), (64, 200)])
def test_ties_go_to_the_lowest_index_whatever_the_chunk(
    distance, records, chunk, copies, use_matmul
):
    devices = records(1, 150)
    candidates = np.concatenate([records(2, 9)] * copies)  # 200: more than one block
    apart = _plain(distance, distance.embed(devices), distance.embed(candidates))
    chosen = voting.nearest(
        distance, devices, candidates, chunk=chunk, use_matmul=use_matmul
    )
    assert chosen.max() < 9
    np.testing.assert_array_equal(chosen, apart.argmin(axis=1))


def test_a_device_that_joins_adds_one_unit_vote(distance, records):
    devices, candidates = records(3, 80), records(4, 11)
    votes = voting.count_votes(voting.nearest(distance, devices, candidates), 11)
    for left_out in range(0, 80, 9):
        fewer = np.delete(devices, left_out, axis=0)
        less = voting.count_votes(voting.nearest(distance, fewer, candidates), 11)
        assert votes.dtype == less.dtype == np.int64
        assert (votes - less).min() == 0
        assert (votes - less).sum() == 1


def test_no_devices_cast_no_votes(distance, records):
    chosen = voting.nearest(distance, records(0, 5)[:0], records(0, 4))
    assert voting.count_votes(chosen, 4).tolist() == [0, 0, 0, 0]


def test_a_schema_too_wide_for_sixteen_bits_is_refused():
    columns = tuple(toys.category(f"c{i}", "a", "b") for i in range(9000))
    schema = toys.schema(toys.anchor("base", *columns))
    with pytest.raises(errors.InputError, match="too many for voting"):
        embedding.make(schema, np.ones(9000))


def test_a_focus_keeps_every_column_in_the_distance(schema):
    full = embedding.head_weights(schema)
    weights = embedding.focused(np.random.default_rng(0), full, 0.3)
    assert (embedding.make(schema, weights).caps > 0).all()
    assert 0 < (weights == full).sum() < len(full)
