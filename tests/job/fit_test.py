import dp_accounting
import jax
import numpy as np
import pytest

from teledp_jax import arrays, errors, runs
from teledp_jax.data import array_files, suite
from teledp_jax.job import fit, settings, spending
from teledp_jax.methods import independent, pe_llm
from teledp_jax.privacy import accounting
from tests.pe import chat_server

EVENT = dp_accounting.GaussianDpEvent(2.0)


@pytest.fixture
def checked(tmp_path):
    config = settings.default("dca")
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.budget.book = str(tmp_path / "book.jsonl")
    config.budget.data_set = "laptops"
    config.budget.cap_epsilon = 2.5
    config.methods.independent = settings.entry(independent.Config())
    return settings.resolve(config)


def enter(checked, folder, seed):
    run = runs.Run(folder)
    run.create()
    key = jax.random.key(seed)
    spending.enter(
        checked, run, key, EVENT, token="t", name="independent", about="a label"
    )
    return run


def test_releases_of_several_run_folders_meet_in_one_book(checked, tmp_path):
    first = runs.read_json(enter(checked, tmp_path / "first", 0).book)
    second = runs.read_json(enter(checked, tmp_path / "second", 0).book)
    assert first["epsilon"] == pytest.approx(accounting.epsilon_pld(EVENT, 1e-5))
    assert second == first  # equal keys: the same draws, told once


def test_other_keys_are_another_release_and_the_cap_holds(checked, tmp_path):
    enter(checked, tmp_path / "first", 0)
    with pytest.raises(errors.InputError, match="above its cap"):
        enter(checked, tmp_path / "second", 1)
    assert not runs.Run(tmp_path / "second").book.exists()


def test_without_a_book_a_run_stands_alone(checked, tmp_path):
    config = settings.default("dca")
    config.budget.epsilon, config.budget.delta = 4.0, 1e-5
    assert not enter(settings.resolve(config), tmp_path / "run", 0).book.exists()


@pytest.fixture
def asking(tmp_path):
    """Synthesizes a small log by a model, and gives the run folder."""
    config = settings.default("eventlog")
    config.budget.epsilon, config.budget.delta = 4.0, 1e-5
    small = pe_llm.Config(num_records=20, num_iterations=2, num_variations=5, pool=200)
    config.methods.pe_llm = settings.entry(small)
    checked, run = settings.resolve(config), runs.Run(tmp_path / "run")
    log = suite.load(checked.suite_folder)
    run.create()
    limits = [head.num_codes for head in log.schema.heads]
    codes = np.random.default_rng(0).integers(0, limits, (300, len(limits)))
    array_files.save(run.arrays, arrays.unflatten(log.schema, codes))
    runs.write_json(run.count, {"num_devices": 300})
    runs.write_json(run.ledger, {})

    def synthesize():
        fit.synthesize(
            checked,
            log,
            run,
            "pe_llm",
            shared=[("count", "noisy number of devices", EVENT)],
            token=fit.Token(inputs="t"),
            progress=lambda *args: None,
        )
        return run

    return synthesize


def test_what_only_a_fit_can_tell_stands_with_its_costs(asking):
    with chat_server.in_environment() as server:
        run = asking()
        facts = runs.read_json(run.cost("pe_llm"))["facts"]
        assert facts["requests"] == len(server.requests) == 4 + 1
        assert facts["prompt_tokens"] == 500
    assert facts["model"] == "small-model"
    assert not (run.private / "fits" / "pe_llm").exists()
    files = [path for path in run.folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path for path in files if b"secret-key" in path.read_bytes()]


def test_a_run_that_the_endpoint_refused_may_be_tried_again(asking):
    with chat_server.in_environment() as server:
        server.reply = lambda body: chat_server.Reply(401)
        with pytest.raises(errors.InputError, match="OPENAI_API_KEY"):
            asking()
        server.reply = chat_server.obedient
        assert runs.read_json(asking().cost("pe_llm"))["facts"]["from_disk"] == 0
