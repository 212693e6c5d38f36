import contextlib
import email.utils
import json
import time

import pytest

from teledp_jax import errors
from teledp_jax.pe import endpoint
from tests.pe import chat_server

BODY = {"model": "small-model", "messages": [{"role": "user", "content": "hello"}]}
FINE = chat_server.completion("fine", (12, 3))


class Time:
    """A clock that moves only as somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def start():
    """Starts servers, closed at the end."""
    with contextlib.ExitStack() as stack:

        def made(*script: chat_server.Reply) -> chat_server.Server:
            server = chat_server.Server(script)
            stack.callback(server.close)
            return server

        yield made


def make_client(server, passed, **overrides) -> endpoint.Client:
    settings = {"timeout_s": 30.0, "max_retries": 3, "requests_per_minute": 0.0}
    return endpoint.Client(
        endpoint.Endpoint(server.url, "small-model", "secret-key"),
        sleep=passed.sleep,
        clock=passed.clock,
        **(settings | overrides),
    )


def test_a_request_follows_the_protocol(start):
    server = start(FINE)
    answer = make_client(server, Time()).complete(BODY)
    assert answer == endpoint.Answer("fine", 12, 3, attempts=1)
    assert server.paths == ["/v1/chat/completions"]
    assert server.requests == [BODY]
    assert server.headers[0]["Authorization"] == "Bearer secret-key"
    assert server.headers[0]["Content-Type"] == "application/json"


def test_without_a_key_no_header_is_sent(start):
    server = start(FINE)
    client = endpoint.Client(
        endpoint.Endpoint(server.url, "m", ""),
        timeout_s=30.0,
        max_retries=0,
        requests_per_minute=0.0,
    )
    client.complete(BODY)
    assert "Authorization" not in server.headers[0]


def test_a_rate_limit_is_waited_out(start):
    server, passed = (
        start(chat_server.Reply(429, headers=(("Retry-After", "7"),))),
        Time(),
    )
    server.reply = lambda body: FINE
    assert make_client(server, passed).complete(BODY).attempts == 2
    assert passed.now == pytest.approx(1007.0)


def test_a_rate_limit_holds_up_all_threads(start):
    server, passed = (
        start(chat_server.Reply(429, headers=(("Retry-After", "7"),))),
        Time(),
    )
    server.reply = lambda body: FINE
    client = make_client(server, passed, max_retries=0)
    with pytest.raises(endpoint.UnavailableError, match="status 429"):
        client.complete(BODY)
    client.complete(BODY)  # another request: it waits as well
    assert passed.now == pytest.approx(1007.0)


def test_a_retry_after_may_be_a_date(start):
    date = email.utils.formatdate(time.time() + 100, usegmt=True)
    server, passed = (
        start(chat_server.Reply(503, headers=(("Retry-After", date),))),
        Time(),
    )
    server.reply = lambda body: FINE
    make_client(server, passed).complete(BODY)
    assert 1040 < passed.now <= 1100


def test_who_asks_to_wait_for_an_hour_is_down(start):
    server = start(chat_server.Reply(429, headers=(("Retry-After", "3600"),)))
    passed = Time()
    with pytest.raises(endpoint.UnavailableError, match="wait for 3600 s"):
        make_client(server, passed).complete(BODY)
    assert passed.slept == [] and len(server.requests) == 1


def test_pauses_between_attempts_double(start):
    server, passed = start(*[chat_server.Reply(500)] * 3, FINE), Time()
    assert make_client(server, passed).complete(BODY).attempts == 4
    assert len(passed.slept) == 3
    for longest, slept in zip((1, 2, 4), passed.slept, strict=True):
        assert longest / 2 <= slept <= longest


def test_attempts_end(start):
    server = start(*[chat_server.Reply(502)] * 4)
    with pytest.raises(endpoint.UnavailableError, match=r"127\.0\.0\.1:.*status 502"):
        make_client(server, Time()).complete(BODY)
    assert len(server.requests) == 4


def test_a_slow_endpoint_is_left_and_asked_again(start):
    server = start(chat_server.Reply(hangs=True), FINE)
    assert make_client(server, Time(), timeout_s=0.2).complete(BODY).attempts == 2


def test_an_answer_that_trickles_ends_in_time(start):
    server, passed = start(FINE), Time()

    def clock():
        passed.now += 20
        return passed.now

    passed.clock = clock
    client = make_client(server, passed, max_retries=0)
    with pytest.raises(endpoint.UnavailableError, match="no whole answer in 10 s"):
        client._timeout_s = 10
        client.complete(BODY)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Please log in</html>",
        b"",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"choices": []}',
        b'{"choices": [{"message": "no"}]}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": [1]}',
        b"[1, 2]",
    ],
)
def test_garbage_is_asked_again(start, body):
    server = start(chat_server.Reply(body=body), FINE)
    assert make_client(server, Time()).complete(BODY) == endpoint.Answer(
        "fine", 12, 3, 2
    )


@pytest.mark.parametrize("usage", ["null", "{}", '{"prompt_tokens": "many"}'])
def test_tokens_that_are_not_counted_are_none(start, usage):
    text = f'{{"choices": [{{"message": {{"content": "x"}}}}], "usage": {usage}}}'
    server = start(chat_server.Reply(body=text.encode()))
    assert make_client(server, Time()).complete(BODY) == endpoint.Answer("x", 0, 0, 1)


def test_a_model_that_declines_has_written_nothing(start):
    server = start(chat_server.completion(None))
    assert make_client(server, Time()).complete(BODY).text == ""


def test_half_a_character_can_be_saved(start):
    server = start(chat_server.completion("a\ud800b"))
    assert make_client(server, Time()).complete(BODY).text == "a?b"


def test_an_endpoint_that_is_down_says_so(start):
    server = start()
    server.close()
    with pytest.raises(endpoint.UnavailableError, match=r"127\.0\.0\.1.*refused"):
        make_client(server, Time()).complete(BODY)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(401, "OPENAI_API_KEY"), (403, "OPENAI_API_KEY"), (404, "OPENAI_MODEL")],
)
def test_a_wrong_key_or_model_stops_at_once(start, status, remedy):
    words = json.dumps({"error": {"message": "no,\nnot this"}}).encode()
    server = start(chat_server.Reply(status, words))
    with pytest.raises(errors.InputError, match=remedy) as caught:
        make_client(server, Time()).complete(BODY)
    assert f"status {status}, no, not this" in str(caught.value)
    assert "secret-key" not in str(caught.value)
    assert len(server.requests) == 1


def test_a_request_that_is_refused_is_not_sent_again(start):
    server = start(chat_server.Reply(400, b'{"error": {"message": "bad schema"}}'))
    with pytest.raises(endpoint.UnavailableError, match="status 400, bad schema"):
        make_client(server, Time()).complete(BODY)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307])
def test_the_key_follows_no_redirect(start, status):
    other = start(FINE)
    server = start(chat_server.Reply(status, headers=(("Location", other.url),)))
    with pytest.raises(endpoint.UnavailableError, match=f"status {status}"):
        make_client(server, Time()).complete(BODY)
    assert not other.requests


def test_requests_keep_to_a_rate(start):
    server, passed = start(FINE, FINE, FINE), Time()
    client = make_client(server, passed, requests_per_minute=6.0)
    for _ in range(3):
        client.complete(BODY)
    assert passed.now == pytest.approx(1020.0)


def test_the_environment_names_the_endpoint():
    found = endpoint.from_environment(
        {
            "OPENAI_BASE_URL": "https://models.example.com:8443/v1/",
            "OPENAI_MODEL": "m",
            "OPENAI_API_KEY": "k\n",
        }
    )
    assert found == endpoint.Endpoint("https://models.example.com:8443/v1", "m", "k")
    assert found.host == "models.example.com:8443"


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"OPENAI_BASE_URL": ""}, "No OPENAI_BASE_URL in the environment"),
        ({"OPENAI_MODEL": ""}, "No OPENAI_MODEL in the environment"),
        ({"OPENAI_BASE_URL": "file:///etc/passwd"}, "expected an address"),
        ({"OPENAI_BASE_URL": "localhost:8000"}, "expected an address"),
        ({"OPENAI_BASE_URL": "http://me:word@host/v1"}, "without user"),
        ({"OPENAI_BASE_URL": "http://host:port/v1"}, "expected an address"),
        ({"OPENAI_BASE_URL": "http://[host/v1"}, "expected an address"),
        ({"OPENAI_API_KEY": "k\u00e9y"}, "plain characters"),
        ({"OPENAI_API_KEY": "a\r\nHost: b"}, "plain characters"),
    ],
)
def test_an_environment_of_no_use_is_refused(changes, match):
    good = {"OPENAI_BASE_URL": "http://localhost:8000/v1", "OPENAI_MODEL": "m"}
    with pytest.raises(errors.InputError, match=match) as caught:
        endpoint.from_environment(good | changes)
    assert "word" not in str(caught.value).replace("password", "")
