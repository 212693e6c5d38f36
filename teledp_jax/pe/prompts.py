"""What a foundation model is asked: the public schema in words, and DP outputs."""

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Integer

from teledp_jax import schemas
from teledp_jax.pe import records

_SYSTEM = """\
You invent records of devices for synthetic telemetry. Answer with one JSON object \
{"devices": [...]} and nothing else. Keep to the tables, columns, values and bounds \
that are described; null stands for what a device does not report. Within a device, \
values must fit each other as they would on one real device; across devices, be as \
varied as a real fleet: most counts are small, few are large."""
_HINTS = 2  # columns of the anchor that a new device is given


class Prompt(NamedTuple):
    """One request.

    Attributes:
        messages: Messages of the chat.
        tables: Tables that the answer may hold.
        size: Devices that it should hold.
    """

    messages: list[dict[str, str]]
    tables: tuple[str, ...]
    size: int


def of_new(
    generator: np.random.Generator,
    schema: schemas.Schema,
    *,
    number: int,
    count: int,
    presence: float,
) -> Prompt:
    """Asks for new devices, from only the public schema.

    Which tables they may report and a few of their values are drawn uniformly from the
    schema, so that a model that repeats itself still covers it.

    Args:
        generator: Public draws.
        schema: The public schema.
        number: Number of the request, which tells equal requests apart.
        count: Devices to ask for.
        presence: Public guess of the share of devices that a table knows.
    """
    tables = tuple(
        table.name
        for table in schema.tables
        if table.role == "anchor" or generator.random() < presence
    )
    wishes = [f"{i + 1}: {_hint(generator, schema)}" for i in range(count)]
    text = (
        f"Request {number}. Invent {count} devices. The first columns are given for "
        "each; make up the rest to fit.\n" + "\n".join(wishes)
    )
    return _prompt(generator, schema, tables, text, count)


def of_variations(
    generator: np.random.Generator,
    schema: schemas.Schema,
    parents: Sequence[Integer[np.ndarray, " head"]],
    *,
    number: int,
    degree: float,
) -> Prompt:
    """Asks for a variation of each parent: candidates that noisy votes have drawn.

    Args:
        generator: Public draws.
        schema: The public schema.
        parents: Flattened records; public or DP outputs.
        number: Number of the request.
        degree: Share of the values to change.

    Returns:
        The messages of the request.
    """
    written = [records.write(schema, parent) for parent in parents]
    held = {name for record in written for name in record}
    tables = tuple(table.name for table in schema.tables if table.name in held)
    shown = "\n".join(json.dumps(record, ensure_ascii=False) for record in written)
    text = (
        f"Request {number}. Here are {len(parents)} devices, one a line:\n{shown}\n"
        f"For each of them, in order, write a device that differs in about "
        f"{100 * degree:.0f} % of what it holds and could stand beside it in the same "
        "fleet. It may lose a table, or gain one that another of them has."
    )
    return _prompt(generator, schema, tables, text, len(parents))


def body(
    schema: schemas.Schema,
    prompt: Prompt,
    *,
    model: str,
    response_format: str,
    temperature: float,
    max_tokens: int,
) -> dict[str, Any]:
    """Returns the request as the protocol wants it.

    Args:
        schema: The public schema.
        prompt: What to ask.
        model: Name of the model.
        response_format: `json_schema`, `json_object` or `text`: what the endpoint is
            told of the form of the answer.
        temperature: Of the model's draws.
        max_tokens: Longest answer; 0 leaves it to the endpoint.
    """
    made: dict[str, Any] = {
        "model": model,
        "messages": prompt.messages,
        "temperature": temperature,
    }
    if max_tokens:
        made["max_tokens"] = max_tokens
    if response_format == "json_schema":
        form = records.json_schema(schema, prompt.tables, prompt.size)
        named = {"name": "devices", "strict": True, "schema": form}
        made["response_format"] = {"type": "json_schema", "json_schema": named}
    elif response_format == "json_object":
        made["response_format"] = {"type": "json_object"}
    return made


def devices_of(text: str) -> list[Any] | None:
    """Returns the records of an answer, or None if there are none to be read."""
    start, end = text.find("{"), text.rfind("}")  # a fence or words may stand around
    try:
        found = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    devices = found.get("devices") if isinstance(found, dict) else None
    return devices if isinstance(devices, list) else None


def _prompt(
    generator: np.random.Generator,
    schema: schemas.Schema,
    tables: Collection[str],
    text: str,
    count: int,
) -> Prompt:
    """The tables in words, then the request."""
    about = records.describe(generator, schema, tables)
    user = f"A device is an object with these fields, each a table:\n{about}\n\n{text}"
    roles = (("system", _SYSTEM), ("user", user))
    messages = [{"role": role, "content": content} for role, content in roles]
    return Prompt(messages, tuple(tables), count)


def _hint(generator: np.random.Generator, schema: schemas.Schema) -> str:
    """Values of a few columns of the anchor, drawn uniformly from their domains."""
    columns = schema.anchor.columns
    size = min(_HINTS, len(columns))
    chosen = np.sort(generator.choice(len(columns), size, replace=False))
    given = {
        columns[index].name: records.value_of(
            columns[index], int(generator.integers(1, columns[index].num_codes))
        )
        for index in chosen
    }
    return json.dumps(given, ensure_ascii=False)
