"""Says which code made a recorded result, and whether that code has changed since."""

import pathlib
from collections.abc import Mapping
from typing import Any

from teledp_jax import registry
from teledp_jax.job import provenance

LOCK = pathlib.Path(__file__).parents[1] / "requirements-tests.txt"
"""Versions and hashes of all packages."""

PRESENT = "present"
OLDER = "older"
BEFORE_HASHES = "before hashes: of older code"
FOREIGN = "not ours"  # a row about another project's code

_REFERENCES = {
    "half_sample": ("teledp_jax.evaluation.evaluate",),
    "ceiling": ("teledp_jax.data.encode", "teledp_jax.data.decode"),
    "ceiling_public": ("teledp_jax.data.encode", "teledp_jax.data.decode"),
    "second_draw": ("teledp_jax.evaluation.evaluate",),
    "capped": ("teledp_jax.data.encode", "teledp_jax.data.decode"),
    "query_answers": ("teledp_jax.answers.query_answers",),
}


def of_method(name: str) -> dict[str, Any]:
    """Hashes the code of a method.

    Args:
        name: One of `registry.METHODS`.

    Returns:
        What a result file keeps under `code`.
    """
    return provenance.code_of(registry.METHODS[name])


def of_label(label: str, methods: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Hashes the code behind a label of a run: a method, or a reference.

    Args:
        label: A label of `summary.json`.
        methods: `methods` of the run's config, as `config.json` holds them.

    Returns:
        What a result file keeps under `code`.
    """
    if label in methods:
        return of_method(methods[label]["method"])
    return provenance.code_of(*_REFERENCES[label])


def age(code: Mapping[str, Any] | None) -> str:
    """Compares the code that made a result with the present code.

    Args:
        code: What the result keeps under `code`; None if it was recorded before
            results had hashes.

    Returns:
        `PRESENT`, `OLDER` or `BEFORE_HASHES`.
    """
    if code is None:
        return BEFORE_HASHES
    try:
        now = provenance.code_hash(*code["modules"])
    except ValueError:  # a module that no longer exists
        return OLDER
    return PRESENT if now == code["hash"] else OLDER
