"""A plan: its made-up fleet follows from the schema; its numbers are judged ones."""

import ml_collections
import numpy as np
import pytest

import teledp_jax as teledp
from teledp_jax import arrays, errors, runs, settings
from teledp_jax.authoring import device_tables, files, reading
from teledp_jax.job import plan, setup
from teledp_jax.methods import independent
from teledp_jax.report import plans
from tests.authoring import sources

SCHEMA = teledp.schema(
    teledp.anchor("cars", {"fuel": teledp.category(["Other"], other="Other")}),
    teledp.entity(
        "faults", {"code": teledp.category(["a", "b"])}, max_rows=3, cap_by="code"
    ),
    device="id",
)


def test_columns_without_public_values_get_made_up_ones():
    filled = plan.with_values(SCHEMA)
    assert len(filled.table("cars").column("fuel").categories) == 21
    assert filled.table("faults") == SCHEMA.table("faults")


def test_a_made_up_fleet_is_of_the_schema_and_has_structure():
    schema = plan.with_values(SCHEMA)
    fleet = plan.made_up(schema, 4000, seed=0)
    arrays.check(schema, fleet)
    again, other = (plan.made_up(schema, 4000, seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(fleet["cars"].codes, again["cars"].codes)
    assert (fleet["cars"].codes != other["cars"].codes).any()
    assert not arrays.num_rows(fleet["faults"]).all()  # some devices have no row
    fuel = fleet["cars"].codes[:, 0]
    code = arrays.rows_at(fleet["faults"], np.zeros(4000, np.int64))[:, 0]
    table = np.histogram2d(fuel, code, bins=(22, 3))[0]
    independently = np.outer(table.sum(1), table.sum(0)) / table.sum()
    assert np.abs(table - independently).sum() / table.sum() > 0.05


@pytest.fixture(scope="module")
def chosen(tmp_path_factory) -> settings.Settings:
    folder = tmp_path_factory.mktemp("plan")
    read = reading.read(sources.vehicles(folder / "raw"), "vehicle_id")
    files.write(folder / "mine", read, device_tables.plan(read.tables))
    config: ml_collections.ConfigDict = settings.default(str(folder / "mine"))
    config.budget.epsilon, config.budget.delta = 1.0, 1e-5
    config.domains.private = ("vehicles.fuel_type",)
    config.methods.independent = settings.entry(independent.Config())
    return settings.resolve(config)


def test_more_budget_gets_more_answers_right(chosen, tmp_path):
    steps = []
    found = plan.plan(
        chosen,
        tmp_path / "fleet",
        num_devices=1500,
        epsilons=(0.01, 0.5, 20.0),
        progress=lambda done, total, facts: steps.append((done, total)),
    )
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert not (tmp_path / "fleet").exists()
    right = {
        epsilon: sum(row.num_right for row in found.outcomes if row.epsilon == epsilon)
        for epsilon in (0.5, 20.0)
    }
    of = sum(row.num_answers for row in found.outcomes if row.epsilon == 20.0)
    assert right[0.5] < right[20.0] <= of
    assert {row.at_least for row in found.outcomes} <= set(plan.SIZES)
    assert {row.label for row in found.outcomes} == {"independent"}
    sigmas = {noise.epsilon: noise.sigma for noise in found.noises}
    assert set(sigmas) == {0.5, 20.0} and sigmas[0.5] > 10 * sigmas[20.0]
    (refusal,) = found.refusals
    assert refusal.startswith("independent at epsilon 0.01: ")
    assert found.learnt["num_columns"] >= 1 and found.learnt["share"] == 0.25
    least = found.learnt["devices"]
    assert 50 < least["1"] < least["10"] < least["100"] < 12 * least["1"]
    said = plans.learnt(found.learnt)
    assert f"{least['10']} devices with 10 such names each" in said
    assert plans.learnt({}) == ""


def test_what_domains_leave_is_more_than_their_share_off_epsilon(chosen, tmp_path):
    whole = setup.Setup(chosen, runs.Run(tmp_path))
    left = plan._for_fit(chosen, whole, 1500)
    assert 0.75 * chosen.epsilon < left < chosen.epsilon


def test_noise_of_counts_is_in_devices():
    assert plan.noise_of_counts({"sigma": 3.0, "num_vectors": 2}) == {"one column": 3.0}
    assert plan.noise_of_counts({"sigma_single": 2.0, "sigma_pair": 5.0}) == {
        "one column": 2.0,
        "pair of columns": 5.0,
    }
    # Beside the noise in steps of a grid stands that in devices.
    facts = {"sigma": 20_000.0, "column_noise": 8.0, "pair_noise": 9.0}
    assert plan.noise_of_counts(facts) == {"one column": 8.0, "pair of columns": 9.0}
    assert plan.noise_of_counts({"num_steps": 3}) == {}


def test_expected_errors_stand_by_formula_and_as_tried():
    noise = {"label": "a", "epsilon": 1.0, "cells": "one column", "sigma": 10.0}
    row = {"label": "a", "epsilon": 1.0, "kind": "topk", "at_least": 50}
    rows = [row | {"median_error": error} for error in (0.1, 0.2, float("inf"))]
    text = plans.expected(rows, [noise], 1.0, (50, 200))
    formula, tried = text.splitlines()[-2:]
    assert formula.split() == ["a,", "formula,", "one", "column", "16%", "4%"]
    assert tried.split() == ["a,", "tried,", "topk", "20%", "-"]


def test_a_config_without_methods_has_no_plan(chosen, tmp_path):
    config = settings.default(str(chosen.suite_folder))
    config.budget.epsilon, config.budget.delta = 1.0, 1e-5
    with pytest.raises(errors.InputError, match="plan: the config names no methods"):
        plan.plan(
            settings.resolve(config),
            tmp_path / "fleet",
            num_devices=100,
            epsilons=(1.0,),
            progress=lambda done, total, facts: None,
        )
