import json

import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, errors
from teledp_jax.job import checkpoints
from teledp_jax.methods import pe_llm
from teledp_jax.privacy import accounting, events, mechanisms
from tests import toys
from tests.pe import chat_server

_BUDGET = toys.budget(1.0, num_devices=2000)  # more is calibrated more slowly
_SMALL = {
    "num_records": 40,
    "num_variations": 10,
    "num_iterations": 3,
    "num_candidates": 40,
    "pool": 500,
    "max_retries": 0,
}


class KilledError(Exception):
    """Ends a fit in the middle."""


@pytest.fixture(scope="module")
def schema():
    return toys.PAIR


@pytest.fixture(scope="module")
def devices(schema):
    return arrays.unflatten(schema, np.array([[1, 1, 0, 0], [3, 3, 1, 3]] * 1000))


@pytest.fixture
def server():
    with chat_server.in_environment() as server:
        yield server


def make(schema, **overrides):
    return pe_llm.make(pe_llm.Config(**(_SMALL | overrides)), schema, _BUDGET)


def test_the_budget_is_met_before_anything_is_asked(schema, server):
    made = make(schema)
    assert 0.99 < accounting.epsilon_pld(made.event, _BUDGET.delta) <= 1.0
    assert server.requests == []
    assert made.facts["model"] == "small-model"
    assert made.facts["endpoint"] in server.url
    assert "secret-key" not in str(made.facts)


def test_the_event_states_all_that_is_released(schema, devices, server):
    released = []

    def noise(key, values, sigma):
        released.append((len(values), sigma))
        return mechanisms.seeded_integer_noise(key, values, sigma)

    made = make(schema)
    made.fit(toys.KEYS, devices, toys.context(noise=noise))
    marginals, votes = made.event.events
    assert marginals.count == 4 and votes.count == 3  # three columns, one row count
    assert marginals.event == events.DiscreteGaussianDpEvent(released[0][1])
    assert votes.event == events.DiscreteGaussianDpEvent(released[1][1])
    assert [size for size, _ in released[1:]] == [40, 40, 40]


def test_a_fit_tells_what_it_asked_and_what_it_cost(schema, devices, server):
    made = make(schema, prompt_price=2.0, completion_price=10.0)
    facts = made.fit(toys.KEYS, devices, toys.context())[base.FACTS]
    assert len(server.requests) == 8 + 2 + 2  # 40 records, then 10 variations twice
    assert facts["requests"] == 12 and facts["attempts"] == 12
    assert facts["records_asked"] == facts["records_valid"] == 60
    assert facts["prompt_tokens"] == 1200 and facts["completion_tokens"] == 480
    assert facts["price"] == pytest.approx((1200 * 2 + 480 * 10) / 1e6)


def test_without_prices_no_cost_is_told(schema, devices, server):
    assert (
        "price" not in make(schema).fit(toys.KEYS, devices, toys.context())[base.FACTS]
    )


def test_the_model_learns_of_the_fleet_through_noisy_votes_alone(
    schema, devices, server
):
    """Two fleets, the same noisy answers: the same requests, to the last byte."""
    told = np.random.default_rng(0).integers(0, 60, 200)
    made, asked = make(schema), []
    for fleet in (devices, arrays.take(devices, slice(0, 1))):
        server.requests.clear()
        made.fit(
            toys.KEYS, fleet, toys.context(noise=lambda key, x, sigma: told[: len(x)])
        )
        asked.append(sorted(json.dumps(body) for body in server.requests))
    assert asked[0] == asked[1] and len(asked[0]) == 12


def test_new_records_are_asked_for_before_private_data_is_read(schema, devices, server):
    server.close()
    released = []

    def noise(key, values, sigma):
        released.append(key)
        return values

    with pytest.raises(errors.InputError, match=r"gave no usable answer.*refused"):
        make(schema).fit(toys.KEYS, devices, toys.context(noise=noise))
    assert released == []


def test_a_server_that_dies_after_the_start_costs_only_variations(
    schema, devices, server
):
    def dying(body):
        if "For each of them" in body["messages"][1]["content"]:
            return chat_server.Reply(503)
        return chat_server.obedient(body)

    server.reply = dying
    made = make(schema)
    fitted = made.fit(toys.KEYS, devices, toys.context())
    assert fitted[base.FACTS]["failed_requests"] == 4
    arrays.check(schema, made.sample(jax.random.key(2), fitted, 100))


def test_few_valid_records_are_a_warning(schema, devices, server, caplog):
    good = {"base": {"kind": "a", "size": 1}, "rare": None}
    text = json.dumps({"devices": [good, {"base": {"kind": "z"}}]})
    server.reply = lambda body: chat_server.completion(text)
    with caplog.at_level("WARNING", logger="absl"):
        fitted = make(schema).fit(toys.KEYS, devices, toys.context())
    assert "Only 8 of 40 records of the model are valid" in caplog.text
    assert fitted[base.FACTS]["dropped_category"] == 12


@pytest.mark.parametrize(
    "stop_at", ["noisy_counts", "votes_0", "votes_1", "population"]
)
def test_a_resumed_fit_is_the_same_and_pays_for_no_answer_twice(
    schema, devices, server, tmp_path, stop_at
):
    made = make(schema)
    whole = made.fit(toys.KEYS, devices, toys.context())
    num_requests = len(server.requests)
    server.requests.clear()
    store = checkpoints.FileStore(tmp_path, "token")

    class Killed(base.MemoryStore):
        def load(self, name):
            return store.load(name)

        def save(self, name, tree):
            store.save(name, tree)
            if name == stop_at:
                raise KilledError

    with pytest.raises(KilledError):
        made.fit(toys.KEYS, devices, toys.context(Killed()))
    resumed = made.fit(toys.KEYS, devices, toys.context(store))
    assert len(server.requests) == num_requests
    jax.tree.map(np.testing.assert_array_equal, whole, resumed)
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"secret-key" not in files


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "OPENAI_MODEL"])
def test_without_an_endpoint_nothing_begins(schema, server, monkeypatch, name):
    monkeypatch.delenv(name)
    with pytest.raises(errors.InputError, match=name):
        make(schema)


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_records": 0},
        {"num_variations": -1},
        {"records_per_request": 0},
        {"concurrency": 0},
        {"timeout_s": 0.0},
        {"timeout_s": float("inf")},
        {"max_retries": -1},
        {"requests_per_minute": -1.0},
        {"temperature": float("nan")},
        {"prompt_price": -1.0},
        {"presence": 1.5},
        {"start_share": 1.0},
        {"num_iterations": 0},
        {"vote_growth": 0.0},
        {"last_degree": 0.9},
    ],
)
def test_settings_out_of_range_name_the_key(wrong):
    (name,) = wrong
    with pytest.raises(errors.InputError, match=f"pe_llm.{name}"):
        pe_llm.Config(**wrong)


def test_a_model_that_knows_no_shares_is_held_to_the_noisy_ones(
    schema, devices, server
):
    """Half of the fleet is (1, 1, no row), half (3, 3, a row of 3)."""
    made = make(schema)
    fitted = made.fit(toys.KEYS, devices, toys.context(noise=lambda key, x, sigma: x))
    drawn = made.sample(jax.random.key(2), fitted, 4000)
    kinds, sizes = np.asarray(drawn["base"].codes).T
    np.testing.assert_allclose(
        np.bincount(kinds, minlength=4) / 4000, [0, 0.5, 0, 0.5], atol=0.03
    )
    np.testing.assert_allclose(
        np.bincount(sizes, minlength=4) / 4000, [0, 0.5, 0, 0.5], atol=0.03
    )
    assert len(drawn["rare"].codes) / 4000 == pytest.approx(0.5, abs=0.03)
    assert ((kinds == 1) == (sizes == 1)).mean() > 0.8, "votes find what goes together"
