"""Fits in memory, without a run folder."""

import dp_accounting
import jax
import numpy as np
import pyarrow.compute as pc
import pytest

import teledp_jax as teledp
from teledp_jax import registry
from teledp_jax.job import drawing
from teledp_jax.methods import histogram, independent
from teledp_jax.privacy import accounting, events

SCHEMA = teledp.schema(
    teledp.anchor("devices", {"os": teledp.category(["a", "b", "c"])}),
    teledp.group("power", {"watts": teledp.double(low=0, high=100, bins=4)}),
    device="guid",
)
BUDGET = {"epsilon": 3.0, "delta": 1e-5}


def make_devices(count=600):
    ids = [f"d{i}" for i in range(count)]
    devices = {"guid": ids, "os": (["a", "a", "b"] * count)[:count]}
    power = {"guid": ids[: count // 2], "watts": [50.0] * (count // 2)}
    return teledp.encode({"devices": devices, "power": power}, SCHEMA)


@pytest.fixture(scope="module")
def fitted():
    """Under secret noise, as for a release."""
    return teledp.fit(make_devices(), "independent", **BUDGET)


def test_all_that_is_read_is_within_the_budget(fitted):
    entry = fitted.ledger
    assert [event["stage"] for event in entry["events"]] == ["count", "fit"]
    parts = [events.from_json(event["event"]) for event in entry["events"]]
    assert parts[0] == events.DiscreteGaussianDpEvent(20.0)
    composed = dp_accounting.ComposedDpEvent(parts)
    assert accounting.epsilon_pld(composed, 1e-5) == fitted.epsilon
    assert 2.9 < fitted.epsilon <= 3.0
    assert fitted.delta == 1e-5
    assert entry["within_budget"]


def test_the_number_of_devices_is_noisy_and_near(fitted):
    assert abs(fitted.num_devices - 600) < 6 * 20


def test_the_noise_is_other_each_time(fitted):
    again = teledp.fit(make_devices(), "independent", **BUDGET)
    assert again.seed is None
    leaves = [jax.tree.leaves(one.tree) for one in (fitted, again)]
    assert not all(np.array_equal(a, b) for a, b in zip(*leaves, strict=True))


def test_samples_follow_the_fleet(fitted):
    tables = fitted.sample(2_000)
    systems = tables["devices"]["os"].to_pylist()
    assert len(systems) == 2_000
    assert abs(systems.count("a") / 2_000 - 2 / 3) < 0.1
    assert abs(len(tables["power"]) / 2_000 - 1 / 2) < 0.1
    assert 45 < pc.mean(tables["power"]["watts"]).as_py() < 75  # 50 is of bin 50 to 75


def test_a_sample_may_have_conditions(fitted):
    tables = fitted.sample(300, where={"os": "b", "power.watts": (50, None)}, seed=1)
    assert set(tables["devices"]["os"].to_pylist()) == {"b"}
    assert len(set(tables["devices"]["guid"].to_pylist())) == 300
    assert tables["power"].num_rows == 300
    assert pc.min(tables["power"]["watts"]).as_py() >= 50
    again = fitted.sample(300, where={"os": "b", "power.watts": (50, None)}, seed=1)
    assert tables == again


def test_a_condition_that_nothing_meets_ends_with_its_share(fitted, monkeypatch):
    monkeypatch.setattr(drawing, "_MOST_DRAWS", 2)
    with pytest.raises(teledp.InputError, match=r"where: \d+ of 20,000 drawn devices"):
        fitted.sample(10_000, where={"os": "c"}, seed=1)


def test_a_config_may_stand_for_the_name(fitted):
    named = teledp.fit(make_devices(), independent.Config(), **BUDGET, seed=0)
    assert named.method == "independent"
    assert named.ledger == fitted.ledger | {
        key: named.ledger[key] for key in ("delta_times_devices",)
    }
    other = teledp.fit(make_devices(), histogram.Config(), **BUDGET, seed=0)
    assert other.method == "histogram"


def test_less_noise_on_the_number_leaves_less_to_the_method(fitted):
    exacter = teledp.fit(
        make_devices(), "independent", **BUDGET, count_stddev=2.0, seed=0
    )
    assert exacter.facts["sigma"] > fitted.facts["sigma"]
    assert exacter.epsilon <= 3.0


def test_an_empty_fleet_can_be_fitted():
    made = teledp.fit(make_devices(0), "independent", **BUDGET, seed=0)
    assert made.num_devices >= 1
    assert made.sample(5)["devices"].num_rows == 5


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"epsilon": 0.0}, "epsilon: expected a number above 0, got 0.0"),
        ({"epsilon": float("nan")}, "epsilon: .* got nan"),
        ({"epsilon": float("inf")}, "epsilon: .* got inf"),
        ({"epsilon": -1.0}, "epsilon: .* got -1.0"),
        ({"delta": 0.0}, "delta: expected a number above 0"),
        ({"delta": 1.0}, "delta: expected a number above 0 and below 1, got 1.0"),
        ({"count_stddev": 0.0}, "count_stddev: expected a number above 0"),
        ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
        ({"count_stddev": 0.5}, "Stage count would bring epsilon to"),
    ],
)
def test_a_faulty_argument_is_one_line(change, match):
    with pytest.raises(teledp.InputError, match=match) as caught:
        teledp.fit(make_devices(), "independent", **{**BUDGET, **change})
    assert "\n" not in str(caught.value)


def test_an_unknown_method_lists_the_known():
    with pytest.raises(
        teledp.InputError, match="No method 'gan'; known: aim, chain, dpsgd"
    ):
        teledp.fit(make_devices(), "gan", **BUDGET)


def test_a_budget_has_no_default():
    with pytest.raises(TypeError, match="'epsilon'"):
        teledp.fit(make_devices(), "independent")


def test_all_methods_of_the_registry_can_be_named():
    assert "independent" in registry.METHODS
    for name in registry.METHODS:
        assert registry.method(name).Config.__module__ == registry.METHODS[name]
