import importlib.util
import os
import pathlib
import socket
import subprocess
import sys

import jax
import numpy as np
import pytest

from teledp_jax import base
from teledp_jax.dpsgd import parallel

WORKER = pathlib.Path(__file__).with_name("parallel_worker.py")
SPEC = importlib.util.spec_from_file_location("parallel_worker", WORKER)
worker = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(worker)


@pytest.fixture(scope="module")
def alone():
    return jax.tree.leaves(worker.fit())


def run(outs, num_devices):
    """Fits in as many processes as there are files to write."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    flag = f"--xla_force_host_platform_device_count={num_devices}"
    environ = {**os.environ, "XLA_FLAGS": flag, "JAX_PLATFORMS": "cpu"}
    several = len(outs) > 1
    started = [
        subprocess.Popen(
            [sys.executable, str(WORKER), str(out)]
            + ([port, str(len(outs)), str(i)] if several else []),
            env=environ,
        )
        for i, out in enumerate(outs)
    ]
    try:
        assert [process.wait(timeout=300) for process in started] == [0] * len(outs)
    finally:
        for process in started:
            process.kill()
    return [list(np.load(out).values()) for out in outs]


def assert_same(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_eight_accelerators_fit_what_one_does(alone, tmp_path):
    (found,) = run([tmp_path / "one.npz"], num_devices=8)
    assert_same(found, alone)


def test_two_processes_fit_what_one_does(alone, tmp_path):
    first, second = run([tmp_path / "a.npz", tmp_path / "b.npz"], num_devices=2)
    assert_same(first, alone)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_fit_goes_on_with_a_mesh(alone):
    class Killed(Exception):
        pass

    def progress(done, total, facts):
        raise Killed

    store = base.MemoryStore()
    with pytest.raises(Killed):
        worker.fit(store=store, progress=progress)
    mesh = parallel.make_mesh()
    assert_same(jax.tree.leaves(worker.fit(mesh, store=store)), alone)


def test_a_fleet_is_filled_up_to_whole_blocks():
    codes = np.arange(1, 131, dtype=np.uint8)[:, None]
    mesh = parallel.make_mesh()
    assert parallel.own_range(130, mesh) == (0, 130)
    placed = parallel.place(codes, mesh, num_devices=130)
    assert placed.shape == (192, 1) and placed.dtype == np.uint8
    np.testing.assert_array_equal(placed[:130], codes)
    assert not np.asarray(placed[130:]).any()
