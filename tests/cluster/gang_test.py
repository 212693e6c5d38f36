"""Two processes of this machine that fit together, undisturbed and killed."""

import sys

import jax
import numpy as np
import pyarrow.parquet as pq
import pytest

from teledp_jax import runs
from teledp_jax.cluster import gang, launcher
from teledp_jax.data import array_files
from tests import toys
from tests.cluster import gang_worker as worker
from tests.pe import chat_server


def command(folder, what):
    return [sys.executable, worker.__file__, str(folder), what]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """A folder with a fleet, in which two processes have fitted every method."""
    folder = tmp_path_factory.mktemp("gang")
    devices = toys.devices(worker.contract.SCHEMA, worker.NUM_DEVICES)
    array_files.save(folder / "fleet", devices)
    together = launcher.local(command(folder, "fit_all"), 2)
    with chat_server.in_environment():
        assert launcher.run(together, restarts=0) == 0
        yield folder


def saved(folder, name):
    """What each of the two processes saved."""
    return [np.load(folder / f"{name}_{index}.npz") for index in range(2)]


@pytest.mark.parametrize("name", worker.contract.SMALL)
def test_two_processes_fit_what_one_does(fleet, name):
    alone = jax.tree.leaves(worker.fit(name, fleet / "fleet", gang.ALONE))
    first, second = (list(found.values()) for found in saved(fleet, name))
    for one, other, expected in zip(first, second, alone, strict=True):
        np.testing.assert_array_equal(one, other)
        if name.startswith("dpsgd"):  # floats are summed in another order
            np.testing.assert_allclose(one, expected, rtol=1e-3, atol=1e-3)
        else:
            np.testing.assert_array_equal(one, expected)


def test_each_process_holds_its_own_devices_alone(fleet):
    held = [found["held"].tolist() for found in saved(fleet, "together")]
    assert held == [[0, 256], [256, 400]]


def test_counts_beyond_32_bits_add_up_exactly(fleet):
    for found in saved(fleet, "together"):
        np.testing.assert_array_equal(found["total"], 2 * worker.LARGE)
        assert found["total"].dtype == np.int64
        assert found["gathered"].tolist() == [10, 11]


def test_noise_of_the_operating_system_is_drawn_once_for_all(fleet):
    one, other = (found["noisy"] for found in saved(fleet, "together"))
    np.testing.assert_array_equal(one, other)
    assert np.abs(one).max() > 20


def test_what_the_first_process_finds_at_fault_stops_all(fleet):
    told = [str(found["told"]) for found in saved(fleet, "together")]
    assert told == ["no such file"] * 2


@pytest.mark.parametrize("label", worker.METHODS)
def test_a_killed_process_changes_neither_results_nor_ledger(label, tmp_path):
    starts, start = [], launcher.local(command(tmp_path, label), 2)
    worker.prepare(tmp_path, label)

    def counted():
        starts.append(label)
        return start()

    assert launcher.run(counted) == 0
    assert len(starts) == 2 and (tmp_path / "killed").exists()

    alone = worker.synthesize(tmp_path / "alone", label, gang.ALONE)
    run = runs.Run(tmp_path / "run")
    assert run.ledger.read_bytes() == alone.ledger.read_bytes()
    for path in alone.synthetic(label).iterdir():
        expected = pq.read_table(path)
        assert pq.read_table(run.synthetic(label) / path.name).equals(expected)
