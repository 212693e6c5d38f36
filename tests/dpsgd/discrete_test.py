import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from teledp_jax.dpsgd import discrete

KEY = jax.random.key(3)
NOISE = jax.jit(discrete.noise, static_argnums=1)
WORDS = np.array([int(w[0]) for w in discrete._table().words], np.uint64)


def thresholds() -> list[int]:
    """The table's cumulative masses as whole numbers of 192 bits."""
    words = discrete._table().words.astype(object)
    places = [2 ** (32 * (words.shape[1] - 1 - i)) for i in range(words.shape[1])]
    return list(words @ np.array(places, object))


def test_masses_are_those_of_a_discrete_gaussian():
    found = thresholds()
    support = np.arange(-60_000, 60_001, dtype=np.float64)
    mass = np.exp(-(support**2) / (2 * discrete._PARAMETER**2))
    outcomes = np.arange(len(found) - 1) + discrete._table().lowest + 1
    expected = mass[60_000 + outcomes] / mass.sum()
    differences = np.diff(np.array(found, object)).astype(np.float64) / 2.0**192
    inside = np.abs(outcomes) < 9 * discrete._PARAMETER
    np.testing.assert_allclose(differences[inside], expected[inside], rtol=1e-9)


def test_the_table_reaches_as_far_as_192_bits_show():
    table = discrete._table()
    assert -17 * discrete._PARAMETER < table.lowest < -16 * discrete._PARAMETER
    outside = scipy.stats.norm.sf(-table.lowest / discrete._PARAMETER)
    assert outside < 2.0**-192
    # Twice two roundings of 17 * 2 * 900 + 2 thresholds: 1.22e5 * 2^-192 = 1.95e-53.
    assert discrete.MISSING == pytest.approx(1.95e-53, rel=1e-3)


def test_two_draws_make_one_of_a_wide_discrete_gaussian():
    # The factor of Poisson summation, of a small pair: s = 3 B with B = 4, s = 12.
    y = np.arange(-150, 151)
    narrow = np.exp(-(y**2) / (2 * 12.0**2))
    narrow /= narrow.sum()
    found = np.zeros(1501)
    for value, mass in zip(y, narrow, strict=True):
        found[750 + 4 * value - 150 : 750 + 4 * value + 151] += mass * narrow
    x = np.arange(-750, 751)
    wide = np.exp(-(x**2) / (2 * 12.0**2 * 17))
    inside = np.abs(x) < 300
    np.testing.assert_allclose(found[inside], (wide / wide.sum())[inside], rtol=1e-9)


def test_every_cell_of_the_guide_holds_its_words():
    rng = np.random.default_rng(0)
    edges = np.concatenate([WORDS, WORDS + 1, 2 ** np.arange(32), np.arange(5_000)])
    words = np.concatenate([rng.integers(0, 2**32, 10_000), edges, 2**32 - 1 - edges])
    words = (words.astype(np.uint64) % 2**32).astype(np.uint32)
    starts, stops = discrete._cell_bounds()
    cells = np.asarray(discrete._cell(jnp.asarray(words)))
    assert (starts[cells] <= words).all() and (words <= stops[cells]).all()


@pytest.mark.parametrize("value", [0, 1, 2**31, 2**32 - 1, int(WORDS[15_500])])
def test_ties_of_the_first_word_are_decided_by_the_others(value):
    found, rng = thresholds(), np.random.default_rng(value)
    first = np.full((2, discrete._ROW), value, np.uint32)
    more = rng.integers(0, 2**32, (5, *first.shape)).astype(np.uint32)
    index = np.asarray(discrete._search(jnp.asarray(first), jnp.asarray(more)))
    for row, place in ((0, 0), (0, 200), (1, 3), (1, 255)):
        uniform = value
        for word in more[:, row, place]:
            uniform = uniform * 2**32 + int(word)
        assert index[row, place] == sum(bound <= uniform for bound in found)


def test_outcomes_agree_with_a_search_of_the_whole_table():
    rng = np.random.default_rng(1)
    first = rng.integers(0, 2**32, (8, discrete._ROW)).astype(np.uint32)
    first[0] = rng.integers(0, 2**16, discrete._ROW)  # far in the lower tail
    first[1] = 2**32 - 1 - rng.integers(0, 2**16, discrete._ROW)
    untied = ~np.isin(first, WORDS.astype(np.uint32))
    found = np.asarray(discrete._outcomes(KEY, jnp.asarray(first)))
    expected = np.searchsorted(WORDS, first, side="right") + discrete._table().lowest
    np.testing.assert_array_equal(found[untied], expected[untied])
    assert untied.mean() > 0.9 and (found[0] < -4 * discrete._PARAMETER).all()


def test_a_first_word_of_nought_lies_in_a_tail_that_floats_lack():
    first = jnp.zeros((40, discrete._ROW), jnp.uint32)  # more rows than one turn draws
    found = np.asarray(discrete._outcomes(KEY, first)) / discrete._PARAMETER
    # Given that the first word is 0, the mass left is that below 2^-32.
    expected = scipy.stats.norm.isf(2.0**-32)
    assert -expected - 0.01 < found.max() < -expected + 0.01
    assert found.min() < -7 and len(np.unique(found)) > 500


def test_noise_has_the_stated_spread():
    drawn = np.asarray(NOISE(KEY, 200_000)).astype(np.float64)
    for scale, holds in ((0.97, False), (1.0, True), (1.03, False)):
        fit = scipy.stats.kstest(drawn / (discrete.SIGMA * scale), "norm")
        assert (fit.pvalue > 1e-3) == holds
    assert abs(drawn.mean()) < 5 * discrete.SIGMA / math.sqrt(len(drawn))


def test_low_digits_are_even():
    drawn = np.asarray(NOISE(jax.random.key(4), 200_000))
    for modulus in (2, 3, 16, 300):
        counts = np.bincount(drawn % modulus, minlength=modulus)
        assert scipy.stats.chisquare(counts).pvalue > 1e-3


def test_equal_keys_draw_the_same_and_others_do_not():
    first, again = NOISE(KEY, 1_000), NOISE(KEY, 1_000)
    other = NOISE(jax.random.key(5), 1_000)
    assert (first == again).all() and (first != other).mean() > 0.99
