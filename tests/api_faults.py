"""Writes what the Python interface says to arguments of wrong types.

Tests check types as they run, users' sessions don't: so this is a process of its own.
"""

import json
import sys

import teledp_jax as teledp
from teledp_jax.methods import independent

OS = teledp.category(["Windows", "macOS"])
COUNT = {"n": teledp.integer(low=1, high=8, bins=3)}
SCHEMA = teledp.schema(teledp.anchor("devices", {"os": OS}), device="guid")
TABLES = {"devices": {"guid": ["a"], "os": ["macOS"]}}
DEVICES = teledp.encode(TABLES, SCHEMA)
GOOD = {"epsilon": 1.0, "delta": 1e-5}


def fit(method="independent", devices=DEVICES, **changes):
    return teledp.fit(devices, method, **{**GOOD, **changes})


CASES = {
    "table's name first": lambda: teledp.anchor({"os": OS}, {}),
    "devices: Column os: expected a map": lambda: teledp.anchor(
        "devices", {"os": ["a"]}
    ),
    "columns must be a mapping": lambda: teledp.anchor("devices", ["os"]),
    "neither linear nor log": lambda: teledp.group(
        "p", {"n": teledp.double(low=1, high=2, bins=3, scale="cubic")}
    ),
    "wrong type or size": lambda: teledp.group(
        "p", {"n": teledp.double(low="one", high=2, bins=3)}
    ),
    "must be a whole number": lambda: teledp.entity(
        "e", COUNT, max_rows=2.5, cap_by="n"
    ),
    "expected anchor(...)": lambda: teledp.schema({"os": OS}, device="guid"),
    "expected a mapping of table names": lambda: teledp.encode([TABLES], SCHEMA),
    "expected a schema, got str": lambda: teledp.encode(TABLES, "dca"),
    "fit: expected what encode": lambda: fit(devices=TABLES),
    "expected a name or a Config": lambda: fit(method=COUNT),
    "expected a name or a Config of one, got <class": lambda: fit(independent.Config),
    "epsilon: expected a number above 0, got '1'": lambda: fit(epsilon="1"),
    "epsilon: expected a number above 0, got True": lambda: fit(epsilon=True),
    "delta: expected a number above 0, got None": lambda: fit(delta=None),
    "count_stddev: expected a number": lambda: fit(count_stddev=[20]),
    "seed: expected a whole number of at least 0, got 1.5": lambda: fit(seed=1.5),
    "seed: expected a whole number of at least 0, got True": lambda: fit(seed=True),
}


def said(case):
    try:
        case()
    except teledp.InputError as error:
        return str(error)
    return "nothing"


if __name__ == "__main__":
    found = {expected: said(case) for expected, case in CASES.items()}
    sys.stdout.write(json.dumps(found))
