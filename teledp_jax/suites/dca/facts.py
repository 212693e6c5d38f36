"""Shares and rates of the simulated fleet, as its data file states them."""

import functools
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from teledp_jax import errors

_FOLDER = pathlib.Path(__file__).parent


@functools.cache
def constants() -> Mapping[str, Any]:
    """All shares and rates, each section with its source."""
    return _read("dca")


@functools.cache
def intel(table: str) -> Mapping[str, Any]:
    """A section of the figures behind the tables of workload intel."""
    return _read("intel")[table]


@functools.cache
def listing(name: str) -> Mapping[str, Any]:
    """A data file of published groups: `displays`, `apps` or `blockers`."""
    return _read(name)


@functools.cache
def _read(name: str) -> Mapping[str, Any]:
    path = _FOLDER / f"{name}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def world_named(name: str) -> Mapping[str, Any]:
    """What a world makes of the latent traits.

    Raises:
        InputError: If there is no such world.
    """
    worlds = constants()["worlds"]
    if name not in worlds:
        raise errors.InputError(f"world: no world {name!r}; known: {sorted(worlds)}.")
    return worlds[name]


@functools.cache
def attribute_values(attribute: str) -> list[str]:
    """The values of an attribute, in the order of their numbers."""
    return [str(value) for value in constants()["attributes"][attribute]["shares"]]


def assumptions() -> Iterator[tuple[str, str, str]]:
    """Each section of the data files: its name, its source, and what it is about."""
    listings = {name: listing(name) for name in ("displays", "apps", "blockers")}
    sections = [constants(), _read("intel"), listings]
    for name, section in (pair for file in sections for pair in file.items()):
        nested = name in ("attributes", "worlds", "devices")
        parts = section.items() if nested else [("", section)]
        for part, fields in parts:
            label = f"{name}: {part}" if part else name
            yield label, str(fields["source"]), str(fields.get("about", ""))
