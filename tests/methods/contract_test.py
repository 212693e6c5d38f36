"""What every method promises, whatever its family."""

import dataclasses
import functools
import os

import dp_accounting
import jax
import pytest

from teledp_jax import arrays, base, keys, registry
from teledp_jax.job import drawing, model_file
from teledp_jax.privacy import accounting, budgets, events
from tests import toys
from tests.pe import chat_server

SCHEMA = toys.schema(
    toys.anchor(
        "devices", toys.category("os", "a", "b", "c"), toys.whole("ram", 1, 4, 8, 64)
    ),
    toys.group(
        "power", toys.number("watts", 0.1, 1, 10, 100, scale="log", has_zero=True)
    ),
    toys.entity(
        "crashes",
        toys.category("app", "x", "y"),
        toys.whole("count", 1, 2, 5, 99),
        rows=40,
        fixed=3,
        by="count",
    ),
)
SMALL = {  # enough to run every part of a method, not to learn
    "chain": {},
    "aim": {"num_rounds": 1, "pairs_per_attribute": 0.3, "num_iterations": 50},
    "histogram": {},
    "mst": {"num_iterations": 50},
    "dpsgd_relational": {"num_epochs": 1, "num_samples": 512},
    "dpsgd_vae": {"num_epochs": 1},
    "pe": {"num_iterations": 1},
    "pe_conditional": {"num_iterations": 1, "pool": 2000},
    "pe_llm": {"num_records": 20, "num_iterations": 2, "num_variations": 5},
    "independent": {},
}
EPSILON, DELTA = 1.1, 1e-5  # accounts are small where noise is large


@pytest.fixture(autouse=True, scope="module")
def endpoint():
    """A model that always answers the same request alike, for `pe_llm`."""
    with chat_server.in_environment():
        yield


def make(name: str) -> base.Synthesizer:
    """A method, made once per endpoint: what it compiled serves all tests."""
    return _made(name, os.environ.get("OPENAI_BASE_URL"))


@functools.cache
def _made(name: str, endpoint: str | None) -> base.Synthesizer:
    del endpoint
    spent = events.DiscreteGaussianDpEvent(20.0)
    config = registry.method(name).Config(**SMALL[name])
    allowed = budgets.Budget(epsilon=EPSILON, delta=DELTA, spent=spent, num_devices=400)
    return registry.method(name).make(config, SCHEMA, allowed)


def fit(method: base.Synthesizer, devices: arrays.DeviceArrays, privacy: int):
    streams = keys.split(jax.random.key(0), jax.random.key(privacy))
    return method.fit(streams, devices, toys.context())


def test_every_method_is_held_to_the_contract():
    assert set(SMALL) == set(registry.METHODS)


@pytest.mark.parametrize("name", SMALL)
def test_a_method(name, tmp_path):
    method = make(name)
    both = dp_accounting.ComposedDpEvent(
        [events.DiscreteGaussianDpEvent(20.0), method.event]
    )
    assert 0.875 * EPSILON < accounting.epsilon_pld(both, DELTA) <= EPSILON

    devices = toys.devices(SCHEMA, 400)
    before = {name: [part.copy() for part in table] for name, table in devices.items()}
    fitted = fit(method, devices, privacy=1)
    assert arrays.num_rows(devices["crashes"]).max() > 35
    assert toys.same(before, {name: list(table) for name, table in devices.items()})
    most = method.max_rows.get("crashes", 40)
    read = arrays.narrow(SCHEMA.narrowed(most), devices)
    assert toys.same(fitted, fit(method, read, privacy=1)), (
        "same keys, same fit, whatever rows a device has beyond those that are read"
    )
    assert not toys.same(fitted, fit(method, devices, privacy=2)), "new noise, new fit"

    for count in (1, 700):
        synthetic = method.sample(jax.random.key(3), fitted, count)
        arrays.check(SCHEMA.narrowed(most), synthetic)
        assert arrays.num_devices(synthetic) == count
    again = method.sample(jax.random.key(3), fitted, 700)
    assert toys.same(synthetic, again)

    model_file.write(tmp_path / "model", {}, fitted)
    _, kept = model_file.read(tmp_path / "model")
    assert toys.same(synthetic, method.sample(jax.random.key(3), kept, 700))
    only, _ = drawing.draw_where(
        method, SCHEMA, kept, jax.random.key(4), 20, {"os": "b"}
    )
    assert only["devices"].codes[:, 0].tolist() == [2] * 20
    assert all(isinstance(v, (int, float, str)) for v in method.facts.values())


@pytest.mark.parametrize("name", SMALL)
def test_a_config_is_frozen(name):
    config = registry.method(name).Config()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.anything = None


@pytest.mark.parametrize("name", SMALL)
def test_an_empty_fleet_stops_nothing(name):
    method = make(name)
    fitted = fit(method, toys.devices(SCHEMA, 0), privacy=1)
    arrays.check(SCHEMA, method.sample(jax.random.key(3), fitted, 50))
