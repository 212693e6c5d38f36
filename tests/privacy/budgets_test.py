import dp_accounting
import pytest

from teledp_jax import errors
from teledp_jax.privacy import budgets


def test_nothing_is_spent_of_a_new_budget():
    budget = budgets.unspent(4.0, 1e-5)
    assert budget.spent == dp_accounting.NoOpDpEvent()
    assert (budget.epsilon, budget.delta, budget.num_devices) == (4.0, 1e-5, 1)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_an_epsilon_that_promises_nothing_is_refused(bad):
    with pytest.raises(errors.InputError, match=r"budget\.epsilon: "):
        budgets.check(bad, 1e-5)
    with pytest.raises(errors.InputError, match=r"budget\.epsilon: "):
        budgets.unspent(bad, 1e-5)


@pytest.mark.parametrize("bad", [0.0, 1.0, 2.0, -1e-9, float("nan")])
def test_a_delta_outside_of_zero_to_one_is_refused(bad):
    with pytest.raises(errors.InputError, match=r"budget\.delta: "):
        budgets.check(1.0, bad)
