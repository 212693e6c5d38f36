"""What an event declares."""

import dp_accounting
import pytest

from teledp_jax.audit import declared
from teledp_jax.privacy import events


def test_declared_sensitivities_add_up_by_noise():
    count = events.DiscreteGaussianDpEvent
    step = dp_accounting.PoissonSampledDpEvent(0.1, dp_accounting.GaussianDpEvent(2.0))
    event = dp_accounting.ComposedDpEvent(
        [
            dp_accounting.SelfComposedDpEvent(count(3.0), 4),
            count(3.0, 2),
            events.VectorGaussianDpEvent(50.0, 20),
            events.ExponentialMechanismDpEvent(0.5),
            dp_accounting.SelfComposedDpEvent(step, 7),
            events.InexactNoiseDpEvent(1e-30),
            dp_accounting.SelfComposedDpEvent(events.ThresholdDpEvent(1e-9), 2),
        ]
    )
    found = declared.read(event)
    assert found.squares == {3.0: 8.0, 50.0: 400.0}
    assert found.entries == {3.0: 2, 50.0: 20}
    assert found.choices == {0.5: 1}
    assert found.steps == {(0.1, 2.0): 7}
    assert found.inexactness == 1e-30
    assert found.failure == 2e-9
    assert found.mu == pytest.approx((8 / 9 + 0.16) ** 0.5)
    with pytest.raises(ValueError, match="No audit knows"):
        declared.read(dp_accounting.LaplaceDpEvent(1.0))


def test_an_event_of_nothing_declares_nothing():
    assert declared.read(dp_accounting.NoOpDpEvent()).mu == 0.0
