import pytest

from teledp_jax.audit import accountants
from teledp_jax.privacy import findings


def test_the_closed_form_gaussian_gives_known_values():
    # Noise 4.2247 for epsilon 1, delta 1e-5 has the classical formula 4.84; the
    # analytic one is 3.7306 (Balle and Wang 2018).
    assert accountants.exact_gaussian(3.730632, 1e-5) == pytest.approx(1.0, abs=1e-4)
    assert accountants.exact_gaussian(1e4, 1e-3) == 0.0


def test_a_sampled_step_that_draws_everyone_is_a_gaussian():
    sampled = accountants.exact_sampled_step(1.0, 1.5, 1e-5)
    assert sampled == pytest.approx(accountants.exact_gaussian(1.5, 1e-5), abs=1e-6)


def test_accountants_agree_and_a_wrong_one_would_not():
    rows = accountants.check(large=False)
    assert [row.verdict for row in rows] == [findings.HOLDS] * 4
    assert "PRV" in rows[3].method
    low = accountants._above("halved", [(0.5, 1.0)])
    assert low.verdict == findings.FAILS
