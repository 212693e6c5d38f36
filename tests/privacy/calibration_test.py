import dp_accounting
import pytest

from teledp_jax import errors
from teledp_jax.privacy import accounting, budgets, calibration, events, split


def make_budget(epsilon, spent=None):
    spent = spent or dp_accounting.NoOpDpEvent()
    return budgets.Budget(epsilon=epsilon, delta=1e-5, spent=spent, num_devices=100)


@pytest.mark.parametrize("epsilon", [0.3, 4.0])
def test_the_closed_form_is_one_gaussian(epsilon):
    found = dp_accounting.GaussianDpEvent(calibration.gaussian(epsilon, 1e-5))
    assert accounting.epsilon_pld(found, 1e-5) == pytest.approx(epsilon, rel=2e-3)


@pytest.fixture
def asked(monkeypatch):
    """Grids on which the accountant was asked."""
    found = []
    true = accounting.epsilon_on

    def spy(event, delta, interval):
        found.append(interval)
        return true(event, delta, interval)

    monkeypatch.setattr(accounting, "epsilon_on", spy)
    return found


@pytest.mark.parametrize("epsilon", [0.01, 4.0, 100.0, 1000.0])
def test_few_questions_find_the_noise_of_any_budget(epsilon, asked):
    spent = events.DiscreteGaussianDpEvent(max(20.0, 15 / epsilon))
    parts = [split.Counts("counts", 40, 0.5), split.Choices("choices", 100, 0.5)]
    found = split.calibrate(parts, make_budget(epsilon, spent)).event
    exact = accounting.interval(epsilon)
    assert asked.count(exact) <= 12 and len(asked) <= 30
    whole = dp_accounting.ComposedDpEvent([spent, found])
    assert 0.998 * epsilon < accounting.epsilon_pld(whole, 1e-5) <= epsilon


def test_noise_that_costs_nothing_ends_the_search():
    free = calibration.calibrate(
        lambda noise: dp_accounting.NoOpDpEvent(), make_budget(1.0)
    )
    assert 0 < free < 1e-5


def test_a_delta_that_nothing_meets_is_refused_at_once(asked):
    own = dp_accounting.GaussianDpEvent
    budget = budgets.Budget(
        epsilon=1.0,
        delta=1e-9,
        spent=events.ThresholdDpEvent(1e-6),
        num_devices=1,
    )
    with pytest.raises(errors.InputError, match="no noise meets it"):
        calibration.calibrate(own, budget)
    assert len(asked) < 15


@pytest.mark.parametrize("epsilon", [0.5, 4.0])
def test_calibration_meets_the_budget_and_wastes_nothing(epsilon):
    spent = events.DiscreteGaussianDpEvent(20.0)
    noise = calibration.calibrate(
        dp_accounting.GaussianDpEvent, make_budget(epsilon, spent=spent)
    )

    def cost(multiplier):
        event = dp_accounting.GaussianDpEvent(multiplier)
        return accounting.epsilon_pld(
            dp_accounting.ComposedDpEvent([spent, event]), 1e-5
        )

    assert cost(noise) <= epsilon < cost(noise * 0.995)


def test_calibration_of_many_sampled_steps_wastes_nothing():
    def make_event(multiplier):
        gaussian = dp_accounting.GaussianDpEvent(multiplier)
        step = dp_accounting.PoissonSampledDpEvent(0.04, gaussian)
        return dp_accounting.SelfComposedDpEvent(step, 250)

    noise = calibration.calibrate(make_event, make_budget(4.0))
    assert 3.99 < accounting.epsilon_pld(make_event(noise), 1e-5) <= 4.0


def test_a_spent_budget_cannot_be_met():
    spent = dp_accounting.GaussianDpEvent(0.5)
    with pytest.raises(errors.InputError, match="no noise meets it"):
        calibration.calibrate(
            dp_accounting.GaussianDpEvent, make_budget(1.0, spent=spent)
        )
