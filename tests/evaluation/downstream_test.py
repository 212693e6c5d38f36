"""Models trained on synthetic devices."""

import pytest

from teledp_jax.evaluation import downstream, features
from tests.evaluation import fleets
from tests.queries import fleet


def test_what_can_be_learned_is_learned(tmp_path):
    train = fleets.fleet_of(400, 0, tmp_path / "train")
    test = fleets.fleet_of(200, 1, tmp_path / "test")
    for task in features.tasks(fleet.SCHEMA, train)[:1]:
        row = downstream.score("real", task, train, test)
        assert row["accuracy"] == row["f1"] == row["auc"] == 1.0
        assert (row["num_train"], row["num_test"]) == (400, 200)


def test_a_constant_label_predicts_itself(tmp_path):
    real = fleets.fleet_of(100, 0, tmp_path / "real")
    task = features.tasks(fleet.SCHEMA, real)[0]
    fleet.write(tmp_path / "pe", countries=["DE"] * 30, crashes={}, apps=[])
    train = features.build(tmp_path / "pe", fleet.SCHEMA)
    row = downstream.score("pe", task, train, real)
    assert row["accuracy"] == pytest.approx(1 - row["positive_test"])
    assert row["f1"] == 0.0 and row["auc"] == 0.5
    row = downstream.score("real", task, real, train)
    assert row["auc"] is None


def test_no_device_with_the_label_is_no_row(tmp_path):
    real = fleets.fleet_of(100, 0, tmp_path / "real")
    task = features.tasks(fleet.SCHEMA, real)[1]
    fleet.write(tmp_path / "pe", countries=["DE"] * 30, crashes={}, apps=[])
    test = features.build(tmp_path / "pe", fleet.SCHEMA)
    assert downstream.score("real", task, real, test) is None
    assert downstream.score("pe", task, test, real)["auc"] == 0.5
