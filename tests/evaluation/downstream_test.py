import numpy as np
import pytest

from teledp_jax.evaluation import downstream, features
from tests.queries import fleet


def fleet_of(num_devices, seed, folder):
    """Devices of DE crash, of US don't; the number of crashes grows with memory."""
    rng = np.random.default_rng(seed)
    countries = rng.choice(["DE", "US"], num_devices)
    fleet.write(
        folder,
        countries=list(map(str, countries)),
        crashes={
            i: 1 + (8 * i) // num_devices
            for i in range(num_devices)
            if countries[i] == "DE"
        },
        apps=[(0, "a", 1), (0, "b", 2)],
    )
    return features.build(folder, fleet.SCHEMA)


def test_features_of_each_device(tmp_path):
    fleet.write_usual(tmp_path)
    found = features.build(tmp_path, fleet.SCHEMA)
    nan = np.nan
    expected = {
        ("devices", "country"): [0, 0, 1, 1],
        ("devices", "ram_gb"): [0, 4, 8, 12],
        ("apps", ""): [2, 1, 0, 1],
        ("apps", "app"): [nan] * 4,
        ("apps", "hangs"): [7, 1, nan, 1],
        ("crashes", ""): [1, 1, 1, 0],
        ("crashes", "num_crashes"): [2, 4, 6, nan],
    }
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=str(name))


def test_labels_follow_from_the_schema(tmp_path):
    found = features.tasks(fleet.SCHEMA, fleet_of(100, 0, tmp_path))
    names = [task.name for task in found]
    assert names[:2] == ["reports crashes", "crashes.num_crashes above its median"]
    assert names[2] in ("devices.country is DE", "devices.country is US")
    crashes = {("crashes", ""), ("crashes", "num_crashes")}
    assert found[0].hidden == found[1].hidden == crashes
    assert found[2].hidden == {("devices", "country")}


def test_what_can_be_learned_is_learned(tmp_path):
    train = fleet_of(400, 0, tmp_path / "train")
    test = fleet_of(200, 1, tmp_path / "test")
    for task in features.tasks(fleet.SCHEMA, train)[:1]:
        row = downstream.score("real", task, train, test)
        assert row["accuracy"] == row["f1"] == row["auc"] == 1.0
        assert (row["num_train"], row["num_test"]) == (400, 200)


def test_a_constant_label_predicts_itself(tmp_path):
    real = fleet_of(100, 0, tmp_path / "real")
    task = features.tasks(fleet.SCHEMA, real)[0]
    fleet.write(tmp_path / "pe", countries=["DE"] * 30, crashes={}, apps=[])
    train = features.build(tmp_path / "pe", fleet.SCHEMA)
    row = downstream.score("pe", task, train, real)
    assert row["accuracy"] == pytest.approx(1 - row["positive_test"])
    assert row["f1"] == 0.0 and row["auc"] == 0.5
    row = downstream.score("real", task, real, train)
    assert row["auc"] is None


def test_no_device_with_the_label_is_no_row(tmp_path):
    real = fleet_of(100, 0, tmp_path / "real")
    task = features.tasks(fleet.SCHEMA, real)[1]
    fleet.write(tmp_path / "pe", countries=["DE"] * 30, crashes={}, apps=[])
    test = features.build(tmp_path / "pe", fleet.SCHEMA)
    assert downstream.score("real", task, real, test) is None
    assert downstream.score("pe", task, test, real)["auc"] == 0.5
