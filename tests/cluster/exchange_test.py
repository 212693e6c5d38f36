"""What of a shuffle a cluster carries, and where pieces lie on their way."""

import stat
import tempfile

import pytest

from teledp_jax import errors
from teledp_jax.cluster import exchange

ray = pytest.importorskip("ray")


def nodes(monkeypatch, *memory: float) -> None:
    found = [{"Resources": {"memory": each}} for each in memory]
    monkeypatch.setattr(exchange, "_alive", lambda: found)


def test_an_index_of_pairs_takes_a_tenth_of_the_smallest_node(monkeypatch):
    nodes(monkeypatch, 64e6, 640e6)
    exchange.check(100, 1000)  # 100 * 1000 * 64 bytes
    with pytest.raises(errors.InputError, match=r"=1001: .* carries 1,000 part"):
        exchange.check(100, 1001)
    exchange.check(1, 100_000)


def test_many_reads_hand_out_as_few_tasks_and_are_tasks_themselves(monkeypatch):
    nodes(monkeypatch, 1e12)
    exchange.check(900_000, 98_976)
    with pytest.raises(errors.InputError, match=r"carries 98,976 partitions"):
        exchange.check(900_000, 98_977)
    with pytest.raises(errors.InputError, match="carries 0 partitions"):
        exchange.check(2_000_000, 1)


def test_many_pieces_go_through_files_in_a_private_folder(tmp_path):
    import ray.data

    context, before = ray.data.DataContext.get_current(), tempfile.tempdir
    for partitions, by_files in ((100_000, False), (100_001, True)):
        folder = tmp_path / str(partitions)
        with exchange.shuffling(
            folder, num_bytes=10, num_reads=1, num_partitions=partitions
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
