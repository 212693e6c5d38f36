"""Meets published margins: numbers of devices that have a table, by attributes.

Factors on the values of attributes are raked on a reference fleet until its expected
numbers are the published ones.

References:
    Deming and Stephan 1940 (iterative proportional fitting).
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from teledp_jax.suites import draws
from teledp_jax.suites.dca import facts, overlap, platforms, traits, versions

_REFERENCE_DEVICES = 100_000
_LARGEST_CHANCE = 0.97
_RAKINGS = 25
_REST = ""


def chances(fleet: traits.Fleet, table: str, *, coverage: float) -> draws.Floats:
    """Computes the probability that each device has a table.

    Args:
        fleet: Some devices.
        table: A name in section `tables` of the data files.
        coverage: Factor on the number of devices that have it.

    Returns:
        One probability per device.
    """
    factors = _factors(world_name(fleet), table, coverage)
    total = np.full(len(fleet.ids), factors[_REST][0])
    for attribute, numbers in factors.items():
        if attribute != _REST:
            total *= numbers[_codes(fleet, attribute)]
    return np.minimum(total, _LARGEST_CHANCE)


@functools.cache
def reference(world: str) -> traits.Fleet:
    """Makes the fleet on which factors are found, one for all fleets of a world."""
    return traits.make_fleet(
        seed=0, ids=np.arange(_REFERENCE_DEVICES), world=facts.world_named(world)
    )


def reference_share(fleet: traits.Fleet, attribute: str, names: Sequence[str]) -> float:
    """Computes the share of all devices whose attribute has one of some values."""
    devices = reference(world_name(fleet))
    return float(devices.is_one_of(attribute, names).mean())


def centred(fleet: traits.Fleet, trait: str, attribute: str) -> draws.Floats:
    """Takes from a trait its mean over devices with the same value of an attribute."""
    means = _trait_means(world_name(fleet), trait, attribute)
    return np.asarray(fleet.latents[trait] - means[fleet.codes[attribute]])


@functools.cache
def _trait_means(world: str, trait: str, attribute: str) -> draws.Floats:
    """Computes the mean of a trait by the value of an attribute, over the reference."""
    fleet = reference(world)
    codes, size = fleet.codes[attribute], len(values(attribute))
    total = np.bincount(codes, fleet.latents[trait], minlength=size)
    return np.asarray(total / np.maximum(np.bincount(codes, minlength=size), 1))


@functools.cache
def _factors(world: str, table: str, coverage: float) -> Mapping[str, draws.Floats]:
    """Rakes factors by attribute and value whose products meet a table's margins."""
    section = facts.section("tables")[table]
    goal = overlap.share(table, coverage)
    scale = goal * overlap.MILLION / section["all"]
    fleet = dataclasses.replace(reference(world), coverage=coverage)
    codes = {name: _codes(fleet, name) for name in section.get("by", {})}
    goals = {
        name: _goals(name, numbers, goal, scale)
        for name, numbers in section.get("by", {}).items()
    }
    factors = {name: np.ones(len(values(name))) for name in codes}
    weight = np.ones(len(fleet.ids))
    if within := section.get("within"):
        weight = chances(fleet, within, coverage=1.0)
        weight /= weight.mean()
    for _ in range(_RAKINGS if codes else 0):
        for name, (group, wanted) in goals.items():
            chance = np.full(len(fleet.ids), goal)
            for other, code in codes.items():
                chance = chance * factors[other][code]
            kind = group[codes[name]]
            reached = np.bincount(
                kind,
                weight * np.minimum(chance, _LARGEST_CHANCE),
                minlength=len(wanted),
            )
            ratio = wanted * len(fleet.ids) / np.maximum(reached, 1e-9)
            largest = _LARGEST_CHANCE / goal
            update = factors[name] * np.clip(ratio, 0.1, 10.0)[group]
            factors[name] = np.minimum(update, 10.0 * largest)
    return {_REST: np.array([goal]), **factors}


def _goals(
    attribute: str, numbers: Mapping[Any, float], goal: float, scale: float
) -> tuple[draws.Ints, draws.Floats]:
    """Groups values, those without a number in one, and finds the shares to meet."""
    names = values(attribute)
    group = np.zeros(len(names), dtype=np.int64)
    wanted = [0.0]
    for name, number in numbers.items():
        group[names.index(str(name))] = len(wanted)
        wanted.append(number / overlap.MILLION * scale)
    wanted[0] = max(goal - sum(wanted), 0.0)
    return group, np.array(wanted)


def values(attribute: str) -> list[str]:
    """Lists the values of an attribute of the anchor, of platforms or of versions."""
    derived = {
        "platform": platforms.values,
        "versions": versions.values,
    }
    if attribute in derived:
        return derived[attribute]()
    return facts.attribute_values(attribute)


def _codes(fleet: traits.Fleet, attribute: str) -> draws.Ints:
    """Finds the number of each device's value of an attribute."""
    derived: Mapping[str, Callable[[traits.Fleet], draws.Ints]] = {
        "platform": platforms.of,
        "versions": versions.of,
    }
    if attribute in derived:
        return derived[attribute](fleet)
    return fleet.codes[attribute]


def world_name(fleet: traits.Fleet) -> str:
    """Finds the name of a fleet's world."""
    worlds = facts.section("worlds")
    return next(name for name, world in worlds.items() if world is fleet.world)
