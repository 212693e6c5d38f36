"""One ledger for all noisy answers."""

import pytest

from teledp_jax import errors, runs
from teledp_jax.answers import accounts
from teledp_jax.privacy import accounting, events

EVENT = events.DiscreteGaussianDpEvent(10.0)
PART = ("answers", "noisy sums", EVENT)


def test_a_label_gets_an_entry_beside_those_of_others(tmp_path):
    path = tmp_path / "ledger.json"
    runs.write_json(path, {"other": {"kept": True}})
    entry = accounts.enter(
        path, [PART], delta=1e-5, num_records=100, epsilon=4.0, label="own"
    )
    saved = runs.read_json(path)
    assert saved["other"] == {"kept": True}
    assert saved["own"] == entry
    assert entry["epsilon_pld"] == accounting.epsilon_pld(
        accounting.dp_accounting.ComposedDpEvent([EVENT]), 1e-5
    )
    assert entry["delta_times_devices"] == pytest.approx(1e-3)


def test_what_exceeds_the_budget_is_refused_and_not_written(tmp_path):
    path = tmp_path / "ledger.json"
    with pytest.raises(errors.InputError, match="nothing was read"):
        accounts.enter(path, [PART], delta=1e-5, num_records=1, epsilon=0.01, label="x")
    assert not path.exists()


def test_releases_of_one_ledger_add_up(tmp_path):
    path = tmp_path / "log.json"
    assert accounts.read(path) == []
    once = accounts.enter(path, [PART], delta=1e-5, num_records=0)
    twice = accounts.enter(
        path, [*accounts.read(path), PART], delta=1e-5, num_records=0
    )
    assert accounts.read(path) == [PART, PART]
    assert twice["epsilon_pld"] > once["epsilon_pld"]
    assert twice["within_budget"] is None
