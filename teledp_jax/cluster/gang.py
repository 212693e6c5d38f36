"""Processes that fit one method together, each with its own devices of the fleet.

All run the same program. What they count they add up; what only one may draw (keys,
noise on integers, checkpoints) the first one draws and gives to all. So a gang has the
ledger of one process, and its results up to the order in which floats are summed.
"""

import os
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn

import jax
import numpy as np
from flax import serialization
from jax.experimental import multihost_utils
from jaxtyping import Array, Integer, Key

from teledp_jax import base, errors
from teledp_jax.dpsgd import parallel
from teledp_jax.privacy import release

AUTO = "auto"
"""An address of the coordinator that JAX finds by itself: on TPU pods, under Slurm."""

_HEARTBEAT_S = 20  # of silence, until a process counts as dead
_SHUTDOWN_S = 24 * 3600  # that the others wait while the first one draws tables
_CHUNK = 1 << 20  # cells that are added up at once


class Gang:
    """This process among those that fit together.

    Attributes:
        index: Number of this process; the first, 0, writes all files.
        size: Number of processes.
    """

    def __init__(self, index: int = 0, size: int = 1) -> None:
        self.index, self.size = index, size
        self._is_apart = False

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes files."""
        return self.index == 0

    def total(self, tree: Any) -> Any:
        """Adds up a tree of arrays of integers over all processes, exactly.

        Args:
            tree: Of the same shapes in each process.

        Returns:
            The same tree of 64-bit integers in each process.
        """
        leaves, structure = jax.tree.flatten(tree)
        own = [np.asarray(leaf, np.int64) for leaf in leaves]
        if self.size == 1 or not own:
            return jax.tree.unflatten(structure, own)
        flat = np.concatenate([leaf.ravel() for leaf in own])
        starts = range(0, len(flat), _CHUNK)
        parts = [_added(flat[start : start + _CHUNK]) for start in starts]
        summed = np.split(
            np.concatenate([*parts, flat[:0]]),
            np.cumsum([leaf.size for leaf in own])[:-1],
        )
        shaped = [a.reshape(b.shape) for a, b in zip(summed, own, strict=True)]
        return jax.tree.unflatten(structure, shaped)

    def once(self, make: Callable[[], Any]) -> Any:
        """Returns what `make` returns in the first process, given to all.

        What it calls is not shared in turn: it may ask the store, or take its time.

        Args:
            make: Returns a tree of arrays, numbers and texts; called in the first
                process only.

        Raises:
            InputError: In every process, if `make` raised it.
        """
        if self.size == 1 or self._is_apart:
            return make()
        if not self.is_first:
            found = _given({})
            if "error" in found:
                raise errors.InputError(found["error"])
            return found["value"]
        self._is_apart = True
        try:
            value = make()
        except errors.InputError as error:
            _given({"error": str(error)})
            raise
        finally:
            self._is_apart = False
        return _given({"value": value})["value"]

    def gathered(self, value: int) -> list[int]:
        """Returns the value of each process, in their order."""
        own = np.where(np.arange(self.size) == self.index, value, 0)
        return self.total(own).tolist()

    def part(self, num_devices: int) -> tuple[base.Part, int]:
        """Returns the part of a fleet that this process holds.

        Args:
            num_devices: Devices in the fleet, exact.

        Returns:
            The part, and the position after its last device.
        """
        if jax.device_count() == 1:
            return base.Part(), num_devices
        mesh = parallel.make_mesh()
        first, stop = parallel.own_range(num_devices, mesh)
        part = base.Part(
            first=first,
            num_devices=num_devices,
            mesh=mesh,
            total=self.total,
            once=self.once,
        )
        return part, stop

    def store(self, store: base.Store) -> base.Store:
        """Returns a store that all share: the first process reads and writes it."""
        return store if self.size == 1 else _Shared(self, store)

    def shared_noise(self, integer_noise: base.IntegerNoise) -> base.IntegerNoise:
        """Makes a sampler that only the first process draws from, once for all.

        Args:
            integer_noise: The sampler of that process.

        Returns:
            A sampler that gives the same noisy integers in each process.
        """

        def drawn(
            key: Key[Array, ""], values: Integer[np.ndarray, "..."], sigma: float
        ) -> Integer[np.ndarray, "..."]:
            return self.once(
                lambda: release.add_noise(
                    key, values, sigma, integer_noise=integer_noise
                )
            )

        return drawn


ALONE = Gang()
"""A process that fits by itself."""


def join(address: str, num_processes: int, index: int) -> Gang:
    """Meets the other processes; to be called before JAX is used.

    A process that dies ends the others: at once where they wait for it, else within
    seconds. An error that nobody handles ends this one without waiting for them.

    Args:
        address: `HOST:PORT` that the first process opens; `AUTO` where JAX finds the
            others by itself, and all else too.
        num_processes: How many there are.
        index: Number of this process. It takes all accelerators that it sees: several
            on one host are given theirs by `JAX_LOCAL_DEVICE_IDS`.

    Raises:
        InputError: If the others are not found.
    """
    known: dict[str, Any] = {}
    if address != AUTO:
        known = {
            "coordinator_address": address,
            "num_processes": num_processes,
            "process_id": index,
        }
    try:
        jax.distributed.initialize(
            **known,
            heartbeat_timeout_seconds=_HEARTBEAT_S,
            shutdown_timeout_seconds=_SHUTDOWN_S,
        )
    except (RuntimeError, ValueError) as error:
        raise errors.InputError(
            f"--coordinator={address}: the processes did not meet ({error}); start all "
            "of them with the same flags but --process_id, 0 on the address's host."
        ) from None
    sys.excepthook = _end_by_error
    return Gang(jax.process_index(), jax.process_count())


def leave(status: int) -> NoReturn:
    """Ends this process; of a gang, without waiting for what others still do."""
    if not jax.distributed.is_initialized():
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def end_with_parent() -> None:
    """Ends this process, from now on, as soon as its standard input is closed."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _end_by_error(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Shows an error and ends the process."""
    sys.__excepthook__(kind, error, trace)
    leave(1)


class _Shared:
    """The store of a gang."""

    def __init__(self, gang: Gang, store: base.Store) -> None:
        self._gang, self._store = gang, store

    def load(self, name: str) -> base.Tree | None:
        """What the first process finds."""
        return self._gang.once(lambda: self._store.load(name))

    def save(self, name: str, tree: base.Tree) -> None:
        """Saves the tree of the first process; the others have the same."""
        if self._gang.is_first:
            self._store.save(name, tree)


def _added(cells: Integer[np.ndarray, " cell"]) -> Integer[np.ndarray, " cell"]:
    """The sum over processes; on the host, as accelerators have no 64-bit integers."""
    size = 1 << max(len(cells) - 1, 0).bit_length()  # so that few programs compile
    words = np.pad(cells, (0, size - len(cells))).view(np.uint32)
    every = np.ascontiguousarray(multihost_utils.process_allgather(words))
    return every.view(np.int64).sum(axis=0)[: len(cells)]


def _given(value: base.Tree) -> base.Tree:
    """The value of the first process."""
    data = np.frombuffer(serialization.msgpack_serialize(value), np.uint8)
    size = int(multihost_utils.broadcast_one_to_all(np.uint32(len(data))))
    padded = np.zeros(1 << max(size - 1, 0).bit_length(), np.uint8)
    if jax.process_index() == 0:
        padded[:size] = data
    shared = np.asarray(multihost_utils.broadcast_one_to_all(padded))
    return serialization.msgpack_restore(shared[:size].tobytes())
