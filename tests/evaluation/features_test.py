"""Features of devices, and labels that follow from a schema."""

import numpy as np

from teledp_jax.evaluation import features
from tests.evaluation import fleets
from tests.queries import fleet


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
    found = features.tasks(fleet.SCHEMA, fleets.fleet_of(100, 0, tmp_path))
    names = [task.name for task in found]
    assert names[:2] == ["reports crashes", "crashes.num_crashes above its median"]
    assert names[2] in ("devices.country is DE", "devices.country is US")
    crashes = {("crashes", ""), ("crashes", "num_crashes")}
    assert found[0].hidden == found[1].hidden == crashes
    assert found[2].hidden == {("devices", "country")}


def test_of_a_large_fleet_some_devices_evenly_spaced_are_taken(tmp_path, monkeypatch):
    fleet.write_usual(tmp_path)
    whole = features.build(tmp_path, fleet.SCHEMA)
    monkeypatch.setattr(features, "MOST_DEVICES", 2)
    found = features.build(tmp_path, fleet.SCHEMA)
    for name, values in whole.items():
        np.testing.assert_array_equal(found[name], values[[0, 3]], err_msg=str(name))
