"""What a run folder has spent, over all fits that were ever begun in it."""

import dataclasses
import shutil

import dp_accounting
import jax
import pytest
from absl import logging

from teledp_jax import errors, runs
from teledp_jax.job import ledgers, settings, spending
from teledp_jax.methods import independent
from teledp_jax.privacy import accounting, ledger

EVENT = dp_accounting.GaussianDpEvent(2.0)
COUNT = ("count", "noisy number of devices", dp_accounting.GaussianDpEvent(20.0))


@pytest.fixture
def checked(tmp_path) -> settings.Settings:
    """A config on a real source, without a seed."""
    (tmp_path / "raw").mkdir()
    config = settings.default("dca")
    config.source = str(tmp_path / "raw")
    config.budget.epsilon, config.budget.delta = 4.0, 1e-5
    config.methods.pe = settings.entry(independent.Config())
    return settings.resolve(config)


@pytest.fixture
def run(tmp_path) -> runs.Run:
    run = runs.Run(tmp_path / "run")
    run.create()
    return run


def enter(checked, run, seed, event=EVENT, name="pe") -> None:
    spending.enter(
        checked, run, jax.random.key(seed), event, token="t", name=name, about=name
    )


def test_what_another_run_has_read_is_not_read_again_unless_told(
    checked, run, tmp_path
):
    enter(checked, run, 0)
    enter(checked, run, 1, name="other")  # a run adds to its own
    once = accounting.epsilon_pld(dp_accounting.ComposedDpEvent([EVENT] * 2), 1e-5)
    other = runs.Run(tmp_path / "other")
    other.create()
    with pytest.raises(errors.InputError, match=rf"{once:.4f}.*--spend_again"):
        enter(checked, other, 2)
    assert not other.book.exists() and not (other.private / "spent.json").exists()
    enter(dataclasses.replace(checked, spend_again=True), other, 2)
    enter(checked, other, 3)  # goes on
    whole = accounting.epsilon_pld(dp_accounting.ComposedDpEvent([EVENT] * 4), 1e-5)
    assert runs.read_json(other.book) == {
        "data_set": None,
        "epsilon": pytest.approx(whole),
        "delta": 1e-5,
        "cap_epsilon": None,
        "num_releases": 4,
    }


def test_a_run_folder_that_was_removed_has_not_unspent(checked, run):
    enter(checked, run, 0)
    shutil.rmtree(run.folder)
    run.create()
    with pytest.raises(errors.InputError, match="read before"):
        enter(checked, run, 1)


def names(run) -> list[str]:
    return [entry["name"] for entry in runs.read_json(run.private / "spent.json")]


def test_a_run_that_goes_on_with_its_keys_is_entered_once(checked, run):
    enter(checked, run, 0)
    enter(checked, run, 0)
    assert names(run) == ["pe"]
    enter(checked, run, 0, dp_accounting.GaussianDpEvent(3.0))  # asks something else
    assert names(run) == ["pe", "pe"]


def test_a_second_fit_tells_what_it_adds_up_to(checked, run, monkeypatch):
    told = []
    monkeypatch.setattr(logging, "warning", lambda text, *args: told.append(args))
    enter(checked, run, 0)
    assert not told
    enter(checked, run, 1)
    twice = dp_accounting.ComposedDpEvent([EVENT, EVENT])
    expected = pytest.approx(accounting.epsilon_pld(twice, 1e-5))
    assert told == [("pe", 2, expected, 1e-5)]


def test_the_total_of_the_ledger_holds_fits_that_were_replaced_or_left_out(
    checked, run
):
    enter(checked, run, 0, COUNT[2], name="count")
    for seed in (0, 1):
        enter(checked, run, seed)
    enter(checked, run, 2, name="gone")
    entry = ledger.Ledger(epsilon=4.0, delta=1e-5)
    entry.spend(*COUNT)
    entry.spend("fit", "independent", EVENT)
    runs.write_json(run.ledger, {"pe": entry.record(100)})
    runs.write_json(run.count, {"num_devices": 100})
    ledgers.add_up(checked, run, [COUNT])
    total = runs.read_json(run.ledger)["total"]
    assert [part["stage"] for part in total["events"]] == [
        "pe: count", "pe: fit", "earlier: pe", "earlier: gone"
    ]  # fmt: skip
    whole = dp_accounting.ComposedDpEvent([COUNT[2], EVENT, EVENT, EVENT])
    expected = accounting.epsilon_pld(whole, 1e-5)
    assert total["epsilon_pld"] == pytest.approx(expected)


def test_a_seeded_run_has_spent_nothing(checked, run):
    config = settings.default("dca")
    config.budget.epsilon, config.budget.delta, config.seed = 4.0, 1e-5, 0
    enter(settings.resolve(config), run, 0)
    assert not (run.private / "spent.json").exists()
