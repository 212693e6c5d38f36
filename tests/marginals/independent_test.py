import jax
import numpy as np
import pytest

from teledp_jax import arrays, schemas
from teledp_jax.marginals import independent, measure
from tests import toys


def _schema() -> schemas.Schema:
    kind = toys.category("kind", "a", "b")
    size = toys.number("size", 0, 1, 2, has_zero=True)
    return toys.schema(
        toys.anchor("base", kind),
        toys.group("rare", size),
        toys.entity("apps", kind, size, rows=4, by="size"),
    )


def _exact_model(codes: np.ndarray) -> dict[str, np.ndarray]:
    devices = arrays.unflatten(_schema(), codes)
    counts = measure.pooled_counts(jax.random.key(0), _schema(), devices)
    return independent.estimate(_schema(), counts, sigma=1e-6)


def test_counts_far_above_the_noise_become_their_shares():
    shares = independent.smooth(np.array([100, 300, 600]), sigma=1.0, first_ordinal=1)
    np.testing.assert_allclose(shares, [0.1, 0.3, 0.6])


def test_a_noisy_tail_keeps_its_total_and_falls():
    noisy = np.array([0, 1000, 400, 7, -2, 5, 2])
    shares = independent.smooth(noisy, sigma=5.0, first_ordinal=1)
    tail = shares[3:] / shares[1] * 1000
    np.testing.assert_allclose(tail.sum(), 12.0)
    assert (np.diff(shares[2:]) < 0).all()
    assert (shares >= 0).all()


def test_low_cells_between_two_neighbours_lie_between_them_in_shape():
    noisy = np.array([0, 1000, 2, 4, 3, 20])
    shares = independent.smooth(noisy, sigma=5.0, first_ordinal=1)
    np.testing.assert_allclose(shares[2:5].sum() / shares[1], 9 / 1000)
    ratios = shares[3:5] / shares[2:4]
    np.testing.assert_allclose(ratios, ratios[0])


def test_low_categories_keep_their_total_and_are_not_negative():
    noisy = np.array([0, 900, 12, -4, 4])
    shares = independent.smooth(noisy, sigma=5.0, first_ordinal=5)
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum() - shares[1], 12 / 912)


def test_nothing_above_zero_gives_equal_shares():
    shares = independent.smooth(np.array([-3, -1]), sigma=4.0, first_ordinal=1)
    np.testing.assert_allclose(shares, [0.5, 0.5])


def test_samples_are_of_the_domain_and_meet_the_marginals():
    generator = np.random.default_rng(0)
    limits = np.array([head.num_codes for head in _schema().heads])
    codes = (generator.random((4000, len(limits))) ** 2 * limits).astype(np.uint8)
    codes = np.where(arrays.exists(_schema(), codes), codes, 0)
    drawn = independent.sample(jax.random.key(1), _schema(), _exact_model(codes), 4000)
    arrays.check(_schema(), drawn)
    again = arrays.flatten(_schema(), drawn)
    for head in (0, 1, 2, 3):
        real = np.bincount(codes[:, head], minlength=limits[head])
        found = np.bincount(again[:, head], minlength=limits[head])
        assert np.abs(real - found).max() <= 2


def test_rows_come_with_the_largest_first():
    codes = np.array([[1, 0, 0, 4, 1, 1, 1, 3, 1, 2, 1, 3]] * 50)
    drawn = independent.sample(jax.random.key(1), _schema(), _exact_model(codes), 50)
    apps = arrays.padded(drawn["apps"], _schema().table("apps").max_rows)
    sizes = apps.codes[:, :, 1].astype(int)
    assert (np.diff(sizes, axis=1) <= 0).all()


@pytest.mark.parametrize("count", [0, 1, 17])
def test_any_number_of_devices(count):
    codes = np.array([[1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]] * 5)
    drawn = independent.sample(jax.random.key(1), _schema(), _exact_model(codes), count)
    assert arrays.num_devices(drawn) == count
