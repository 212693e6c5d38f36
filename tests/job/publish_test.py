"""Which labels leave, under which budget, and what stays of earlier releases."""

import dataclasses

import dp_accounting
import jax
import pytest

from teledp_jax import errors, runs
from teledp_jax.data import shipped, suite
from teledp_jax.job import ledgers, publish, settings, spending
from teledp_jax.methods import independent
from teledp_jax.privacy import accounting, ledger

SUITE = suite.load(shipped.suite("eventlog"))
COUNT = ("count", "noisy number of devices", dp_accounting.GaussianDpEvent(20.0))
HALF = dp_accounting.GaussianDpEvent(2.0)  # two of them compose to 2.4
WHOLE = dp_accounting.GaussianDpEvent(1.35)  # one is 3.4, two are 5.2


def make_settings(tmp_path, *release, **changes) -> settings.Settings:
    """A config of two labels on a real source, without a seed."""
    (tmp_path / "raw").mkdir(exist_ok=True)
    config = settings.default("dca")
    config.source = str(tmp_path / "raw")
    config.budget.epsilon, config.budget.delta = 4.0, 1e-5
    config.methods.one = settings.entry(independent.Config())
    config.methods.two = settings.entry(independent.Config())
    config.release = release
    return dataclasses.replace(settings.resolve(config), **changes)


@pytest.fixture
def run(tmp_path, monkeypatch) -> runs.Run:
    """A run folder; a release in it is one file that names its fit."""

    def publish_label(suite, run, label, *, together):
        run.release(label).mkdir(parents=True, exist_ok=True)
        fit = spending.last(run, label) or "simulated"
        (run.release(label) / "fit").write_text(fit)

    monkeypatch.setattr(publish, "publish_label", publish_label)
    run = runs.Run(tmp_path / "run")
    run.create()
    runs.write_json(run.count, {"num_devices": 100})
    return run


def fit(checked, run, label, event, seed) -> None:
    """What a fit leaves in both ledgers."""
    ledgers.hold_together(checked, run, label, [COUNT], event)
    entry = ledger.Ledger(epsilon=4.0, delta=1e-5)
    entry.spend(*COUNT)
    entry.spend("fit", "independent", event)
    entries = runs.read_json(run.ledger) if run.ledger.exists() else {}
    runs.write_json(run.ledger, {**entries, label: entry.record(100)})
    key = jax.random.key(seed)
    spending.enter(checked, run, key, event, token="t", name=label, about=label)


def released(run) -> dict[str, str]:
    """Folder of each release, and the fit it is of."""
    return {
        path.parent.name: path.read_text()
        for path in (run.folder / "release").glob("*/fit")
    }


def test_the_first_label_leaves_unless_the_config_names_others(tmp_path):
    checked = make_settings(tmp_path)
    assert checked.released == ["one"]
    assert checked.only(["two"]).released == ["two"]
    assert make_settings(tmp_path, "two").released == ["two"]
    assert make_settings(tmp_path, "two").only(["one"]).released == []
    with pytest.raises(errors.InputError, match=r"release: .*\['three'\]; known"):
        make_settings(tmp_path, "three")


def test_labels_that_leave_together_share_the_budget(tmp_path):
    both = make_settings(tmp_path, "one", "two")
    assert both.budget_of("one") == both.only(["two"]).budget_of("two") == (2.0, 5e-6)
    one = make_settings(tmp_path, "one")
    assert one.budget_of("one") == one.budget_of("two") == (4.0, 1e-5)


def test_a_fit_that_would_bring_all_that_leave_above_the_budget_is_refused(
    tmp_path, run
):
    alone, both = make_settings(tmp_path), make_settings(tmp_path, "one", "two")
    fit(alone, run, "one", WHOLE, 0)
    fit(alone, run, "two", WHOLE, 1)  # is only evaluated
    with pytest.raises(errors.InputError, match=r"Stage two: fit .*above budget"):
        fit(both, run, "two", WHOLE, 2)
    with pytest.raises(errors.InputError, match="composes to"):
        publish.publish(both, SUITE, run)
    assert not released(run)


def test_labels_within_the_budget_leave_together(tmp_path, run):
    both = make_settings(tmp_path, "one", "two")
    fit(both, run, "one", HALF, 0)
    fit(both, run, "two", HALF, 1)
    publish.publish(both, SUITE, run)
    assert set(released(run)) == {"one", "two"}
    parts = dp_accounting.ComposedDpEvent([COUNT[2], HALF, HALF])
    assert accounting.epsilon_pld(parts, 1e-5) < 4.0


def test_another_label_leaves_only_by_spending_again_and_the_first_stays(tmp_path, run):
    first, second = make_settings(tmp_path, "one"), make_settings(tmp_path, "two")
    for seed, label in enumerate(("one", "two")):
        fit(first, run, label, WHOLE, seed)
    publish.publish(first, SUITE, run)
    kept = released(run)
    assert set(kept) == {"one"}
    with pytest.raises(errors.InputError, match=r"holds one already.*--spend_again"):
        publish.publish(second, SUITE, run)
    assert released(run) == kept
    publish.publish(dataclasses.replace(second, spend_again=True), SUITE, run)
    assert released(run) == {**kept, "two": spending.last(run, "two")}
    publish.publish(first, SUITE, run)  # left before: nothing new


def test_a_release_of_an_earlier_fit_stays_beside_the_new_one(tmp_path, run):
    checked = make_settings(tmp_path, spend_again=True)
    fit(checked, run, "one", WHOLE, 0)
    publish.publish(checked, SUITE, run)
    publish.publish(checked, SUITE, run)
    before = released(run)["one"]
    fit(checked, run, "one", WHOLE, 1)
    publish.publish(checked, SUITE, run)
    assert released(run) == {"one": spending.last(run, "one"), "one.1": before}
    assert before != spending.last(run, "one")


def test_a_simulated_fleet_is_released_as_often_as_one_likes(tmp_path, run):
    for label in ("one", "two", "one"):
        checked = make_settings(tmp_path, label, source=None, book=None)
        fit(checked, run, label, WHOLE, 0)
        publish.publish(checked, SUITE, run)
    assert set(released(run)) == {"one", "two"}


def test_a_seeded_run_releases_nothing(tmp_path, run):
    checked = make_settings(tmp_path)
    fit(checked, run, "one", WHOLE, 0)
    publish.publish(dataclasses.replace(checked, seed=0), SUITE, run)
    assert not released(run)


def test_what_leaves_are_synthetic_tables_a_card_and_its_page(tmp_path, monkeypatch):
    run = runs.Run(tmp_path)
    runs.write_json(run.config, {"config": {}})
    for table in SUITE.schema.tables:
        for folder in (run.real, run.synthetic("one")):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{table.name}.parquet").write_text(folder.name)
    for module in (publish.card, publish.receiver):
        monkeypatch.setattr(module, "write", lambda *args, **kwargs: None)
    monkeypatch.setattr(publish.run_files, "queries_of", lambda *args: ())
    publish.publish_label(SUITE, run, "one")
    left = {path.name: path.read_text() for path in run.release("one").iterdir()}
    names = {f"{table.name}.parquet" for table in SUITE.schema.tables}
    assert left == dict.fromkeys(names, "one")
