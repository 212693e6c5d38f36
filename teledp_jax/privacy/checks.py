"""Checks the fields of a config; every message states the field and its value."""

import math
from collections.abc import Collection
from typing import Any, NamedTuple

from teledp_jax import errors


class Fields(NamedTuple):
    """The fields of one config, under the name that messages begin with.

    Attributes:
        owner: Name of the method or section, as users write it.
        config: Whatever holds the fields.
    """

    owner: str
    config: Any

    def number(
        self,
        *names: str,
        above: float | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
        below: float | None = None,
    ) -> None:
        """Refuses fields that are no finite number within the given limits.

        Args:
            *names: Names of the fields.
            above: The number must be larger; None: no such limit.
            at_least: The number must be as large or larger.
            at_most: The number must be as small or smaller.
            below: The number must be smaller.

        Raises:
            InputError: If a field is out of its limits, infinite or not a number.
        """
        limits = {
            "above": above, "at least": at_least, "at most": at_most, "below": below,
        }  # fmt: skip
        text = " and ".join(
            f"{word} {limit:g}" for word, limit in limits.items() if limit is not None
        )
        for name in names:
            value = getattr(self.config, name)
            self.that(
                name,
                math.isfinite(value)
                and (above is None or value > above)
                and (at_least is None or value >= at_least)
                and (at_most is None or value <= at_most)
                and (below is None or value < below),
                f"a number {text}",
            )

    def one_of(self, name: str, values: Collection[str]) -> None:
        """Refuses a field that is none of the known values.

        Args:
            name: Name of the field.
            values: The known values.

        Raises:
            InputError: If it is none of them.
        """
        known = ", ".join(values)
        self.that(name, getattr(self.config, name) in values, f"one of {known}")

    def that(self, name: str, holds: bool, expected: str) -> None:
        """Refuses a field of which a condition does not hold.

        Args:
            name: Name of the field.
            holds: Whether the condition holds.
            expected: What was expected, in words.

        Raises:
            InputError: If it does not hold.
        """
        if not holds:
            value = getattr(self.config, name)
            raise errors.InputError(
                f"{self.owner}.{name}: expected {expected}, got {value!r}."
            )
