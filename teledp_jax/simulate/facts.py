"""Shares and rates of the simulated fleet, as its data file states them."""

import functools
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from teledp_jax import errors

_DATA = pathlib.Path(__file__).with_name("dca.yaml")


@functools.cache
def constants() -> Mapping[str, Any]:
    """All shares and rates, each section with its source."""
    return yaml.safe_load(_DATA.read_text(encoding="utf-8"))


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
    """Each section of the data file: its name, its source, and what it is about."""
    for name, section in constants().items():
        parts = section.items() if name in ("attributes", "worlds") else [("", section)]
        for part, fields in parts:
            label = f"{name}: {part}" if part else name
            yield label, str(fields["source"]), str(fields.get("about", ""))
