"""How a foundation model is asked for records: settings that users choose."""

import dataclasses
from collections.abc import Mapping
from typing import Literal

from teledp_jax.privacy import checks

_FORMATS = ("json_schema", "json_object", "text")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asking:
    """How a model behind an endpoint is asked.

    The endpoint is any that speaks OpenAI's protocol; the environment names it:
    `OPENAI_BASE_URL`, `OPENAI_MODEL` and, if it wants a key, `OPENAI_API_KEY`. It sees
    the public schema and, for variations, candidates that noisy votes have drawn.

    Attributes:
        records_per_request: Records of one request; fewer where answers break off at
            `max_tokens`, which the report shows as answers without records.
        presence: Public guess of the share of devices that a table knows: that share
            of the tables may stand in the records of a request.
        temperature: Of the model's draws.
        max_tokens: Longest answer, in tokens; 0 leaves it to the endpoint, as some
            models want.
        response_format: What the endpoint is told of the form of an answer:
            `json_schema` where it can hold the model to one, else `json_object` or
            `text`. Records are checked in any case.
        timeout_s: Longest that an attempt may take, in seconds.
        max_retries: Attempts after the first, with growing pauses between them.
        concurrency: Requests on their way at a time.
        requests_per_minute: Most attempts that begin in a minute; 0: no limit.
        prompt_price: Price of a million tokens of prompts; 0: not known.
        completion_price: Price of a million tokens of answers; 0: not known.
    """

    records_per_request: int = 5
    presence: float = 0.3
    temperature: float = 1.0
    max_tokens: int = 8192
    response_format: Literal["json_schema", "json_object", "text"] = "json_schema"
    timeout_s: float = 120.0
    max_retries: int = 6
    concurrency: int = 4
    requests_per_minute: float = 0.0
    prompt_price: float = 0.0
    completion_price: float = 0.0


def check(fields: checks.Fields) -> None:
    """Checks the settings of `Asking`.

    Args:
        fields: The config of a method.

    Raises:
        InputError: If one of them is out of its range.
    """
    fields.one_of("response_format", _FORMATS)
    fields.number(
        "max_tokens", "temperature", "max_retries", "requests_per_minute",
        "prompt_price", "completion_price", at_least=0,
    )  # fmt: skip
    fields.number("presence", at_least=0, at_most=1)
    fields.number("timeout_s", above=0, at_most=3600)
    fields.number("records_per_request", "concurrency", at_least=1, at_most=64)


def with_price(usage: Mapping[str, int], asking: Asking) -> dict[str, float]:
    """Adds what was paid to what was asked; nothing of private data is in it.

    Args:
        usage: What `Foundation.usage` returned.
        asking: How the model was asked, for its prices.

    Returns:
        The usage, and `price` if a price is known, in the currency of the prices.
    """
    facts: dict[str, float] = dict(usage)
    prompt, completion = asking.prompt_price, asking.completion_price
    if prompt or completion:
        cost = usage["prompt_tokens"] * prompt + usage["completion_tokens"] * completion
        facts["price"] = cost / 1e6
    return facts
