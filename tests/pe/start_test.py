import numpy as np
import pytest

from teledp_jax.pe import start, trees

COLUMNS = trees.Columns(np.array([200, 3]), np.array([True, False]))


def private(count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    strata = rng.integers(2, size=count)
    low = rng.integers(0, 50, count)
    numbers = np.where(strata == 0, low, low + 150)
    return np.column_stack([numbers, rng.integers(3, size=count)]), strata


def test_a_device_adds_one_to_one_cell_of_each_column():
    codes, strata = private()
    whole = start.histograms(COLUMNS, codes, strata, 2)
    less = start.histograms(COLUMNS, codes[1:], strata[1:], 2)
    assert len(whole) == 2 * 64 + 2 * 3
    assert sorted((whole - less)[whole != less]) == [1, 1]


def test_shares_follow_what_was_counted():
    codes, strata = private()
    exact = start.histograms(COLUMNS, codes, strata, 2)
    first, second = start.shares(COLUMNS, exact, 2, sigma=1.0)
    np.testing.assert_allclose(first.sum(axis=1), 1.0)
    assert first[0, :16].sum() > 0.99 and first[1, 48:].sum() > 0.99
    np.testing.assert_allclose(second, 1 / 3, atol=0.02)


def test_noise_without_data_makes_no_shape():
    rng = np.random.default_rng(1)
    noisy = np.rint(rng.normal(300, 20, 2 * 64 + 2 * 3)).astype(np.int64)
    first, _ = start.shares(COLUMNS, noisy, 2, sigma=20.0)
    assert np.abs(64 * first - 1).max() < 0.2


def test_codes_share_the_mass_of_their_cell():
    table = np.zeros((2, 64))
    table[0, 5] = table[1, 63] = 1.0
    first, second = start.by_code(COLUMNS, [table, np.full((2, 3), 1 / 3)])
    for stratum, cell in ((0, 5), (1, 63)):
        codes = np.flatnonzero(first[stratum])
        np.testing.assert_array_equal(codes * 64 // 200, cell)
        np.testing.assert_allclose(first[stratum, codes], 1 / len(codes))
    np.testing.assert_allclose(second, 1 / 3)


@pytest.mark.parametrize("sizes", [(2, 2), (64, 65), (1000, 7)])
def test_every_code_belongs_to_one_cell(sizes):
    columns = trees.Columns(np.array(sizes), np.array([True, True]))
    codes = np.column_stack([np.arange(max(sizes)) % size for size in sizes])
    counted = start.histograms(columns, codes, np.zeros(len(codes), np.int64), 1)
    assert counted.sum() == 2 * len(codes)
    parts = start.by_code(columns, start.shares(columns, counted, 1, sigma=0.01))
    for shares, size in zip(parts, sizes, strict=True):
        assert shares.shape == (1, size)
        np.testing.assert_allclose(shares.sum(), 1.0)
