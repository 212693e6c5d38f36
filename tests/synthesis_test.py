import dp_accounting
import jax
import pytest

from teledp_jax import errors, runs, settings, synthesis
from teledp_jax.methods import independent
from teledp_jax.privacy import accounting

EVENT = dp_accounting.GaussianDpEvent(2.0)


@pytest.fixture
def job(tmp_path):
    config = settings.default("dca")
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.budget.book = str(tmp_path / "book.jsonl")
    config.budget.data_set = "laptops"
    config.budget.cap_epsilon = 2.5
    config.methods.independent = settings.entry(independent.Config())
    return settings.resolve(config)


def enter(job, folder, seed):
    run = runs.Run(folder)
    run.create()
    key = jax.random.key(seed)
    synthesis.enter_book(job, run, key, EVENT, token="t", about="independent")
    return run


def test_releases_of_several_run_folders_meet_in_one_book(job, tmp_path):
    first = runs.read_json(enter(job, tmp_path / "first", 0).book)
    second = runs.read_json(enter(job, tmp_path / "second", 0).book)
    assert first["epsilon"] == pytest.approx(accounting.epsilon_pld(EVENT, 1e-5))
    assert second == first  # equal keys: the same draws, told once


def test_other_keys_are_another_release_and_the_cap_holds(job, tmp_path):
    enter(job, tmp_path / "first", 0)
    with pytest.raises(errors.InputError, match="above its cap"):
        enter(job, tmp_path / "second", 1)
    assert not runs.Run(tmp_path / "second").book.exists()


def test_without_a_book_a_run_stands_alone(job, tmp_path):
    config = settings.default("dca")
    config.budget.epsilon, config.budget.delta = 4.0, 1e-5
    assert not enter(settings.resolve(config), tmp_path / "run", 0).book.exists()
