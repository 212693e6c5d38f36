import dataclasses
import json
import threading

import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, errors
from teledp_jax.job import checkpoints
from teledp_jax.pe import asking, endpoint, foundation, prompts
from teledp_jax.pe import records as records_lib
from tests.pe import chat_server

HOW = asking.Asking(
    records_per_request=4,
    concurrency=1,
    presence=0.5,
    temperature=1.0,
    max_tokens=500,
    response_format="json_schema",
)
KEY = jax.random.key(0)
ONE = {"base": {"kind": "a", "size": 1}}


class Model:
    """Answers in memory; `script` first, then by the server's obedient rule."""

    def __init__(self, *script) -> None:
        self.bodies, self.script = [], list(script)

    def __call__(self, body) -> endpoint.Answer:
        self.bodies.append(body)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, BaseException):
            raise step
        if step is None:
            reply = chat_server.obedient(body)
            step = json.loads(reply.body)["choices"][0]["message"]["content"]
        return endpoint.Answer(step, 100, 40, 1)


class MostlyHarmlessError(Exception):
    """Ends a fit in the middle."""


DOWN = endpoint.UnavailableError("host: status 503")


def make(
    schema, ask, store=None, model="small-model", **overrides
) -> foundation.Foundation:
    context = base.Context(
        store or base.MemoryStore(), lambda *args: None, lambda key, x, sigma: x
    )
    how = dataclasses.replace(HOW, **overrides)
    return foundation.Foundation(schema, context, ask, model, how)


def answer(*devices) -> str:
    return json.dumps({"devices": list(devices)})


def test_new_records_keep_the_schema(schema):
    model = Model()
    codes = make(schema, model).random_api(KEY, 10)
    assert codes.shape == (10, 11)
    arrays.check(schema, arrays.unflatten(schema, codes))
    asked = [
        body["response_format"]["json_schema"]["schema"]["properties"]["devices"]
        for body in model.bodies
    ]
    assert [part["maxItems"] for part in asked] == [4, 4, 2]


def test_no_two_requests_for_new_records_are_alike(schema):
    model = Model()
    make(schema, model, records_per_request=1).random_api(KEY, 40)
    assert len({json.dumps(body) for body in model.bodies}) == 40


def test_bad_records_are_dropped_and_counted(schema):
    bad = [{"base": {"kind": "z"}}, {"base": {"size": 99}}, "no device"]
    model = Model(
        answer(ONE, *bad), answer({"other": 1}, {"base": {}, "apps": [{}] * 9})
    )
    made = make(schema, model)
    codes = made.random_api(KEY, 8)
    np.testing.assert_array_equal(codes, [records_lib.read(schema, ONE)])
    assert made.usage() == {
        "requests": 2,
        "from_disk": 0,
        "attempts": 2,
        "failed_requests": 0,
        "unreadable_answers": 0,
        "prompt_tokens": 200,
        "completion_tokens": 80,
        "records_asked": 8,
        "records_valid": 1,
        "dropped_shape": 1,
        "dropped_name": 1,
        "dropped_category": 1,
        "dropped_number": 1,
        "dropped_rows": 1,
    }


@pytest.mark.parametrize(
    "text",
    ["", "Sorry, no.", "{", "[1]", '{"devices": 3}', "3", '{"a":' * 99_999 + "}"],
)
def test_an_answer_without_records_is_counted(schema, text):
    made = make(schema, Model(text, answer(ONE)))
    assert len(made.random_api(KEY, 8)) == 1
    assert made.usage()["unreadable_answers"] == 1


def test_an_answer_may_stand_in_a_fence(schema):
    text = f"Here you are:\n```json\n{answer(ONE)}\n```\n"
    assert len(make(schema, Model(text)).random_api(KEY, 4)) == 1


def test_more_records_than_asked_for_are_left(schema):
    assert len(make(schema, Model(answer(*[ONE] * 9))).random_api(KEY, 4)) == 4


def test_some_requests_may_fail(schema):
    made = make(schema, Model(DOWN, answer(ONE), DOWN))
    assert len(made.random_api(KEY, 12)) == 1
    assert made.usage()["failed_requests"] == 2


def test_no_record_at_all_is_an_error_that_says_why(schema):
    store = base.MemoryStore()
    with pytest.raises(errors.InputError, match="the last problem: host: status 503"):
        make(schema, Model(DOWN, DOWN), store).random_api(KEY, 8)
    with pytest.raises(
        errors.InputError, match=r"1 answers without .*, 1 records dropped"
    ):
        make(schema, Model("no", answer(3)), store).random_api(KEY, 8)
    again = [key for key in store._trees if not key.startswith("answer")]
    assert again == [], "it may be asked again when the endpoint is up"


def test_an_endpoint_that_is_down_is_not_asked_for_ever(schema):
    model = Model(*[DOWN] * 100)
    with pytest.raises(errors.InputError, match="status 503"):
        make(schema, model).random_api(KEY, 400)
    assert len(model.bodies) == 3


def test_one_failure_among_many_is_no_end(schema):
    model = Model(*[DOWN, DOWN, None] * 10)
    made = make(schema, model)
    assert len(made.random_api(KEY, 120)) == 40
    assert made.usage()["failed_requests"] == 20


def test_what_was_answered_is_not_paid_for_again(schema, tmp_path):
    whole = make(schema, Model()).random_api(KEY, 20)
    store = checkpoints.FileStore(tmp_path, "token")
    killed = Model(None, None, MostlyHarmlessError())
    with pytest.raises(MostlyHarmlessError):
        make(schema, killed, store).random_api(KEY, 20)
    model = Model()
    made = make(schema, model, store)
    np.testing.assert_array_equal(made.random_api(KEY, 20), whole)
    assert len(killed.bodies) == 3 and len(model.bodies) == 3
    assert model.bodies[0] == killed.bodies[2], "the one that was not answered"
    assert made.usage()["requests"] == 5 and made.usage()["from_disk"] == 2
    assert made.usage()["prompt_tokens"] == 500
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_finished_call_is_read_from_disk_as_it_was(schema, tmp_path):
    store, silent = checkpoints.FileStore(tmp_path, "token"), Model()
    first = make(schema, Model(None, DOWN), store).random_api(KEY, 8)
    made = make(schema, silent, store)
    np.testing.assert_array_equal(made.random_api(KEY, 8), first)
    assert silent.bodies == [], "the failed request of a call stays failed"
    assert made.usage()["requests"] == 1


@pytest.mark.parametrize(
    "change",
    [{"model": "large-model"}, {"temperature": 0.5}, {"response_format": "text"}],
)
def test_an_answer_is_bound_to_its_request(schema, change):
    store = base.MemoryStore()
    with pytest.raises(MostlyHarmlessError):
        make(schema, Model(None, MostlyHarmlessError()), store).random_api(KEY, 8)
    model = Model(answer(ONE), answer(ONE))
    make(schema, model, store, **change).random_api(KEY, 8)
    assert len(model.bodies) == 2


def test_variations_stand_where_their_parents_stood(schema, records):
    parents = records(3, 6)
    other = {"base": {"kind": "c", "size": 4}}
    model = Model(answer(other, "bad", other), DOWN)
    varied = make(schema, model).variation_api(KEY, parents, 0.25)
    new = records_lib.read(schema, other)
    expected = [new, parents[1], new, *parents[3:]]
    np.testing.assert_array_equal(varied, expected)
    assert varied.dtype == parents.dtype


def test_a_prompt_for_variations_holds_the_parents_and_the_degree(schema, records):
    parents, model = records(3, 2), Model()
    make(schema, model).variation_api(KEY, parents, 0.25)
    text = model.bodies[0]["messages"][1]["content"]
    for parent in parents:
        assert json.dumps(records_lib.write(schema, parent)) in text
    assert "about 25 %" in text


def test_requests_are_on_their_way_together(schema):
    both = threading.Barrier(2, timeout=30)

    def ask(body):
        both.wait()  # breaks, which is an error, if only one waits
        return Model()(body)

    assert len(make(schema, ask, concurrency=2).random_api(KEY, 8)) == 8


def test_order_of_arrival_changes_nothing(schema):
    late = threading.Event()

    def ask(body):
        if "Request 1." in body["messages"][1]["content"]:
            late.wait(timeout=30)
        elif "Request 2." in body["messages"][1]["content"]:
            late.set()
        return Model()(body)

    found = make(schema, ask, concurrency=2).random_api(KEY, 8)
    np.testing.assert_array_equal(found, make(schema, Model()).random_api(KEY, 8))


@pytest.mark.parametrize("form", ["json_schema", "json_object", "text"])
def test_the_form_of_an_answer_is_told_as_the_endpoint_wants_it(schema, form):
    model = Model(answer(ONE))
    make(schema, model, response_format=form).random_api(KEY, 4)
    told = model.bodies[0].get("response_format", {"type": "text"})
    assert told["type"] == form
    assert ("max_tokens" in model.bodies[0]) is True
    model = Model(answer(ONE))
    make(schema, model, max_tokens=0).random_api(KEY, 4)
    assert "max_tokens" not in model.bodies[0]


def test_a_prompt_for_new_records_tells_only_the_tables_of_its_answer(schema):
    generator = np.random.default_rng(0)
    for presence, held in ((0.0, ("base",)), (1.0, ("base", "rare", "apps"))):
        prompt = prompts.of_new(generator, schema, number=1, count=2, presence=presence)
        assert prompt.tables == held
        text = prompt.messages[1]["content"]
        assert ("apps: a list" in text) == ("apps" in held)
