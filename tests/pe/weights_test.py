import numpy as np

from teledp_jax.pe import weights


def test_votes_that_the_pool_expects_change_nothing():
    chosen = np.array([0, 0, 0, 1])
    before = np.full(4, 0.25)
    after = weights.reweight(before, chosen, np.array([7500, 2500]), sigma=3.0)
    np.testing.assert_allclose(after, before)


def test_votes_correct_density_and_not_cell_size():
    chosen = np.array([0, 0, 0, 1])
    after = weights.reweight(
        np.full(4, 0.25), chosen, np.array([500_000, 500_000]), sigma=1.0
    )
    np.testing.assert_allclose(after, [1 / 6, 1 / 6, 1 / 6, 1 / 2], rtol=1e-3)


def test_votes_below_the_noise_change_little():
    chosen = np.array([0, 1])
    after = weights.reweight(np.full(2, 0.5), chosen, np.array([-3, 13]), sigma=1000.0)
    np.testing.assert_allclose(after, [0.5, 0.5], atol=1e-3)


def test_many_votes_that_show_noise_alone_change_nothing():
    generator = np.random.default_rng(0)
    chosen = np.repeat(np.arange(1000), 4)
    before = np.full(4000, 1 / 4000)
    noisy = 70 + np.rint(12 * generator.normal(size=1000)).astype(int)
    after = weights.reweight(before, chosen, noisy, sigma=12.0)
    assert np.abs(after / before - 1).max() < 0.1
    # Twice as many votes for half of them is no noise, though each is uncertain.
    clear = noisy + np.where(np.arange(1000) < 500, 70, 0)
    after = weights.reweight(before, chosen, clear, sigma=12.0)
    assert after[:2000].sum() / after[2000:].sum() > 1.7


def test_raking_meets_the_shares():
    generator = np.random.default_rng(0)
    cells = generator.integers(3, size=(500, 2))
    margins = [
        weights.Margin(cells[:, :1], np.array([0.2, 0.3, 0.5])),
        weights.Margin(cells[:, 1:], np.array([0.6, 0.3, 0.1])),
    ]
    raked = weights.rake(np.full(500, 1 / 500), margins, num_sweeps=20)
    for column, margin in enumerate(margins):
        held = np.bincount(cells[:, column], raked)
        np.testing.assert_allclose(held, margin.shares, atol=1e-6)


def test_raking_spreads_a_record_over_its_rows():
    cells = np.array([[0, 1], [1, -1], [2, -1]])
    shares = np.array([0.2, 0.4, 0.4])
    raked = weights.rake(
        np.full(3, 1 / 3), [weights.Margin(cells, shares)], num_sweeps=200
    )
    np.testing.assert_allclose(raked, [0.4, 0.2, 0.4], atol=1e-3)


def test_votes_all_below_zero_leave_equal_weights():
    np.testing.assert_allclose(weights.positive(np.array([-3, -1])), [0.5, 0.5])


def test_draws_follow_the_weights():
    drawn = weights.draw(np.random.default_rng(0), np.array([0.25, 0.0, 0.75]), 8)
    assert np.bincount(drawn).tolist() == [2, 0, 6]
