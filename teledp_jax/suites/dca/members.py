"""Which devices have the tables of workload intel: published margins, met exactly.

Each table has a published number of devices, in all and by some attributes. Factors
on the values of these attributes are raked on a reference fleet until its expectations
meet them. One latent score, of how much a device reports at all, makes tables overlap.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from teledp_jax.suites import draws
from teledp_jax.suites.dca import coverage as coverage_lib
from teledp_jax.suites.dca import facts, platforms, traits

_REFERENCE_DEVICES = 100_000
_LARGEST_CHANCE = 0.97
_RAKINGS = 25
_REST = ""


def reports(fleet: traits.Fleet, table: str) -> draws.Bools:
    """Whether each device has a table."""
    chance = chances(fleet, table, coverage=fleet.coverage)
    return np.asarray(coverage_lib.score(fleet, table) > special.ndtri(1.0 - chance))


def chances(fleet: traits.Fleet, table: str, *, coverage: float) -> draws.Floats:
    """The probability that each device has a table.

    Args:
        fleet: Some devices.
        table: A name in section `devices` of the data file.
        coverage: Factor on the number of devices that have it.
    """
    factors = _factors(world_name(fleet), table, coverage)
    total = np.full(len(fleet.ids), factors[_REST][0])
    for attribute, numbers in factors.items():
        if attribute != _REST:
            total *= numbers[_codes(fleet, attribute)]
    return np.minimum(total, _LARGEST_CHANCE)


@functools.cache
def reference(world: str) -> traits.Fleet:
    """A fleet on which factors are found, the same for all fleets of a world."""
    return traits.make_fleet(
        seed=0, ids=np.arange(_REFERENCE_DEVICES), world=facts.world_named(world)
    )


def reference_share(fleet: traits.Fleet, attribute: str, names: Sequence[str]) -> float:
    """The share of all devices whose attribute has one of some values."""
    devices = reference(world_name(fleet))
    return float(devices.is_one_of(attribute, names).mean())


def centred(fleet: traits.Fleet, trait: str, attribute: str) -> draws.Floats:
    """A trait less its mean over the devices with the same value of an attribute."""
    means = _trait_means(world_name(fleet), trait, attribute)
    return np.asarray(fleet.latents[trait] - means[fleet.codes[attribute]])


@functools.cache
def _trait_means(world: str, trait: str, attribute: str) -> draws.Floats:
    """The mean of a trait by the value of an attribute, over the reference fleet."""
    fleet = reference(world)
    codes, size = fleet.codes[attribute], len(values(attribute))
    total = np.bincount(codes, fleet.latents[trait], minlength=size)
    return np.asarray(total / np.maximum(np.bincount(codes, minlength=size), 1))


@functools.cache
def _factors(world: str, table: str, coverage: float) -> Mapping[str, draws.Floats]:
    """Factors by attribute and value whose products meet the margins of a table."""
    section = facts.intel("devices")[table]
    goal = coverage_lib.share(table, coverage)
    scale = goal * coverage_lib.MILLION / section["all"]
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
    """A group for each value, those without a number in one; and shares to meet."""
    names = values(attribute)
    group = np.zeros(len(names), dtype=np.int64)
    wanted = [0.0]
    for name, number in numbers.items():
        group[names.index(str(name))] = len(wanted)
        wanted.append(number / coverage_lib.MILLION * scale)
    wanted[0] = max(goal - sum(wanted), 0.0)
    return group, np.array(wanted)


def values(attribute: str) -> list[str]:
    """The values of an attribute of the anchor or of a platform."""
    derived = {
        "platform": platforms.platform_values,
        "versions": platforms.version_values,
    }
    if attribute in derived:
        return derived[attribute]()
    return facts.attribute_values(attribute)


def _codes(fleet: traits.Fleet, attribute: str) -> draws.Ints:
    """The number of each device's value of an attribute."""
    derived: Mapping[str, Callable[[traits.Fleet], draws.Ints]] = {
        "platform": platforms.platforms,
        "versions": platforms.versions,
    }
    if attribute in derived:
        return derived[attribute](fleet)
    return fleet.codes[attribute]


def world_name(fleet: traits.Fleet) -> str:
    """The name of a fleet's world."""
    worlds = facts.constants()["worlds"]
    return next(name for name, world in worlds.items() if world is fleet.world)
