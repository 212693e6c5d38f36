"""Faults to plant in the package, each with the tests that must find it.

`python -m tests.audit.mutation_run` plants them one by one in a copy of the checkout
and runs their tests there. `mutations.yaml` holds the list. A method or a mechanism
without a fault fails a test.
"""

import pathlib
from typing import NamedTuple

import yaml

_FILE = pathlib.Path(__file__).with_suffix(".yaml")


class Mutation(NamedTuple):
    """One fault.

    Attributes:
        area: Where it is planted, for people; the name of a method or a mechanism.
        fault: What it does, for people.
        path: File of the package, from its folder.
        old: Text that stands there once.
        new: What takes its place.
        tests: Tests that must find it, from the folder `tests`.
    """

    area: str
    fault: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTATIONS = tuple(
    Mutation(**{**fields, "tests": tuple(fields["tests"])})
    for fields in yaml.safe_load(_FILE.read_text(encoding="utf-8"))
)
