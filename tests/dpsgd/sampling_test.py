import jax
import numpy as np
import pytest
import scipy.stats

from teledp_jax.dpsgd import sampling


def draw(seed, num_devices=1000, sampling_prob=0.1, micro_batch=32):
    return sampling.draw(
        jax.random.key(seed),
        num_devices,
        sampling_prob=sampling_prob,
        micro_batch=micro_batch,
    )


def test_probability_is_that_of_the_threshold():
    assert sampling.threshold(0.25) == 2**30
    assert sampling.exact_probability(0.25) == 0.25
    assert sampling.exact_probability(1.0) == (2**32 - 1) / 2**32
    assert sampling.exact_probability(1e-30) == 2.0**-32


def test_each_device_is_drawn_as_often_as_stated():
    draws = jax.vmap(
        lambda key: sampling.draw(key, 50, sampling_prob=0.3, micro_batch=16)
    )(jax.random.split(jax.random.key(0), 2000))
    sizes = np.asarray(draws.num_drawn)
    times = np.bincount(np.asarray(draws.slots).ravel(), minlength=51)[:50]
    for count, trials in ((times, 2000), (sizes, 50)):
        spread = np.sqrt(trials * 0.3 * 0.7)
        assert abs(count.mean() / trials - 0.3) < 0.01
        assert 0.7 * spread < count.std() < 1.4 * spread
    below = (sizes[:, None] <= np.arange(51)).mean(0)
    assert np.abs(below - scipy.stats.binom(50, 0.3).cdf(np.arange(51))).max() < 0.05


@pytest.mark.parametrize("micro_batch", [1, 7, 32, 5000])
def test_micro_batches_hold_each_drawn_device_once(micro_batch):
    drawn = draw(1, micro_batch=micro_batch)
    found = []
    for i in range(int(sampling.num_micro_batches(drawn, micro_batch))):
        index, mask = sampling.take(drawn, jax.numpy.int32(i), micro_batch)
        assert index.shape == (micro_batch,)
        found += np.asarray(index)[np.asarray(mask)].tolist()
    words = jax.random.bits(jax.random.key(1), (1000,), "uint32")
    expected = np.flatnonzero(np.asarray(words) < round(0.1 * 2**32))
    assert found == expected.tolist()


def test_an_empty_draw_has_no_micro_batches():
    drawn = draw(0, sampling_prob=1e-30)
    assert int(drawn.num_drawn) == 0
    assert int(sampling.num_micro_batches(drawn, 32)) == 0


def test_a_full_draw_is_not_cut():
    drawn = draw(0, num_devices=100, sampling_prob=1.0, micro_batch=32)
    assert int(drawn.num_drawn) == 100
    assert int(sampling.num_micro_batches(drawn, 32)) == 4
