"""The APIs of private evolution, answered by a foundation model."""

import collections
import concurrent.futures
import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.pe import asking, endpoint, prompts, records

Ask = Callable[[Mapping[str, Any]], endpoint.Answer]
"""Sends a request; raises `endpoint.UnavailableError` if there is no answer."""

Codes = Integer[np.ndarray, "record head"]

_TELL_EVERY = 50  # requests

COUNTS = (
    "requests", "from_disk", "attempts", "failed_requests", "unreadable_answers",
    "prompt_tokens", "completion_tokens", "records_asked", "records_valid",
    *(f"dropped_{reason}" for reason in records.REASONS),
)  # fmt: skip
"""What `Foundation.usage` counts; `requests` are those that were answered."""


class _Outcome(NamedTuple):
    """What came of one request.

    Attributes:
        answer: None if the request failed.
        from_disk: Whether an earlier run has paid for it.
        problem: Why it failed.
    """

    answer: endpoint.Answer | None
    from_disk: bool = False
    problem: str = ""


class Foundation:
    """A model behind an endpoint, whose answers are kept in the store of the fit.

    The model sees the public schema and the records that `variation_api` is given,
    which must be public or DP outputs. An answer is saved as it comes, bound to its
    prompt, and a finished call as a whole, so that a resumed fit neither pays twice nor
    goes on with other records than it began with.
    """

    def __init__(
        self,
        schema: schemas.Schema,
        context: base.Context,
        ask: Ask,
        model: str,
        how: asking.Asking,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """Asks nothing yet.

        Args:
            schema: The public schema.
            context: Of the fit, for its store.
            ask: Sends a request.
            model: Name of the model at its endpoint.
            how: How the model is asked.
            progress: Told now and then how many of the requests of a call are done,
                and of how many.
        """
        self._schema, self._store, self._ask = schema, context.store, ask
        self._model, self._how, self._progress = model, how, progress
        self._lock, self._ask_no_more = threading.Lock(), threading.Event()
        self._failed_in_a_row = 0
        self._dtype = arrays.code_dtype(max(head.num_codes for head in schema.heads))

    def random_api(self, key: Key[Array, ""], count: int) -> Codes:
        """Asks for new records from the public schema.

        Args:
            key: Public.
            count: Records to ask for.

        Returns:
            Codes of the valid ones of them.

        Raises:
            InputError: If the endpoint gives no valid record.
        """
        generator, size = keys.generator(key), self._how.records_per_request
        asked = [
            prompts.of_new(
                generator,
                self._schema,
                number=number + 1,
                count=min(size, count - start),
                presence=self._how.presence,
            )
            for number, start in enumerate(range(0, count, size))
        ]
        found, codes = self._call(asked, must_find=True)
        return codes[found]

    def variation_api(self, key: Key[Array, ""], codes: Codes, degree: float) -> Codes:
        """Asks for variations of records.

        Args:
            key: Public.
            codes: Public records or DP outputs: the model sees them.
            degree: Share of what a record holds that is to change.

        Returns:
            Codes of the variations; the record itself where none is valid.
        """
        generator, size = keys.generator(key), self._how.records_per_request
        asked = [
            prompts.of_variations(
                generator,
                self._schema,
                list(codes[start : start + size]),
                number=number + 1,
                degree=degree,
            )
            for number, start in enumerate(range(0, len(codes), size))
        ]
        found, varied = self._call(asked, must_find=False)
        return np.where(found[:, None], varied, codes).astype(codes.dtype)

    def usage(self) -> dict[str, int]:
        """Adds up `COUNTS` over all calls of the fit, interrupted or not.

        Returns:
            Count by name.
        """
        calls = (self._store.load("usage") or {}).values()
        return {name: sum(int(call[name]) for call in calls) for name in COUNTS}

    def _call(
        self, asked: Sequence[prompts.Prompt], *, must_find: bool
    ) -> tuple[np.ndarray, Codes]:
        """Asks for records: which of them are valid, and their codes.

        The call is saved before it is used: what votes were cast on must not change.
        """
        name = f"call_{_digest([prompt.messages for prompt in asked])}"
        saved = self._store.load(name)
        if saved is None:
            outcomes = self._outcomes(asked)
            counts = collections.Counter(dict.fromkeys(COUNTS, 0))
            rows: list[Integer[np.ndarray, " head"] | None] = []
            for prompt, outcome in zip(asked, outcomes, strict=True):
                rows += self._read(prompt, outcome, counts)
            found = np.array([row is not None for row in rows], np.bool_)
            if must_find and not found.any():
                raise errors.InputError(_nothing(outcomes, counts))
            codes = np.zeros((len(rows), len(self._schema.heads)), self._dtype)
            codes[found] = [row for row in rows if row is not None] or 0
            calls = self._store.load("usage") or {}
            self._store.save("usage", {**calls, name: dict(counts)})
            saved = {"found": found, "codes": codes}
            self._store.save(name, saved)
        return np.asarray(saved["found"]), np.asarray(saved["codes"])

    def _outcomes(self, asked: Sequence[prompts.Prompt]) -> list[_Outcome]:
        """Sends all requests, some at a time; the first error of ours ends it."""
        self._failed_in_a_row = 0
        self._ask_no_more.clear()
        workers = concurrent.futures.ThreadPoolExecutor(self._how.concurrency)
        try:
            futures = [workers.submit(self._outcome, prompt) for prompt in asked]
            for done, future in enumerate(concurrent.futures.as_completed(futures), 1):
                future.result()
                if done % _TELL_EVERY == 0 or done == len(asked):
                    self._progress(done, len(asked))
        finally:
            workers.shutdown(cancel_futures=True)
        return [future.result() for future in futures]

    def _outcome(self, prompt: prompts.Prompt) -> _Outcome:
        """One request: from disk, or sent and saved."""
        body = prompts.body(
            self._schema,
            prompt,
            model=self._model,
            response_format=self._how.response_format,
            temperature=self._how.temperature,
            max_tokens=self._how.max_tokens,
        )
        name = f"answer_{_digest(body)}"
        saved = self._store.load(name)
        if saved is not None:
            return _Outcome(endpoint.Answer(**saved), from_disk=True)
        if self._ask_no_more.is_set():
            return _Outcome(None)
        try:
            answer = self._ask(body)
        except endpoint.UnavailableError as error:
            self._note(failed=True)
            return _Outcome(None, problem=str(error))
        except BaseException:
            self._ask_no_more.set()
            raise
        self._store.save(name, answer._asdict())
        self._note(failed=False)
        return _Outcome(answer)

    def _note(self, *, failed: bool) -> None:
        """Takes the endpoint to be down if requests fail one after another."""
        with self._lock:
            self._failed_in_a_row = self._failed_in_a_row + 1 if failed else 0
            if self._failed_in_a_row >= max(self._how.concurrency, 3):
                self._ask_no_more.set()

    def _read(
        self,
        prompt: prompts.Prompt,
        outcome: _Outcome,
        counts: collections.Counter[str],
    ) -> list[Integer[np.ndarray, " head"] | None]:
        """Codes of each record that was asked for, None where there is no valid one."""
        rows: list[Integer[np.ndarray, " head"] | None] = [None] * prompt.size
        counts["records_asked"] += prompt.size
        if outcome.answer is None:
            counts["failed_requests"] += 1
            return rows
        counts["requests"] += 1
        counts["from_disk"] += outcome.from_disk
        for name in ("attempts", "prompt_tokens", "completion_tokens"):
            counts[name] += getattr(outcome.answer, name)
        devices = prompts.devices_of(outcome.answer.text)
        counts["unreadable_answers"] += devices is None
        for index, device in enumerate((devices or [])[: prompt.size]):
            try:
                rows[index] = records.read(self._schema, device)
            except records.RecordError as error:
                counts[f"dropped_{error}"] += 1
            else:
                counts["records_valid"] += 1
        return rows


def connect(
    schema: schemas.Schema,
    context: base.Context,
    server: endpoint.Endpoint,
    how: asking.Asking,
    progress: Callable[[int, int], None],
) -> Foundation:
    """Makes a model that answers over the network; asks nothing yet.

    Args:
        schema: The public schema.
        context: Of the fit.
        server: Where the model is.
        how: How it is asked.
        progress: As `Foundation` takes it.

    Returns:
        The model.
    """
    client = endpoint.Client(
        server, timeout_s=how.timeout_s, max_retries=how.max_retries,
        requests_per_minute=how.requests_per_minute,
    )  # fmt: skip
    return Foundation(schema, context, client.complete, server.model, how, progress)


def _nothing(outcomes: Sequence[_Outcome], counts: Mapping[str, int]) -> str:
    """Why a call brought no record, in one line."""
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    if problems:
        return (
            f"The endpoint gave no usable answer; the last problem: {problems[-1]}. "
            "Check that it is up and takes such requests, then give the same command "
            "again."
        )
    dropped = {name: counts[name] for name in COUNTS if name.startswith("dropped")}
    return (
        f"The endpoint gave {counts['requests']} answers and no record that keeps to "
        f"the schema ({counts['unreadable_answers']} answers without records, "
        f"{sum(dropped.values())} records dropped); try another model, max_tokens, "
        "records_per_request or response_format."
    )


def _digest(value: Any) -> str:
    """Name of a JSON value."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def first_records(
    model: Foundation,
    key: Key[Array, ""],
    count: int,
    context: base.Context,
    *,
    warn_fn: Callable[[str], None],
) -> Codes:
    """Asks for the records that a pool begins with, once for all processes.

    Args:
        model: The model.
        key: Public.
        count: Records to ask for.
        context: Of the fit, for its processes.
        warn_fn: Told if fewer than half of the records are valid.

    Returns:
        Codes of the valid ones.

    Raises:
        InputError: If the endpoint gives no valid record.
    """
    codes = context.part.once(lambda: model.random_api(key, count))
    usage = context.part.once(model.usage)
    valid, asked = usage["records_valid"], usage["records_asked"]
    if 2 * valid < asked:
        warn_fn(
            f"Only {valid} of {asked} records of the model are valid; programmatic "
            "variations of these fill the pool. See the report for why others are not."
        )
    return codes
