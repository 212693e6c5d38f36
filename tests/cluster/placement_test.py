"""Two processes that Ray places, one of them killed."""

import signal
import sys
import time

import psutil
import pytest

from teledp_jax import errors
from teledp_jax.cluster import launcher, placement

ray = pytest.importorskip("ray")

# Adds up over the processes; the second one kills itself the first time.
PROGRAM = """
import os, pathlib, sys
import numpy as np
from teledp_jax.cluster import gang
folder, flags = pathlib.Path(sys.argv[1]), dict(
    flag[2:].split("=") for flag in sys.argv[2:] if "=" in flag
)
gang.end_with_parent()
own = gang.join(
    flags["coordinator"], int(flags["num_processes"]), int(flags["process_id"])
)
killed = folder / "killed"
if not own.is_first and not killed.exists():
    killed.touch()
    os.kill(os.getpid(), 9)
total = own.total(np.array([own.index + 1, 2**40]))
(folder / f"total_{own.index}").write_text(str(total.tolist()))
print("the total is known")
"""


@pytest.fixture(scope="module", autouse=True)
def connected():
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def test_a_gang_on_ray_starts_again_as_one_of_it_is_killed(tmp_path, capfd):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    assert launcher.run(placement.start(command, 2)) == 0
    assert (tmp_path / "killed").exists()
    for index in range(2):
        total = (tmp_path / f"total_{index}").read_text()
        assert total == str([3, 2**41])
    shown = capfd.readouterr().err
    assert "the total is known" in shown
    assert "Rank 1" not in shown  # only the first is shown, in each attempt


WAITS = """
import os, pathlib, sys, time
from teledp_jax.cluster import gang
gang.end_with_parent()
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(60)
"""


def wait_for(happened):
    for _ in range(300):
        if happened():
            return
        time.sleep(0.1)
    raise AssertionError("It has not happened within 30 seconds.")


def test_a_process_ends_with_its_actor(tmp_path):
    file = tmp_path / "pid"
    command = [sys.executable, "-c", WAITS, str(file)]
    (member,) = placement.start(command, 1)()
    wait_for(lambda: file.exists() and file.read_text())
    process = psutil.Process(int(file.read_text()))
    assert member.status() is None
    ray.kill(member.seat)
    wait_for(lambda: not process.is_running() or process.status() == "zombie")
    assert member.status() == -signal.SIGKILL
    member.end()


def test_a_cluster_without_room_is_refused():
    with pytest.raises(errors.InputError, match=r"ray.num_workers=64: .* 2 cores"):
        placement.start(["true"], 64)()
