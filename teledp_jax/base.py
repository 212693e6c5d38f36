"""What every method is: an event stated before data, a fit, and a sampler."""

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Array, Float, Integer, Key

from teledp_jax import arrays, keys

Tree = dict[str, Any]
"""Nested dicts of arrays and numbers under text keys: what can be saved."""

FACTS = "facts"
"""Where a fitted tree may hold public numbers that only the fit can tell, by name."""


@runtime_checkable
class Store(Protocol):
    """Where a fit keeps what it needs to go on after it was killed. Private."""

    def load(self, name: str) -> Tree | None:
        """Loads what was saved under a name, or None.

        Args:
            name: The name.
        """

    def save(self, name: str, tree: Tree) -> None:
        """Saves a tree under a name, whole or not at all.

        Args:
            name: The name.
            tree: What to save.
        """


IntegerNoise = Callable[
    [Key[Array, ""], Integer[np.ndarray, "..."], float], Integer[np.ndarray, "..."]
]
"""Adds discrete Gaussian noise: (key, integers, noise parameter sigma) to integers."""


def _as_it_is(tree: Any) -> Any:
    """The total over one process."""
    return tree


def _here(make: Callable[[], Any]) -> Any:
    """What the first process makes, if there is no other."""
    return make()


class Part(NamedTuple):
    """Which devices of the fleet a process holds, and how processes meet.

    By default a process is the only one and holds them all. Otherwise each runs the
    same fit on its own devices and must call `total` and `once` in the same order.

    Attributes:
        first: Position in the fleet of the first own device.
        num_devices: Devices in the fleet, exact, so private; None: the own ones.
        mesh: Accelerators of all processes, in the order of positions; None: one.
        total: Adds up a tree of arrays of integers over processes, exactly.
        once: What a function makes in the first process, given to all; the others do
            not call it.
    """

    first: int = 0
    num_devices: int | None = None
    mesh: jax.sharding.Mesh | None = None
    total: Callable[[Any], Any] = _as_it_is
    once: Callable[[Callable[[], Any]], Any] = _here


class Asked(NamedTuple):
    """What each device adds to the answer of one query, in groups.

    Attributes:
        query: Name of the query.
        device: Index of the device of each row.
        group: Position in `groups` of each row.
        groups: Values of the query's keys: the groups that occur.
        amounts: `[row, amount]`: what is summed; the first is 1 and counts devices. NaN
            is 0.
        ratios: Positions of amounts: the query gives the sum of the first over that of
            the second.
    """

    query: str
    device: Integer[np.ndarray, " row"]
    group: Integer[np.ndarray, " row"]
    groups: tuple[tuple[Any, ...], ...]
    amounts: Float[np.ndarray, "row amount"]
    ratios: tuple[tuple[int, int], ...]


Questions = Callable[[arrays.DeviceArrays, arrays.DeviceArrays], Sequence[Asked]]
"""Asks devices the queries of the workload: (devices, public ones) to what they add.

There is one `Asked` a query, always the same queries in the same order. Numbers inside
of bins are taken as the public devices have them, so a device's rows follow from its
own codes only."""


class Context(NamedTuple):
    """Holds what a fit is given besides keys and devices.

    Attributes:
        store: Checkpoints. Noisy integers are saved before they are used, so that a
            resumed fit never draws them twice.
        progress: Called with steps done, steps in all, and public facts to show.
        integer_noise: Sampler of the discrete Gaussian, from `privacy.mechanisms`; only
            `privacy.release` calls it.
        part: Which devices these are. Whatever a fit counts of them, it adds up by
            `part.total` before anything else is done to it.
        questions: Asks devices the queries of the workload; None where there is none.
    """

    store: Store
    progress: Callable[[int, int, Mapping[str, float]], None]
    integer_noise: IntegerNoise
    part: Part = Part()
    questions: Questions | None = None


class Synthesizer(NamedTuple):
    """A method, configured and calibrated, before it has seen private data.

    Attributes:
        event: The `dp_accounting.DpEvent` of everything that `fit` reads.
        fit: The only door for private data; what it returns is safe to release under
            `event`.
        sample: Draws that many devices from what `fit` returned.
        facts: Public numbers to show with results: noise multiplier, steps, sizes.
            Those that only a fit can tell are `FACTS` of what it returned.
        max_rows: Most rows of a device that it reads and draws, by table; of others
            what the schema says.
    """

    event: Any
    fit: Callable[[keys.Keys, arrays.DeviceArrays, Context], Tree]
    sample: Callable[[Key[Array, ""], Tree, int], arrays.DeviceArrays]
    facts: Mapping[str, float | int | str]
    max_rows: Mapping[str, int] = types.MappingProxyType({})


class MemoryStore:
    """A store that forgets at exit, for tests and for runs without resumption."""

    def __init__(self) -> None:
        self._trees: dict[str, Tree] = {}

    def load(self, name: str) -> Tree | None:
        """Returns what was saved under a name, or None.

        Args:
            name: The name.
        """
        return self._trees.get(name)

    def save(self, name: str, tree: Tree) -> None:
        """Keeps a tree in memory.

        Args:
            name: The name.
            tree: What to keep.
        """
        self._trees[name] = tree
