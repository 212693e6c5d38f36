import numpy as np
import pytest
import scipy.stats

from teledp_jax.suites import draws


def make(num_rows: int, *, seed: int = 0, purpose: str = "test") -> draws.Draws:
    return draws.Draws(seed, purpose, np.arange(num_rows))


def test_uniform_draws_are_uniform_and_inside_the_unit_interval():
    uniform = make(20_000).uniform("x")
    assert uniform.min() > 0.0
    assert uniform.max() < 1.0
    assert scipy.stats.kstest(uniform, "uniform").pvalue > 0.001


def test_draws_of_other_names_purposes_and_seeds_are_unrelated():
    first = make(20_000).normal("x")
    for other in (
        make(20_000).normal("y"),
        make(20_000, purpose="other").normal("x"),
        make(20_000, seed=1).normal("x"),
    ):
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.03


def test_neighbouring_devices_and_rows_are_unrelated():
    uniform = make(20_000).uniform("x")
    assert abs(np.corrcoef(uniform[1:], uniform[:-1])[0, 1]) < 0.03
    rows = draws.Draws(0, "test", np.zeros(20_000, dtype=int), np.arange(20_000))
    uniform = rows.uniform("x")
    assert scipy.stats.kstest(uniform, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(uniform[1:], uniform[:-1])[0, 1]) < 0.03


def test_a_draw_depends_on_its_device_alone():
    ids = np.array([7, 3, 99])
    chosen = draws.Draws(0, "test", ids).bits("x")
    np.testing.assert_array_equal(chosen, make(100).bits("x")[ids])


@pytest.mark.parametrize("rate", [0.3, 4.0, 29.0, 80.0])
def test_poisson_counts_have_mean_and_variance_of_their_rate(rate):
    counts = make(20_000).poisson("n", np.full(20_000, rate))
    tolerance = 5.0 * np.sqrt((rate + 2.0 * rate**2) / 20_000)
    assert abs(counts.mean() - rate) < tolerance
    assert abs(counts.var() - rate) < tolerance + 0.1


def test_choice_follows_the_weights_of_each_kind():
    choice = draws.Choice([[1, 3, 0], [0, 0, 1]])
    uniform = np.array([0.1, 0.24, 0.26, 0.99, 0.5])
    kind = np.array([0, 0, 0, 0, 1])
    np.testing.assert_array_equal(choice.pick(uniform, kind), [0, 0, 1, 1, 2])


def test_unfold_numbers_the_rows_of_each_device():
    device, number = draws.unfold(np.array([2, 0, 3]))
    np.testing.assert_array_equal(device, [0, 0, 2, 2, 2])
    np.testing.assert_array_equal(number, [0, 1, 0, 1, 2])
