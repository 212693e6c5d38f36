"""What of a shuffle a cluster carries, and where pieces lie on their way."""

import stat
import tempfile

import pytest

from teledp_jax import errors
from teledp_jax.cluster import exchange

ray = pytest.importorskip("ray")


@pytest.fixture
def cluster(monkeypatch) -> None:
    """A cluster whose smallest node has memory for a hundred objects."""
    memory = 100 * exchange._OBJECT_BYTES / exchange._OBJECT_SHARE
    monkeypatch.setattr(exchange, "_least_memory", lambda: memory)


def test_reducers_follow_from_the_bytes_and_not_from_many_partitions():
    assert exchange.reducers(10, 3) == 3
    assert exchange.reducers(10, 10_000) == 64
    assert exchange.reducers(2**28 * 100 - 1, 10_000) == 100
    assert exchange.reducers(2**60, 10_000) == 1024


def test_partitions_whose_pieces_outweigh_their_rows_are_refused():
    exchange.check(100, 22_369)  # 2**26 bytes of rows, 3,000 of a piece
    with pytest.raises(errors.InputError, match=r"=22370: of more than 22,369 the pie"):
        exchange.check(100, 22_370)


def test_more_tasks_than_ray_queues_are_refused():
    exchange.check(1_000_000 - 2048, 1)
    with pytest.raises(errors.InputError, match=r"take 997,953 tasks .* narrower"):
        exchange.check(1_000_000 - 2047, 1)


def test_objects_that_the_driver_cannot_hold_go_through_files(cluster, tmp_path):
    import ray.data

    context, before = ray.data.DataContext.get_current(), tempfile.tempdir
    for reads, reducers, by_files in ((10, 10, False), (101, 1, True)):
        folder = tmp_path / str(reads)
        with exchange.shuffling(
            folder, num_bytes=10, num_reads=reads, num_reducers=reducers
        ):
            assert context.use_disk_based_hash_shuffle == by_files
            assert tempfile.gettempdir() == str(folder)
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert tempfile.tempdir == before


def test_a_node_that_is_lost_is_no_fault_of_the_files():
    died = ray.exceptions.NodeDiedError("gone")
    assert exchange.is_lost(died)
    assert not exchange.is_full(died)
    text = "ShuffleFileServerAnomalyError: ShuffleFileServer on node 1 is dead"
    served = ray.exceptions.RayTaskError("reduce", text, ValueError(text))
    assert exchange.is_lost(served)
    damaged = ray.exceptions.RayTaskError("map", "damaged file", ValueError("x"))
    assert not exchange.is_lost(damaged)
    full = ray.exceptions.RayTaskError("reduce", "ShuffleDiskError: 28", OSError(28))
    assert exchange.is_full(full)
