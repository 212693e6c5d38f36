"""Reads what a method's source amounts to, and says what it takes to run it.

`benchmarks/complexity.py` counts and records; a report only reads what it recorded.
"""

import functools
import json
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

FILE = pathlib.Path(__file__).with_suffix(".json")
"""What the benchmark has recorded."""


class Complexity(NamedTuple):
    """What a reader or a maintainer of a method faces.

    Attributes:
        about: First line of the module's docstring.
        family: The family that it stands on.
        own_lines: Lines of code of the method and its family's modules that it uses.
        shared_lines: Lines of the package's other modules that it uses.
        settings: Fields of its Config.
        packages: Packages that its own modules import.
    """

    about: str
    family: str
    own_lines: int
    shared_lines: int
    settings: Sequence[str]
    packages: Sequence[str]


class Deployment(NamedTuple):
    """What it takes to run a method."""

    accelerator: str
    network: str
    tuning: str


TAKES = {
    "dpsgd": Deployment(
        accelerator="not needed; training is many times faster with one",
        network="no",
        tuning="learning rate, clipping norm, batch and steps; on a simulated fleet, "
        "since tuning on private data costs budget",
    ),
    "pe": Deployment(
        accelerator="not needed; voting is many times faster with one",
        network="no",
        tuning="iterations, candidates and the variation schedule",
    ),
    "marginals": Deployment(
        accelerator="no", network="no", tuning="the public bins; else hardly any"
    ),
    "answers": Deployment(
        accelerator="no", network="no", tuning="clipping of each contribution"
    ),
}
"""Family to what its methods take."""

_MODEL_SERVER = Deployment(
    accelerator="for the language model",
    network="yes, or a language model served on site",
    tuning="the prompt, iterations and candidates",
)


def of(method: str) -> Complexity | None:
    """Finds what was recorded of a method.

    Args:
        method: Its name.

    Returns:
        What was recorded; None if nothing was.
    """
    fields = _recorded().get(method)
    if fields is None:
        return None
    return Complexity(**{name: fields[name] for name in Complexity._fields})


def takes(method: str) -> Deployment | None:
    """Finds what it takes to run a method; None if nothing is known.

    Args:
        method: Its name.
    """
    if method == "pe_llm":
        return _MODEL_SERVER
    found = of(method)
    return TAKES.get(found.family) if found else None


@functools.cache
def _recorded() -> dict[str, dict]:
    """Recorded fields by method."""
    methods: dict[str, dict] = json.loads(FILE.read_text("utf-8"))["methods"]
    return methods
