"""All audits, at a size that suits the occasion."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence

from teledp_jax import registry
from teledp_jax.audit import (
    accountants,
    canaries,
    controls,
    fleets,
    membership,
    replay,
    results,
    whitebox,
)
from teledp_jax.privacy import mechanisms


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much evidence is gathered.

    Attributes:
        fleet_sizes: Devices of the fleets that a device joins.
        num_draws: Draws of a mechanism at each of two fleets.
        num_canaries: Canaries of a training with a direction each.
        num_steps: Steps of that training.
        num_members: Devices of a fleet that is attacked, and as many others; also
            canaries of a method's own training.
        large_grid: Whether accountants are compared on the large grid.
        secure: Whether the exact sampler of releases is audited as well.
    """

    fleet_sizes: tuple[int, ...]
    num_draws: int
    num_canaries: int
    num_steps: int
    num_members: int
    large_grid: bool
    secure: bool


QUICK = Sizes(
    fleet_sizes=(0, 12),
    num_draws=2_000,
    num_canaries=600,
    num_steps=16,
    num_members=200,
    large_grid=False,
    secure=False,
)
FULL = Sizes(
    fleet_sizes=(0, 1, 12, 60),
    num_draws=40_000,
    num_canaries=1_500,
    num_steps=32,
    num_members=1_000,
    large_grid=True,
    secure=True,
)


def control_cases() -> dict[str, fleets.Case]:
    """The methods that faults are planted in."""
    published = {"selection": "published", "start": "uniform"}
    return {
        "independent": fleets.case("independent"),
        "pe": fleets.case("pe", overrides=published),
    }


def audits(
    sizes: Sizes, methods: Sequence[str] | None = None
) -> Iterator[tuple[str, Callable[[], list[results.Finding]]]]:
    """Each audit's name, and what runs it.

    Args:
        sizes: How much evidence is gathered.
        methods: Names of the methods to audit; none: all that are registered.
    """
    yield "accountants", lambda: accountants.check(large=sizes.large_grid)
    yield "mechanisms", lambda: _mechanisms(sizes)
    for name in methods or registry.METHODS:
        yield name, functools.partial(_method, name, sizes)
    yield (
        "negative controls",
        lambda: controls.check(
            controls.controls(control_cases(), num_draws=max(sizes.num_draws, 2_000))
        ),
    )


def _mechanisms(sizes: Sizes) -> list[results.Finding]:
    """What no one method is asked about."""
    return [
        *whitebox.step(num_draws=sizes.num_draws),
        whitebox.epoch(num_draws=sizes.num_draws),
        canaries.linear(num_canaries=sizes.num_canaries, num_steps=sizes.num_steps),
    ]


def _method(name: str, sizes: Sizes) -> list[results.Finding]:
    """Everything about one method."""
    case = fleets.case(name, num_devices=sizes.num_members)
    found = replay.pairs(case, fleet_sizes=sizes.fleet_sizes)
    rows = replay.check(case, found)
    rows += whitebox.integers(case, found, num_draws=sizes.num_draws)
    if sizes.secure:
        exact = mechanisms.secure_integer_noise
        rows += [
            row._replace(method=f"{name}, exact sampler")
            for row in whitebox.integers(
                case, found, num_draws=sizes.num_draws // 4, noise=exact
            )
        ]
    members, others = (
        fleets.random_devices(case.schema, sizes.num_members, seed) for seed in (1, 2)
    )
    rows.append(
        membership.attack(case, members, others, num_synthetic=sizes.num_members)
    )
    rows += canaries.of_method(case, num_canaries=sizes.num_members)
    return rows
