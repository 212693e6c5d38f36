"""A small server on the loopback that speaks the protocol of chat completions."""

import contextlib
import hashlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

from teledp_jax.pe import endpoint


class Reply(NamedTuple):
    """What the server sends; `hangs` sends nothing until it is closed."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    hangs: bool = False


def completion(text: str | None, tokens: tuple[int, int] = (100, 40)) -> Reply:
    """A whole answer."""
    usage = dict(zip(("prompt_tokens", "completion_tokens"), tokens, strict=True))
    choice = {"message": {"role": "assistant", "content": text}}
    return Reply(body=json.dumps({"choices": [choice], "usage": usage}).encode())


def obedient(body: dict[str, Any]) -> Reply:
    """Fills in the JSON Schema of the request, always alike for the same request."""
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    generator = np.random.default_rng(list(digest[:16]))
    form = body["response_format"]["json_schema"]["schema"]
    return completion(json.dumps(fill(generator, form)))


def fill(generator: np.random.Generator, form: dict[str, Any]) -> Any:
    """A random value of a JSON Schema, of the kinds that records need."""
    if "anyOf" in form:
        return fill(generator, form["anyOf"][generator.integers(len(form["anyOf"]))])
    if "enum" in form:
        return form["enum"][generator.integers(len(form["enum"]))]
    kind = form["type"]
    if isinstance(kind, list):
        kind = kind[int(generator.random() < 0.2)]
    if kind == "null":
        return None
    if kind == "object":
        return {
            name: fill(generator, part) for name, part in form["properties"].items()
        }
    if kind == "array":
        low, high = form.get("minItems", 0), form["maxItems"]
        return [
            fill(generator, form["items"])
            for _ in range(generator.integers(low, high + 1))
        ]
    if kind == "string":
        return "a text"
    share = generator.random() ** 3
    value = form["minimum"] + share * (form["maximum"] - form["minimum"])
    return int(value) if kind == "integer" else float(value)


class Server:
    """Answers requests with `script`, in order, and after that by `reply`.

    Attributes:
        requests: Bodies of all requests, as they came.
        headers: Their headers.
        paths: Their paths.
        reply: Makes the answers to what the script does not reach.
    """

    def __init__(
        self,
        script: Sequence[Reply] = (),
        reply: Callable[[dict[str, Any]], Reply] = obedient,
    ) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.reply = reply
        self._script = iter(script)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def take(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Reply:
        """Notes a request and finds its reply."""
        with self._lock:
            self.paths.append(path)
            self.headers.append(headers)
            self.requests.append(body)
            reply = next(self._script, None)
        return self.reply(body) if reply is None else reply

    def hang(self) -> None:
        """Waits until the server is closed."""
        self._closed.wait()

    def close(self) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    owner: Server

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        reply = self.owner.take(self.path, dict(self.headers), json.loads(data))
        if reply.hangs:
            self.owner.hang()
            return
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextlib.contextmanager
def in_environment() -> Iterator[Server]:
    """A server that the environment names, closed at the end."""
    server = Server()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "127.0.0.1")
        patch.setenv(endpoint.BASE_URL, server.url)
        patch.setenv(endpoint.MODEL, "small-model")
        patch.setenv(endpoint.KEY, "secret-key")
        yield server
    server.close()
