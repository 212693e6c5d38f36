import dp_accounting
import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats

from teledp_jax.audit import bounds, fleets, plain_model, replay, whitebox
from teledp_jax.dpsgd import sampling
from teledp_jax.privacy import findings


def test_the_gradient_of_a_record_is_the_record():
    found = plain_model.line(num_heads=3, sampling_prob=1.0, noise_multiplier=1.0)
    params = found.model.init(jax.random.key(0))
    records = found.model.inputs(jnp.array([[1, 2, 3], [4, 5, 6]]), jax.random.key(0))

    def loss(params):
        return found.model.losses(params, records).sum()

    np.testing.assert_array_equal(jax.grad(loss)(params)["w"], [5, 7, 9])


def test_the_event_is_that_of_the_training():
    def event(**fields):
        return plain_model.event_of(plain_model.line(num_heads=1, **fields).recipe)

    gaussian = dp_accounting.GaussianDpEvent(0.8)
    assert event(sampling_prob=1.0, noise_multiplier=0.8) == gaussian
    rate = sampling.exact_probability(0.25)
    sampled = dp_accounting.PoissonSampledDpEvent(rate, gaussian)
    assert event(sampling_prob=0.25, noise_multiplier=0.8) == sampled
    several = event(sampling_prob=0.25, noise_multiplier=0.8, num_steps=4)
    assert several == dp_accounting.SelfComposedDpEvent(sampled, 4)


def test_a_step_moves_by_the_clipped_gradient_and_noise():
    found = plain_model.line(num_heads=1, sampling_prob=1.0, noise_multiplier=0.5)
    absent, present = whitebox.step_draws(found, 500, seed=3)
    # The device's gradient of 200 is clipped to 1; the noise has 0.5 of the bound.
    for draws, mean in ((absent, 0.0), (present, 1.0)):
        assert scipy.stats.kstest(draws, scipy.stats.norm(mean, 0.5).cdf).pvalue > 1e-3


def test_integers_of_a_method_keep_their_claim_and_less_noise_does_not():
    case = fleets.case("histogram")
    pairs = replay.pairs(case, fleet_sizes=(6,))
    (row,) = whitebox.integers(case, pairs, num_draws=2000)
    assert row.verdict == findings.HOLDS and row.audit == whitebox.INTEGERS

    def fainter(key, values, sigma):
        noise = jax.random.normal(key, values.shape) * sigma / 4
        return values + np.asarray(noise).round().astype(values.dtype)

    (row,) = whitebox.integers(case, pairs, num_draws=2000, noise=fainter)
    assert row.verdict != findings.HOLDS


def test_a_point_of_a_curve_above_its_claim_fails():
    for measured, holds in ((0.9, True), (1.1, False)):
        curve = bounds.Curve(delta=1e-2, measured=measured, claimed=1.0)
        row = whitebox.curve_finding("a", "b", curve)
        assert (row.verdict == findings.HOLDS) == holds
        assert row.measured == f"epsilon at least {measured:.3f} (delta 0.01)"
