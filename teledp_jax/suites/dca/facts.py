"""Reads the shares and rates of the simulated fleet from the data files beside it."""

import functools
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from teledp_jax import errors

_FOLDER = pathlib.Path(__file__).parent

RATES = tuple(
    _FOLDER / f"{name}.yaml"
    for name in ("devices", "presence", "failures", "hardware", "usage")
)
"""Data files of sections, each of which states where its numbers come from."""

_LISTINGS = ("displays", "apps", "blockers")
_NESTED = ("attributes", "worlds", "tables")


@functools.cache
def section(name: str) -> Mapping[str, Any]:
    """Reads a section of the data files.

    Args:
        name: Name of the section; those about a raw table have the table's name.
    """
    return _sections()[name]


@functools.cache
def listing(name: str) -> Mapping[str, Any]:
    """Reads a data file of published groups: `displays`, `apps` or `blockers`."""
    return _read(_FOLDER / f"{name}.yaml")


@functools.cache
def _sections() -> Mapping[str, Any]:
    """Joins the sections of all data files; none has the name of another."""
    found: dict[str, Any] = {}
    for path in RATES:
        content = _read(path)
        if twice := sorted(found.keys() & content.keys()):
            raise ValueError(f"Expected each section once: {path} has {twice} again.")
        found |= content
    return found


def _read(path: pathlib.Path) -> Mapping[str, Any]:
    """Reads a data file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def world_named(name: str) -> Mapping[str, Any]:
    """Reads what a world makes of the latent traits.

    Raises:
        InputError: If there is no such world.
    """
    worlds = section("worlds")
    if name not in worlds:
        raise errors.InputError(f"world: no world {name!r}; known: {sorted(worlds)}.")
    return worlds[name]


@functools.cache
def attribute_values(attribute: str) -> list[str]:
    """Lists the values of an attribute, in the order of their numbers."""
    return [str(value) for value in section("attributes")[attribute]["shares"]]


def rows_share(table: str) -> float:
    """Reads how many rows are written for each row of the corpus."""
    return float(section("rows_share")["shares"].get(table, 1.0))


def assumptions() -> Iterator[tuple[str, str, str]]:
    """Yields each section of the data files: its name, source, and what it is about."""
    sections = {**_sections(), **{name: listing(name) for name in _LISTINGS}}
    for name, content in sections.items():
        parts = content.items() if name in _NESTED else [("", content)]
        for part, fields in parts:
            label = f"{name}: {part}" if part else name
            yield label, str(fields["source"]), str(fields.get("about", ""))
