"""When a stage runs again, on a run folder of a few files."""

import pytest
from absl import logging

from teledp_jax import errors, runs
from teledp_jax.job import stages
from teledp_jax.job.dependencies import Basis, Stage

FIT = Stage("synthesize", "pe")
ALL = (Stage("aggregate"), Stage("encode"), FIT, Stage("evaluate"))
EARLIER = {
    "aggregate": (),
    "encode": ALL[:1],
    "synthesize-pe": ALL[1:2],
    "evaluate": ALL[:3],
}


class World:
    """What stages depend on, to change, and which of them ran."""

    def __init__(self, folder, *, spends: bool) -> None:
        self.run = runs.Run(folder)
        self.run.create()
        self.spends = spends
        self.inputs = {name: {"config.x": "1"} for name in EARLIER}
        self.code = dict.fromkeys(EARLIER, "first")

    def basis(self, stage: Stage) -> Basis:
        name = str(stage)
        spends = self.spends and stage.name in ("encode", "synthesize")
        return Basis(
            dict(self.inputs[name]), self.code[name], EARLIER[name], spends=spends
        )

    def stages(self, **options) -> stages.Stages:
        return stages.Stages(self.run, None, self.basis, **options)

    def go(self, **options) -> list[str]:
        """Names of the stages that run when all are asked for."""
        ran, found = [], self.stages(**options)
        for stage in ALL:
            found.once(stage, lambda basis, name=str(stage): ran.append(name))
        return ran


@pytest.fixture
def free(tmp_path) -> World:
    """A seeded or simulated run that has finished."""
    world = World(tmp_path / "free", spends=False)
    assert world.go() == [str(stage) for stage in ALL]
    return world


@pytest.fixture
def paid(tmp_path) -> World:
    """A run on real data, without a seed, that has finished."""
    world = World(tmp_path / "paid", spends=True)
    assert world.go() == [str(stage) for stage in ALL]
    return world


@pytest.fixture
def told(monkeypatch) -> list[str]:
    """Lines that were logged."""
    lines = []
    monkeypatch.setattr(logging, "info", lambda text, *args: lines.append(text % args))
    return lines


def test_a_finished_run_runs_nothing_again(free, paid):
    assert free.go() == paid.go() == []


def test_a_free_run_runs_again_what_other_code_has_made_and_what_follows(free):
    free.code["encode"] = "second"
    assert free.go() == ["encode", "synthesize-pe", "evaluate"]
    free.code["evaluate"] = "second"
    assert free.go() == ["evaluate"]


def test_what_has_spent_stays_when_only_code_changed_and_says_how_to_fit_again(
    paid, told
):
    paid.code.update(encode="second", **{"synthesize-pe": "second"})
    assert paid.go() == []
    kept = [line for line in told if "kept" in line]
    assert [line.split(":")[0] for line in kept] == ["encode", "synthesize-pe"]
    assert all("--spend_again" in line for line in kept)


def test_free_stages_of_a_run_that_has_spent_run_again(paid):
    paid.code.update(aggregate="second")
    assert paid.go() == ["aggregate", "evaluate"]


def test_other_inputs_of_what_has_spent_are_refused_by_name(paid):
    paid.inputs["synthesize-pe"] = {"config.x": "2", "config.y": "1"}
    with pytest.raises(errors.InputError, match=r": config\.x, config\.y\. Give"):
        paid.go()
    for stage in ALL[:2]:
        assert paid.stages().finished(stage)
    assert paid.go(spend_again=True) == ["synthesize-pe", "evaluate"]
    assert paid.go() == []


def test_spend_again_runs_only_what_changed_and_what_rests_on_it(paid):
    assert paid.go(spend_again=True) == []
    paid.code["encode"] = "second"
    assert paid.go(spend_again=True) == ["encode", "synthesize-pe", "evaluate"]


def test_a_second_encoding_is_a_change_of_what_was_fitted_on_the_first(paid):
    paid.code["encode"] = "second"
    found = paid.stages(spend_again=True)
    found.once(Stage("encode"), lambda basis: None)
    with pytest.raises(errors.InputError, match="changed: stage encode"):
        paid.stages().finished(FIT)


def test_a_label_that_was_not_finished_goes_on_without_being_asked(paid):
    (paid.run.private / "stages" / "synthesize-pe.json").unlink()
    paid.inputs["synthesize-pe"] = {"config.x": "2"}
    assert paid.go() == ["synthesize-pe", "evaluate"]


def test_what_an_earlier_version_has_spent_is_not_spent_again_by_itself(paid):
    marker = paid.run.private / "stages" / "synthesize-pe.json"
    runs.write_json(marker, {"fingerprint": "0", "seconds": 1.0})
    with pytest.raises(errors.InputError, match="version of teledp_jax"):
        paid.go()


def test_code_never_makes_evaluate_or_report_ask_for_a_fit(free, paid):
    for world in (free, paid):
        world.code = dict.fromkeys(EARLIER, "second")
        world.stages().need(FIT)
        world.stages().need(Stage("evaluate"))


def test_a_fit_on_other_code_than_the_present_is_refused_unless_it_was_paid_for(
    free, paid
):
    for world in (free, paid):
        world.code["aggregate"] = "second"
    with pytest.raises(errors.InputError, match=r"the present code; run teledp aggreg"):
        free.stages().need(Stage("encode"), same_code=True)
    paid.stages().need(Stage("encode"), same_code=True)


def test_a_stage_of_other_inputs_is_not_built_on(free):
    free.inputs["synthesize-pe"] = {"config.x": "2"}
    with pytest.raises(errors.InputError, match="this config; run teledp fit first"):
        free.stages().need(FIT)


def test_inputs_that_change_while_a_stage_runs_leave_it_unfinished(free):
    free.inputs["aggregate"] = {"config.x": "2"}

    def action(basis):
        free.inputs["aggregate"] = {"config.x": "3"}

    with pytest.raises(errors.InputError, match="changed while stage aggregate ran"):
        free.stages().once(Stage("aggregate"), action)
    assert not free.stages().finished(Stage("aggregate"))


def test_what_a_stage_has_drawn_is_forgotten_only_if_it_finished(free):
    calls = []
    found = free.stages()

    def forget():
        calls.append("forget")

    free.code["encode"] = "second"
    found.once(Stage("encode"), lambda basis: calls.append("run"), forget=forget)
    assert calls == ["forget", "run"]
    (free.run.private / "stages" / "encode.json").unlink()
    found.once(Stage("encode"), lambda basis: calls.append("run"), forget=forget)
    assert calls == ["forget", "run", "run"]
