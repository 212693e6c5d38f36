"""Checks the labels of a config: their methods, and which of them may leave."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from teledp_jax import errors, registry
from teledp_jax.studies.intel import bookkeeping


def method(label: str, fields: dict[str, Any]) -> tuple[str, Any]:
    """Gives one entry of `config.methods` its types.

    Args:
        label: The label.
        fields: Its fields, as plain values.

    Returns:
        Name of the method and its `Config`.

    Raises:
        InputError: If the method or a field is unknown, or a value cannot be used.
    """
    if "method" not in fields:
        raise errors.InputError(f"methods.{label}: state its method.")
    name = fields.pop("method")
    _check_bookkeeping(label, name, fields.pop("bookkeeping", None))
    module = registry.method(name)
    known = {field.name for field in dataclasses.fields(module.Config)}
    if unknown := sorted(set(fields) - known):
        raise errors.InputError(
            f"methods.{label}: {name} has no {unknown}; known: {sorted(known)}."
        )
    try:
        return name, module.Config(**fields)
    except errors.InputError as error:
        raise errors.InputError(f"methods.{label}: {error}") from None


def _check_bookkeeping(label: str, name: str, kind: str | None) -> None:
    """Only a method of the study may keep its books, and only by that one name."""
    if kind is None:
        return
    if kind != "paper":
        raise errors.InputError(
            f"methods.{label}.bookkeeping: 'paper' or leave it out, got {kind!r}."
        )
    if name not in bookkeeping.METHODS:
        raise errors.InputError(
            f"methods.{label}.bookkeeping: the study has no method {name}; "
            f"known: {sorted(bookkeeping.METHODS)}."
        )


def release(
    named: Sequence[str], methods: Mapping[str, Any], claimed: Collection[str]
) -> tuple[str, ...]:
    """Checks which labels may leave.

    Args:
        named: The labels that the config names.
        methods: All labels of the config.
        claimed: Labels that keep the books of the published study.

    Returns:
        The labels, each once.

    Raises:
        InputError: If one is unknown, or exceeds the budget by its books.
    """
    if isinstance(named, str):
        named = [named]
    if unknown := sorted(set(named) - set(methods)):
        raise errors.InputError(
            f"release: the config has no labels {unknown}; known: {sorted(methods)}."
        )
    if kept := sorted(set(named) & set(claimed)):
        raise errors.InputError(
            f"release: {kept} keep the books of the published study and exceed the "
            "budget; they may not leave."
        )
    return tuple(dict.fromkeys(named))
