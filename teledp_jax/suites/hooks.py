"""Finds what a shipped suite adds to a run, beside its SQL."""

import functools
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from teledp_jax import errors, runs, storage
from teledp_jax.data import definition, sqlfile
from teledp_jax.report import page
from teledp_jax.suites.dca import facts, fleet
from teledp_jax.suites.eventlog import comparison, logfile, sections, simulate
from teledp_jax.suites.flights import load as flights
from teledp_jax.suites.purchases import load as purchases


class Write(Protocol):
    """Writes raw files of a simulated fleet, or loads those of a public one."""

    def __call__(
        self,
        folder: pathlib.Path,
        *,
        source: Sequence[sqlfile.SqlFile],
        num_devices: int,
        simulation: Mapping[str, Any],
        progress: Callable[[int, int], None],
    ) -> None:
        """Writes `<schema>/<table>/*.parquet` in `folder`.

        Args:
            folder: Gets the files.
            source: Headers of the raw tables to write.
            num_devices: Size of a simulated fleet that may have any.
            simulation: Section `simulation` of the config; see `settings.default`.
            progress: Called with what is done and what there is to do.
        """


class Compare(Protocol):
    """Compares synthetic data with the real data beyond what queries ask."""

    def __call__(
        self,
        run: runs.Run,
        suite: definition.Suite,
        labels: Sequence[str],
        *,
        source: storage.Place | None,
        simulation_seed: int,
    ) -> dict[str, Any]:
        """Writes what it found in the run folder, and returns it."""


class ReadFile(Protocol):
    """Makes the raw files of a suite of one file of a user's own."""

    def __call__(
        self,
        path: pathlib.Path,
        folder: pathlib.Path,
        *,
        suite_folder: pathlib.Path,
        encoding: str,
    ) -> pathlib.Path:
        """Writes raw files below a folder, unless it has those of this file.

        Args:
            path: The file.
            folder: The run folder.
            suite_folder: Folder of the suite.
            encoding: Encoding of the file.

        Returns:
            The folder of raw files, which serves as a source.
        """


class Hooks(NamedTuple):
    """What a suite adds; a suite of SQL files only adds nothing.

    Attributes:
        write: Makes its raw files; None: a run needs a source.
        read_file: Makes them of one file; None: a source is a folder.
        simulator: Module whose code the raw files depend on.
        rates: Data files of its simulator, whose assumed sections the report lists.
        compare: Run after `evaluate`.
        additions: Make the parts of the report that are its own.
    """

    write: Write | None = None
    read_file: ReadFile | None = None
    simulator: str = ""
    rates: tuple[pathlib.Path, ...] = ()
    compare: Compare | None = None
    additions: tuple[page.MakeAddition, ...] = ()


def _simulate_laptops(
    folder: pathlib.Path,
    *,
    source: Sequence[sqlfile.SqlFile],
    num_devices: int,
    simulation: Mapping[str, Any],
    progress: Callable[[int, int], None],
) -> None:
    """`Write` of suite dca."""
    fleet.simulate(
        folder, source=source, num_devices=num_devices, progress=progress, **simulation
    )


def _simulate_log(
    folder: pathlib.Path,
    *,
    source: Sequence[sqlfile.SqlFile],
    num_devices: int,
    simulation: Mapping[str, Any],
    progress: Callable[[int, int], None],
) -> None:
    """`Write` of suite eventlog, whose size is the published one."""
    del num_devices
    seed = simulation["seed"]
    simulate.simulate(folder, source=source, seed=seed, progress=progress)


def _load_public(
    load: Callable[..., None],
    folder: pathlib.Path,
    *,
    source: Sequence[sqlfile.SqlFile],
    num_devices: int,
    simulation: Mapping[str, Any],
    progress: Callable[[int, int], None],
) -> None:
    """`Write` of a suite of public data, once `load` is bound."""
    del num_devices, simulation
    load(folder, source=source, progress=progress)


_SHIPPED = {
    "dca": Hooks(write=_simulate_laptops, simulator=fleet.__name__, rates=facts.RATES),
    "eventlog": Hooks(
        write=_simulate_log,
        read_file=logfile.read,
        simulator=simulate.__name__,
        rates=(simulate.RATES,),
        compare=comparison.write,
        additions=(sections.addition,),
    ),
    "flights": Hooks(
        write=functools.partial(_load_public, flights.load), simulator=flights.__name__
    ),
    "purchases": Hooks(
        write=functools.partial(_load_public, purchases.load),
        simulator=purchases.__name__,
    ),
}


def of(suite: str) -> Hooks:
    """Finds the hooks of a suite; those of an unknown one do nothing.

    Args:
        suite: Name of the suite.
    """
    return _SHIPPED.get(suite, Hooks())


def write_raw(suite: str, folder: pathlib.Path, **arguments: Any) -> None:
    """Makes the raw files of a suite; arguments are those of `Write`.

    Raises:
        InputError: If the suite has neither simulator nor loader.
    """
    write = of(suite).write
    if write is None:
        raise errors.InputError(f"Suite {suite} has no simulator; state a source.")
    write(folder, **arguments)
