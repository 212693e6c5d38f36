"""Workers, a node and the head are killed; the tables are those of a quiet run."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import psutil
import pyarrow.parquet as pq
import pytest

from teledp_jax import runs
from teledp_jax.cluster import partitions, shuffle
from teledp_jax.data import aggregate, definition, parts, rawfiles, shipped
from teledp_jax.data import suite as suite_lib
from teledp_jax.suites.dca import fleet
from tests import paths

ray = pytest.importorskip("ray")
cluster_utils = pytest.importorskip("ray.cluster_utils")

TABLES = {"crashlog", "wifi_error", "system_sysinfo_unique_normalized"}
NO_TASK = ("IDLE", "Agent", "Actor")
PATIENCE_S = 120
LOT_BYTES = 1  # a shuffle for each table, so that harm falls between them


def quiet(done, total):
    return None


@pytest.fixture(autouse=True)
def many_shuffles(monkeypatch) -> None:
    monkeypatch.setattr(shuffle, "_LOT_BYTES", LOT_BYTES)


@pytest.fixture(scope="module")
def suite() -> definition.Suite:
    """Three tables of suite dca."""
    whole = suite_lib.load(shipped.suite("dca"))
    return whole.without({table.name for table in whole.schema.tables} - TABLES)


@pytest.fixture(scope="module")
def raw(suite, tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("raw")
    sources = [source.file for source in suite.sources.values()]
    fleet.simulate(folder, source=sources, num_devices=150, seed=0, progress=quiet)
    return folder


@pytest.fixture(scope="module")
def expected(suite, raw, tmp_path_factory) -> dict[str, list[dict]]:
    folder = tmp_path_factory.mktemp("local")
    run = runs.Run(folder / "run")
    aggregate.aggregate(
        suite,
        raw,
        run,
        window=("", ""),
        device_share=1.0,
        holdout=0.2,
        allow_missing_tables=False,
        memory_limit="500MB",
        temp_folder=folder / "temp",
        progress=quiet,
    )
    return tables(run)


@pytest.fixture(scope="module")
def nodes():
    """A cluster of two nodes on this machine; the second may be lost."""
    made = cluster_utils.Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    second = made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False)
    yield made, second
    ray.shutdown()
    made.shutdown()


def tables(run: runs.Run) -> dict[str, list[dict]]:
    """Rows of each device table, in one order whatever the partitions."""
    return {
        path.name: sorted(pq.read_table(path).to_pylist(), key=repr)
        for path in sorted(run.real.iterdir())
    }


def tasks(name: str) -> list[psutil.Process]:
    """Processes that run a task of Ray whose name holds a text."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        title = (process.info["cmdline"] or [""])[0]
        if title.startswith("ray::") and name in title:
            if not any(other in title for other in NO_TASK):
                found.append(process)
    return found


def staged(run: runs.Run) -> list[pathlib.Path]:
    """Markers of raw tables that were shuffled."""
    return sorted((run.staging / "raw").glob("*/finished.json"))


def reduce_while(suite, raw, folder, harm) -> tuple[runs.Run, list]:
    """Aggregates on the connected cluster while `harm` is tried until it succeeds."""
    run, done, stop = runs.Run(folder / "run"), [], threading.Event()

    def watch():
        while not stop.is_set() and not done:
            if harmed := harm(run):
                done.append(harmed)
            time.sleep(0.01)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        partitions.aggregate_all(
            suite,
            raw,
            run,
            parts.Partitioning(
                num_partitions=3,
                memory_limit="500MB",
                temp_folder=folder / "temp",
                token="token",
            ),
            selection=rawfiles.Selection(
                window=(None, None), device_share=1.0, holdout=0.2
            ),
            allow_missing_tables=False,
            progress=quiet,
        )
    finally:
        stop.set()
        watching.join()
    return run, done


def kill_tasks(*names: str):
    """Kills, one after the other, a process that is seen at work on each task."""
    left, killed = list(names), []

    def harm(run):
        for process in tasks(left[0]):
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
            left.pop(0)
            killed.append(process.pid)
            break
        return None if left else killed

    return harm


def test_workers_killed_in_the_shuffle_and_in_the_sql_change_nothing(
    nodes, suite, raw, expected, tmp_path
):
    run, killed = reduce_while(suite, raw, tmp_path, kill_tasks("", "reduce_partition"))
    assert killed
    assert tables(run) == expected


def test_a_node_that_is_lost_changes_nothing(nodes, suite, raw, expected, tmp_path):
    made, second = nodes

    def harm(run):
        if not staged(run):
            return None
        made.remove_node(second, allow_graceful=False)
        return "lost"

    run, lost = reduce_while(suite, raw, tmp_path, harm)
    assert lost
    assert tables(run) == expected
    assert sum(node["Alive"] for node in ray.nodes()) == 1


AGGREGATE = """
import pathlib, sys
from tests.cluster import faults_test as faults
from teledp_jax.data import suite as suite_lib
from teledp_jax.cluster import connection, shuffle
from teledp_jax.data import shipped
shuffle._LOT_BYTES = faults.LOT_BYTES
folder, raw = map(pathlib.Path, sys.argv[1:])
whole = suite_lib.load(shipped.suite("dca"))
suite = whole.without({table.name for table in whole.schema.tables} - faults.TABLES)
with connection.connect(address="", num_cpus=2, spill_folder=folder / "spill"):
    faults.reduce_while(suite, raw, folder, lambda run: None)
"""


def test_a_head_that_is_killed_goes_on_where_it_was(suite, raw, expected, tmp_path):
    run = runs.Run(tmp_path / "run")
    command = [sys.executable, "-c", AGGREGATE, str(tmp_path), str(raw)]
    environ = os.environ | {"PYTHONPATH": str(paths.ROOT)}
    head = subprocess.Popen(command, env=environ, cwd=paths.ROOT)
    for _ in range(PATIENCE_S * 50):
        if staged(run):
            break
        time.sleep(0.02)
    head.send_signal(signal.SIGKILL)
    assert head.wait() == -signal.SIGKILL
    before = {marker: marker.stat().st_mtime_ns for marker in staged(run)}
    assert before and not run.real.exists()
    subprocess.run(command, env=environ, cwd=paths.ROOT, check=True)
    assert before.items() <= {m: m.stat().st_mtime_ns for m in staged(run)}.items()
    assert tables(run) == expected
