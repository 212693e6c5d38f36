"""A client of any chat endpoint that speaks OpenAI's protocol."""

import contextlib
import datetime
import email.utils
import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from teledp_jax import errors

BASE_URL, MODEL, KEY = "OPENAI_BASE_URL", "OPENAI_MODEL", "OPENAI_API_KEY"
"""Variables of the environment that name the endpoint."""

_LONGEST_PAUSE_S = 300.0  # an endpoint that asks for more is taken to be down
_MOST_BYTES = 2**24
_HOPELESS = {
    401: f"it refuses the key; set {KEY}",
    403: f"it refuses the key; set {KEY}",
    404: f"no such path or model; check {BASE_URL} and {MODEL}",
}
_PASSING = frozenset({408, 409, 425, 429})  # and 500 to 599


class UnavailableError(Exception):
    """A request that came to nothing; others may fare better."""


class Endpoint(NamedTuple):
    """Where a model answers.

    Attributes:
        base_url: Address without `/chat/completions`.
        model: Name of the model there.
        key: Secret sent as a bearer token; empty for none. Never shown or saved.
    """

    base_url: str
    model: str
    key: str

    @property
    def host(self) -> str:
        """Host and port, for reports."""
        return urllib.parse.urlsplit(self.base_url).netloc

    @property
    def facts(self) -> dict[str, str]:
        """Returns what results say of it."""
        return {"model": self.model, "endpoint": self.host}


def from_environment(variables: Mapping[str, str]) -> Endpoint:
    """Returns the endpoint that the environment names.

    Raises:
        InputError: If a variable is missing or cannot be used.
    """
    for name in (BASE_URL, MODEL):
        if not variables.get(name):
            raise errors.InputError(
                f"No {name} in the environment; set {BASE_URL} (as "
                f"http://localhost:8000/v1), {MODEL} and, if the endpoint wants one, "
                f"{KEY}."
            )
    key = variables.get(KEY, "").strip()
    try:
        parts = urllib.parse.urlsplit(variables[BASE_URL].strip())
        usable = parts.scheme in ("http", "https") and parts.hostname and key.isascii()
        usable = usable and parts.port != 0 and key.isprintable()
    except ValueError:
        usable = False
    if not usable or parts.username or parts.query or parts.fragment:
        raise errors.InputError(
            f"{BASE_URL}, {KEY}: expected an address as http://localhost:8000/v1, "
            "without user, password or query, and a key of plain characters."
        )
    return Endpoint(parts.geturl().rstrip("/"), variables[MODEL].strip(), key)


class Answer(NamedTuple):
    """What a request brought.

    Attributes:
        text: What the model wrote; empty if it declined.
        prompt_tokens: As the endpoint counts them; 0 if it does not.
        completion_tokens: Likewise.
        attempts: Requests sent for it, failed ones included.
    """

    text: str
    prompt_tokens: int
    completion_tokens: int
    attempts: int


class Client:
    """Sends requests, from any number of threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout_s: float,
        max_retries: int,
        requests_per_minute: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Sends nothing yet.

        Args:
            endpoint: Whom to ask.
            timeout_s: Longest that one attempt may take, in seconds.
            max_retries: Attempts after the first, where another may help.
            requests_per_minute: Most attempts that begin in a minute; 0: no limit.
            sleep: Waits for seconds.
            clock: Tells seconds.
        """
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._max_retries = max_retries
        self._sleep = sleep
        self._clock = clock
        self._pace = _Pace(requests_per_minute, sleep=sleep, clock=clock)
        self._opener = urllib.request.build_opener(_NoRedirect)

    def complete(self, body: Mapping[str, Any]) -> Answer:
        """Asks for one chat completion, again where that may help.

        Between attempts it waits a second, then twice as long each time up to a
        minute, less up to half by chance. `Retry-After` holds up all threads.

        Args:
            body: The request, `model` included.

        Raises:
            InputError: If the endpoint refuses key, path or model: so it would all.
            UnavailableError: If no attempt brought an answer.
        """
        data = json.dumps(body).encode()
        for attempt in range(self._max_retries + 1):
            self._pace.wait()
            try:
                return _answer(self._post(data), attempts=attempt + 1)
            except urllib.error.HTTPError as error:
                problem = self._refused(error)
            except (OSError, http.client.HTTPException, ValueError) as error:
                problem = str(error) or type(error).__name__
            except RecursionError:
                problem = "an answer that is nested without end"
            if attempt < self._max_retries:
                self._sleep(min(2.0**attempt, 60.0) * random.uniform(0.5, 1.0))
        raise UnavailableError(f"{self._endpoint.host}: {problem}")

    def _post(self, data: bytes) -> bytes:
        """One attempt, which ends in time even if the answer trickles."""
        headers = {"Content-Type": "application/json", "User-Agent": "teledp_jax"}
        if self._endpoint.key:
            headers["Authorization"] = f"Bearer {self._endpoint.key}"
        request = urllib.request.Request(
            f"{self._endpoint.base_url}/chat/completions", data, headers, method="POST"
        )
        deadline = self._clock() + self._timeout_s
        parts, size = [], 0
        with self._opener.open(request, timeout=self._timeout_s) as response:
            while part := response.read1(2**16):
                parts.append(part)
                size += len(part)
                if size > _MOST_BYTES:
                    raise ValueError(f"an answer of more than {_MOST_BYTES} bytes")
                if self._clock() > deadline:
                    raise TimeoutError(f"no whole answer in {self._timeout_s:g} s")
        return b"".join(parts)

    def _refused(self, error: urllib.error.HTTPError) -> str:
        """What a status other than success says; returns if another try may help."""
        with error:
            text = f"status {error.code}, {_reason(error)}"
        if error.code in _HOPELESS:
            raise errors.InputError(
                f"{self._endpoint.host}: {text}: {_HOPELESS[error.code]}."
            )
        if error.code not in _PASSING and error.code < 500:
            raise UnavailableError(f"{self._endpoint.host}: {text}")
        pause_s = _retry_after(error.headers.get("Retry-After"))
        if pause_s > _LONGEST_PAUSE_S:
            raise UnavailableError(
                f"{self._endpoint.host}: {text}; it asks to wait for {pause_s:.0f} s"
            )
        self._pace.hold(pause_s)
        return text


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the key must not go to another host."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Leaves the redirect as the error that it then is."""


class _Pace:
    """When a next request may leave, for all threads together."""

    def __init__(
        self,
        requests_per_minute: float,
        *,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._interval_s = 60 / requests_per_minute if requests_per_minute else 0.0
        self._sleep, self._clock = sleep, clock
        self._lock = threading.Lock()
        self._next, self._held_until = clock(), clock()

    def wait(self) -> None:
        """Waits for its own place, and for as long as all are held up."""
        with self._lock:
            place = max(self._next, self._clock())
            self._next = place + self._interval_s
        while (until := max(place, self._held_until)) > self._clock():
            self._sleep(until - self._clock())

    def hold(self, pause_s: float) -> None:
        """Holds up all requests that have not left."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + pause_s)


def _answer(data: bytes, *, attempts: int) -> Answer:
    """Reads a chat completion.

    Raises:
        ValueError: If it is none.
    """
    try:
        content = json.loads(data)
        text = content["choices"][0]["message"]["content"]
        usage = content.get("usage") or {}
        tokens = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ValueError("an answer that is no chat completion") from None
    prompt, completion = (
        count if type(count) is int and count > 0 else 0 for count in tokens
    )
    text = text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""
    return Answer(text, prompt, completion, attempts)


def _reason(error: urllib.error.HTTPError) -> str:
    """The endpoint's own words for an error, shortened to a line."""
    try:
        data = error.read(2**16)
    except (OSError, http.client.HTTPException):
        return error.reason
    try:
        found = json.loads(data)
        text = found["error"]["message"] if isinstance(found["error"], dict) else ""
    except (ValueError, LookupError, TypeError, RecursionError):
        text = ""
    return " ".join(str(text or error.reason).split())[:200]


def _retry_after(text: str | None) -> float:
    """Seconds of a `Retry-After` header, a number or a date; 0 if it is neither."""
    if not text:
        return 0.0
    with contextlib.suppress(ValueError):
        return max(float(text), 0.0)
    try:
        date = email.utils.parsedate_to_datetime(text)
        now = datetime.datetime.now(date.tzinfo)
        return max((date - now).total_seconds(), 0.0)
    except ValueError:
        return 0.0
