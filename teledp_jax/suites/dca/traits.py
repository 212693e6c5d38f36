"""Draws what devices are: latent traits, and the attributes that follow from them."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from teledp_jax.suites import draws
from teledp_jax.suites.dca import facts, vendors

PORTABLE = ["Notebook", "2 in 1", "Tablet"]

_CLASSES = {"i3": 1, "i5": 2, "i7": 3, "i9": 4, "Xeon": 4}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fleet:
    """Holds some devices of a fleet, by place.

    Attributes:
        seed: Of the fleet.
        ids: Number of each device in the whole fleet.
        world: What the latent traits lead to.
        latents: Standard normal traits by name.
        codes: Number of each device's value of each attribute.
        generation: Of the processor; 0 if it has none.
        rank: Of the processor in its generation, 0 (Pentium) to 4 (i9, Xeon).
        cores: Number of cores.
        discrete: Whether it has discrete graphics.
        defective: Whether its graphics driver is the defective one.
        hot: Whether it is old, portable and worked hard, and so overheats.
        starved: Whether it is worked hard on little memory.
        worn: Whether it is portable with a battery past its life.
        vendor_effect: What its vendor adds to the logarithm of its failure rates.
        burst: Factor on its event rates: 1 but for a few extreme devices.
        offset: Seconds from UTC.
        coverage: Factor on the published share of devices that have a table.
    """

    seed: int
    ids: draws.Ints
    world: Mapping[str, Any]
    latents: Mapping[str, draws.Floats]
    codes: Mapping[str, draws.Ints]
    generation: draws.Ints
    rank: draws.Ints
    cores: draws.Ints
    discrete: draws.Bools
    defective: draws.Bools
    hot: draws.Bools
    starved: draws.Bools
    worn: draws.Bools
    vendor_effect: draws.Floats
    burst: draws.Floats
    offset: draws.Ints
    coverage: float = 1.0

    def draw(self, purpose: str) -> draws.Draws:
        """Gives draws of one number per device."""
        return draws.Draws(self.seed, purpose, self.ids)

    def linear(self, weights: Mapping[str, float]) -> draws.Floats:
        """Adds latent traits by weight."""
        return _linear(self.latents, weights, len(self.ids))

    def is_one_of(self, attribute: str, names: Sequence[str]) -> draws.Bools:
        """Tells whether each device's attribute has one of some values."""
        values = facts.attribute_values(attribute)
        return np.isin(self.codes[attribute], [values.index(name) for name in names])

    def by_value(
        self, attribute: str, numbers: Mapping[str, float], default: float = 0.0
    ) -> draws.Floats:
        """Finds a number for each device by the value of its attribute."""
        values = facts.attribute_values(attribute)
        table = np.array([float(numbers.get(value, default)) for value in values])
        return table[self.codes[attribute]]


def make_fleet(
    *, seed: int, ids: draws.Ints, world: Mapping[str, Any], coverage: float = 1.0
) -> Fleet:
    """Draws some devices of the fleet that `seed` and `world` define.

    Args:
        seed: Of the fleet.
        ids: Numbers of the devices in the whole fleet.
        world: What the latent traits lead to; see `facts.world_named`.
        coverage: As `Fleet.coverage`.

    Returns:
        The devices, in the order of `ids`.
    """
    draw = draws.Draws(seed, "traits", ids)
    latents = _latents(draw, world)
    codes = _attributes(draw, latents, world)
    codes["modelvendor_normalized"] = vendors.with_home(draw, codes)
    generation, rank, cores = _processor(codes)
    portable = _in(codes, "chassistype", PORTABLE)
    discrete = _discrete_graphics(draw, codes)
    new_windows = _in(codes, "os", ["Win11", "Win Server"])
    ram = np.array([float(v) for v in facts.attribute_values("ram")])[codes["ram"]]
    limits = facts.section("thresholds")
    newness, workload = latents["newness"], latents["workload"]
    hours = facts.section("hours_from_utc")["hours"]
    countries = facts.attribute_values("countryname_normalized")
    zones = np.array([int(hours[name] * 3600) for name in countries])
    return Fleet(
        seed=seed,
        ids=ids,
        world=world,
        latents=latents,
        codes=codes,
        generation=generation,
        rank=rank,
        cores=cores,
        discrete=discrete,
        defective=discrete
        & (
            new_windows
            | draw.chance("early driver", limits["defective_on_old_windows"])
        )
        & _in(codes, "modelvendor_normalized", world["driver_vendors"]),
        hot=portable
        & (newness < limits["hot_newness"])
        & (workload > limits["hot_workload"]),
        starved=(workload > limits["starved_workload"])
        & (ram <= limits["starved_ram_gb"]),
        worn=portable & (newness < limits["worn_newness"]),
        vendor_effect=vendors.effects(world)[codes["modelvendor_normalized"]],
        burst=_bursts(draw),
        offset=zones[codes["countryname_normalized"]],
        coverage=coverage,
    )


def own_weight(world: Mapping[str, Any], weights: Mapping[str, float]) -> float:
    """Computes what independent noise must weigh for a score of variance 1.

    Args:
        world: States how the traits go together.
        weights: Of the traits in the score.
    """
    names = facts.section("latents")["names"]
    vector = np.array([weights.get(name, 0.0) for name in names])
    shared = float(np.sum((vector @ _mixing(world)) ** 2))
    if shared > 1.0:
        raise ValueError(f"Expected a variance of at most 1 from traits: {shared=}.")
    return float(np.sqrt(1.0 - shared))


def _mixing(world: Mapping[str, Any]) -> draws.Floats:
    """Writes each trait (a row) as a sum of independent scores, with variance 1."""
    names = facts.section("latents")["names"]
    matrix = np.eye(len(names))
    for row, name in enumerate(names):
        for other, weight in world["mixing"].get(name, {}).items():
            matrix[row, names.index(other)] = weight
        rest = np.sum(matrix[row] ** 2) - 1.0
        matrix[row, row] = np.sqrt(1.0 - rest)
    return matrix


def _linear(
    latents: Mapping[str, draws.Floats], weights: Mapping[str, float], size: int
) -> draws.Floats:
    """Adds latent traits by weight."""
    total = np.zeros(size)
    for name, weight in weights.items():
        total += weight * latents[name]
    return total


def _latents(draw: draws.Draws, world: Mapping[str, Any]) -> dict[str, draws.Floats]:
    """Draws correlated standard normal traits, made of independent ones."""
    names = facts.section("latents")["names"]
    base = {name: draw.normal(name) for name in names}
    return {
        name: _linear(base, dict(zip(names, row, strict=True)), len(draw.ids))
        for name, row in zip(names, _mixing(world), strict=True)
    }


def _attributes(
    draw: draws.Draws, latents: Mapping[str, draws.Floats], world: Mapping[str, Any]
) -> dict[str, draws.Ints]:
    """Draws attributes that keep their shares: a Gaussian copula over the traits."""
    codes = {}
    for name, section in facts.section("attributes").items():
        shares = np.array([list(section["shares"].values())])
        if name == "modelvendor_normalized":
            shares = vendors.without_home(shares)
        weights = world["attributes"][name]
        score = _linear(latents, weights, len(draw.ids))
        score += own_weight(world, weights) * draw.normal(name)
        codes[name] = draws.Choice(shares).pick(np.asarray(special.ndtr(score)))
    return codes


def _in(
    codes: Mapping[str, draws.Ints], attribute: str, names: Sequence[str]
) -> draws.Bools:
    """Tells whether each device's attribute has one of some values."""
    values = facts.attribute_values(attribute)
    return np.isin(codes[attribute], [values.index(name) for name in names])


def generation_of(cpuname: str) -> int:
    """Reads the number before `Gen` in a processor's name; 0 if it has none."""
    number = cpuname.replace("Pentium/Celeron-", "")[:2].rstrip("nrsth")
    return int(number) if "Gen" in cpuname and number.isdigit() else 0


def rank_of(cpuname: str) -> int:
    """Ranks a processor in its generation, 0 to 4."""
    return _CLASSES.get(cpuname.split(" ")[-1], 0)


def _processor(
    codes: Mapping[str, draws.Ints],
) -> tuple[draws.Ints, draws.Ints, draws.Ints]:
    """Finds generation, rank and number of cores."""
    names = facts.attribute_values("cpuname")
    generation = np.array([generation_of(name) for name in names])[codes["cpuname"]]
    rank = np.array([rank_of(name) for name in names])[codes["cpuname"]]
    stationary = _in(codes, "chassistype", ["Desktop", "Server/WS"])
    cores = np.full(len(rank), 2)
    cores[(rank >= 2) & (stationary | (generation >= 8))] = 4
    cores[(rank == 1) & stationary & (generation >= 8)] = 4
    cores[(rank >= 2) & stationary & (generation >= 8)] = 6
    cores[((rank >= 3) & stationary & (generation >= 9)) | (rank == 4)] = 8
    return generation, rank, cores


def _discrete_graphics(
    draw: draws.Draws, codes: Mapping[str, draws.Ints]
) -> draws.Bools:
    """Draws whether a device has discrete graphics: by persona."""
    shares = facts.section("sysinfo")["discrete_graphics"]
    personas = facts.attribute_values("persona")
    table = np.array([shares.get(name, shares["other"]) for name in personas])
    return draw.chance("discrete graphics", table[codes["persona"]])


def _bursts(draw: draws.Draws) -> draws.Floats:
    """Draws factors on event rates: Pareto for a few devices, else 1."""
    extremes = facts.section("extremes")
    sizes = draw.uniform("burst size") ** (-1.0 / extremes["tail_index"])
    sizes = np.minimum(extremes["scale"] * sizes, extremes["cap"])
    return np.where(draw.chance("burst", extremes["share"]), sizes, 1.0)
