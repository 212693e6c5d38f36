import shutil

import pytest

from teledp_jax.authoring import check, device_tables, files, reading
from tests.authoring import sources


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("check")
    read = reading.read(sources.vehicles(folder / "raw"), "vehicle_id")
    files.write(folder / "mine", read, device_tables.plan(read.tables))
    return folder / "mine"


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_all_faults_are_found_at_once_each_with_its_line(whole, tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(whole, folder)
    edit(folder / "source/fleet/faults.sql", "role: event", "role: events")
    edit(folder / "device/trips_per_device.sql", "low: 0.001", "low: -1")
    edit(folder / "device/vehicles.sql", "AS fuel_type", "AS fuel")
    edit(folder / "queries/first_look/means_of_devices.sql", "threshold", "treshold")
    found = check.check(folder)
    names = [
        fault.partition(": ")[0].removeprefix(f"{folder}/") for fault in found.faults
    ]
    assert "source/fleet/faults.sql:3" in names
    assert any(name.startswith("device/vehicles.sql:") for name in names)
    line = (folder / "device/trips_per_device.sql").read_text().splitlines()
    where = next(i for i, text in enumerate(line, 1) if "mean_km:" in text)
    assert f"device/trips_per_device.sql:{where}" in names
    assert any(name.startswith("queries/first_look/means_of") for name in names)
    assert len(names) == 4  # nothing that only reads the table of faults
    assert found.suite is None


def test_a_fault_of_the_whole_is_found(whole, tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(whole, folder)
    edit(folder / "device/trips_per_device.sql", "role: group", "role: anchor")
    (fault,) = check.check(folder).faults
    assert "one table with role anchor" in fault


def test_a_query_that_does_not_run_is_one_fault(whole, tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(whole, folder)
    edit(folder / "queries/first_look/means_of_devices.sql", "FROM vehicles", "FROM x")
    found = check.check(folder)
    assert len(found.faults) == 1 and "means_of_devices.sql" in found.faults[0]
    assert found.suite is not None
