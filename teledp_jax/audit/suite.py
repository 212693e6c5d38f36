"""All audits, at a size that suits the occasion."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from teledp_jax import arrays, errors, registry
from teledp_jax.audit import (
    accountants,
    canaries,
    controls,
    fleets,
    floats,
    membership,
    replay,
    transcript,
    whitebox,
)
from teledp_jax.privacy import findings, mechanisms

METHODS = tuple(name for name in registry.METHODS if name != "pe_llm")
"""Methods that are audited unless others are named: all that need no endpoint. What
`pe_llm` reads, `pe` reads by the same code."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much evidence is gathered.

    Attributes:
        fleet_sizes: Devices of the fleets that a device joins.
        num_draws: Draws of a step at each of two fleets; of counts ten times as many.
        num_canaries: Canaries of a training with a direction each.
        num_steps: Steps of that training.
        num_fine_canaries: Canaries of a training at epsilon 1, which tells less.
        num_members: Devices of a fleet that is attacked, in expectation, and as many
            others; all of them are canaries of a method's own training.
        large_grid: Whether accountants are compared on the large grid.
        secure: Whether the exact sampler of releases is audited as well.
    """

    fleet_sizes: tuple[int, ...]
    num_draws: int
    num_canaries: int
    num_steps: int
    num_fine_canaries: int
    num_members: int
    large_grid: bool
    secure: bool


QUICK = Sizes(
    fleet_sizes=(0, 12),
    num_draws=2_000,
    num_canaries=600,
    num_steps=16,
    num_fine_canaries=2_000,
    num_members=200,
    large_grid=False,
    secure=False,
)
FULL = Sizes(
    fleet_sizes=(0, 1, 12, 60),
    num_draws=40_000,
    num_canaries=1_500,
    num_steps=32,
    num_fine_canaries=8_000,
    num_members=1_000,
    large_grid=True,
    secure=True,
)


def control_cases() -> dict[str, fleets.Case]:
    """Returns the methods that faults are planted in."""
    published = {"selection": "published"}
    return {
        "independent": fleets.case("independent"),
        "pe": fleets.case("pe", overrides=published),
    }


def modules(methods: Sequence[str]) -> list[str]:
    """Finds the modules of the methods to audit.

    Args:
        methods: Names of methods; none: `METHODS`.

    Returns:
        Dotted names.

    Raises:
        InputError: If a method is unknown.
    """
    return [registry.method(name).__name__ for name in methods or METHODS]


def audits(
    sizes: Sizes, methods: Sequence[str] | None = None
) -> Iterator[tuple[str, Callable[[], list[findings.Finding]]]]:
    """Returns each audit's name, and what runs it.

    Args:
        sizes: How much evidence is gathered.
        methods: Names of the methods to audit; none: `METHODS`.
    """
    yield "accountants", lambda: accountants.check(large=sizes.large_grid)
    yield "mechanisms", lambda: _mechanisms(sizes)
    for name in methods or METHODS:
        yield name, functools.partial(_method, name, sizes)
    yield (
        "negative controls",
        lambda: controls.check(
            controls.controls(control_cases(), num_draws=max(sizes.num_draws, 2_000))
        ),
    )


def of_fleet(
    case: fleets.Case,
    fleet: arrays.DeviceArrays,
    others: arrays.DeviceArrays,
    sizes: Sizes,
) -> list[findings.Finding]:
    """Collects what can be said of a method on a simulated fleet of a suite.

    Args:
        case: The method, as it is configured.
        fleet: The fleet.
        others: Its holdout.
        sizes: How much evidence is gathered.

    Returns:
        The findings.
    """
    found = replay.pairs(case, fleet_sizes=sizes.fleet_sizes, source=fleet)
    rows = replay.check(case, found)
    rows += whitebox.integers(case, found, num_draws=10 * sizes.num_draws)
    whole = transcript.record(
        case.method, fleet, seed=3, trains=True, questions=case.questions
    )
    if whole.fitted is None:
        raise ValueError(f"{case.name} {whole.strayed[0]}.")
    return [*rows, membership.attack(case, whole.fitted, fleet, others)]


def _mechanisms(sizes: Sizes) -> list[findings.Finding]:
    """What no one method is asked about."""
    return [
        *whitebox.step(num_draws=sizes.num_draws),
        whitebox.epoch(num_draws=sizes.num_draws),
        floats.low_bits(num_draws=200),
        canaries.linear(num_canaries=sizes.num_canaries, num_steps=sizes.num_steps),
        canaries.linear(
            num_canaries=sizes.num_fine_canaries,
            num_steps=16,
            noise_multiplier=4.2,  # epsilon 0.97
            l2_clip_norm=0.1,
        ),
    ]


def _method(name: str, sizes: Sizes) -> list[findings.Finding]:
    """Everything about one method."""
    try:
        case = fleets.case(name, num_devices=sizes.num_members)
    except errors.InputError as error:  # pe_llm, where no endpoint is named
        skipped = findings.SKIPPED
        return [findings.Finding("all", name, str(error), "its claims", skipped)]
    found = replay.pairs(case, fleet_sizes=sizes.fleet_sizes)
    rows = replay.check(case, found)
    rows += whitebox.integers(case, found, num_draws=10 * sizes.num_draws)
    if sizes.secure:
        exact = mechanisms.secure_integer_noise
        rows += [
            row._replace(method=f"{name}, exact sampler")
            for row in whitebox.integers(
                case, found, num_draws=sizes.num_draws // 4, noise=exact
            )
        ]
    return rows + _attacks(case, sizes.num_members)


def _attacks(case: fleets.Case, num_members: int) -> list[findings.Finding]:
    """One whole fit on devices that coins let in, attacked in two ways."""
    everyone = fleets.random_devices(case.schema, 2 * num_members, seed=1)
    present = np.random.default_rng(2).random(2 * num_members) < 0.5
    members, others = (
        arrays.take(everyone, np.flatnonzero(side)) for side in (present, ~present)
    )
    found = transcript.record(
        case.method, members, seed=3, trains=True, questions=case.questions
    )
    if found.fitted is None:
        raise ValueError(f"{case.name} {found.strayed[0]}.")
    row = membership.attack(case, found.fitted, members, others)
    return [row, *canaries.of_method(case, found, everyone, present)]
