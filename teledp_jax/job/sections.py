"""Sections of a config, each checked as it is made."""

import dataclasses

from teledp_jax import errors


@dataclasses.dataclass(frozen=True, kw_only=True)
class Domains:
    """Columns whose domain is no public knowledge; fields as in `default`."""

    learnt: bool
    private: tuple[str, ...]
    share: float
    num_levels: int
    max_texts: int
    max_size: int
    presence: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trust:
    """How the answers of a release are graded; fields as in `default`."""

    num_refits: int

    def __post_init__(self) -> None:
        if self.num_refits < 0 or self.num_refits == 1:
            raise errors.InputError(
                f"trust.num_refits: expected 0, or 2 or more, got {self.num_refits}."
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ray:
    """The cluster of engine `ray`; fields as in `default`."""

    address: str
    num_cpus: int
    num_partitions: int
    num_workers: int

    def __post_init__(self) -> None:
        for name, least in (("num_cpus", 0), ("num_partitions", 1), ("num_workers", 1)):
            if getattr(self, name) < least:
                raise errors.InputError(
                    f"ray.{name}: expected {least} or more, got {getattr(self, name)}."
                )
