import jax
import numpy as np
import pytest
import scipy.stats

from teledp_jax.dpsgd import sampling


def draw(seed, num_devices=1000, sampling_prob=0.1, **kwargs):
    return sampling.draw(
        jax.random.key(seed), num_devices, sampling_prob=sampling_prob, **kwargs
    )


def positions(drawn):
    return np.flatnonzero(np.asarray(drawn.drawn))


def test_probability_is_that_of_the_threshold():
    assert sampling.threshold(0.25) == 2**30
    assert sampling.exact_probability(0.25) == 0.25
    assert sampling.exact_probability(1.0) == (2**32 - 1) / 2**32
    assert sampling.exact_probability(1e-30) == 2.0**-32


def test_a_capacity_is_at_most_an_eighth_more_and_seldom_changes():
    found = [sampling.capacity(count) for count in range(40_000)]
    assert all(
        most >= count and most <= max(1.125 * count + 64, 64)
        for count, most in enumerate(found)
    )
    assert found == sorted(found) and len(set(found)) < 70
    assert sampling.capacity(1_000_000) == sampling.capacity(1_000_001) == 2**20


def test_places_beyond_a_fleet_are_not_drawn_and_change_no_draw():
    many = draw(0, 1000, num_places=1280)
    assert positions(many).max() < 1000
    np.testing.assert_array_equal(positions(many), positions(draw(0, 1000)))


def test_each_device_is_drawn_as_often_as_stated():
    draws = jax.vmap(lambda key: sampling.draw(key, 50, sampling_prob=0.3))(
        jax.random.split(jax.random.key(0), 2000)
    )
    drawn = np.asarray(draws.drawn).reshape(2000, -1)
    assert not drawn[:, 50:].any()
    times, sizes = drawn[:, :50].sum(0), drawn.sum(1)
    np.testing.assert_array_equal(draws.stops[:, -1], sizes)
    for count, trials in ((times, 2000), (sizes, 50)):
        spread = np.sqrt(trials * 0.3 * 0.7)
        assert abs(count.mean() / trials - 0.3) < 0.01
        assert 0.7 * spread < count.std() < 1.4 * spread
    below = (sizes[:, None] <= np.arange(51)).mean(0)
    assert np.abs(below - scipy.stats.binom(50, 0.3).cdf(np.arange(51))).max() < 0.05


def test_neighbours_are_drawn_apart_from_each_other():
    drawn = np.asarray(draw(3, num_devices=200_000, sampling_prob=0.3).drawn).ravel()
    for lag in (1, 2, sampling.BLOCK):
        found = np.corrcoef(drawn[lag:], drawn[:-lag])[0, 1]
        assert abs(found) < 4 / np.sqrt(len(drawn))


@pytest.mark.parametrize("micro_batch", [1, 7, 32, 5000])
def test_micro_batches_hold_each_drawn_device_once(micro_batch):
    drawn, found, start = draw(1), [], 0
    while start < int(drawn.num_drawn):
        index, mask = sampling.take(drawn, jax.numpy.int32(start), micro_batch)
        assert index.shape == (micro_batch,)
        found += np.asarray(index)[np.asarray(mask)].tolist()
        start += int(mask.sum())
    assert found == positions(drawn).tolist()
    assert 60 < len(found) < 140


def test_shards_draw_what_the_whole_draws():
    whole = positions(draw(0, num_devices=300)).tolist()
    shards = []
    for first in range(0, 384, 128):
        part = draw(0, num_devices=300, num_places=128, first=first)
        shards += (first + positions(part)).tolist()
    assert shards == whole


def test_an_empty_draw_has_no_devices():
    drawn = draw(0, sampling_prob=1e-30)
    assert int(drawn.num_drawn) == 0
    assert not sampling.take(drawn, jax.numpy.int32(0), 8)[1].any()


def test_a_full_draw_is_not_cut():
    drawn = draw(0, num_devices=100, sampling_prob=1.0)
    assert positions(drawn).tolist() == list(range(100))
