"""What every method promises, whatever its family."""

import dataclasses

import dp_accounting
import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, keys, registry, schemas
from teledp_jax.privacy import accounting, budgets, events, mechanisms
from tests.pe import chat_server

SCHEMA = schemas.Schema(
    suite="tiny",
    device="guid",
    tables=(
        schemas.Table(
            name="devices",
            role="anchor",
            grain="One row a device.",
            columns=(
                schemas.Column(name="os", kind="category", categories=("a", "b", "c")),
                schemas.Column(name="ram", kind="integer", edges=(1.0, 4.0, 8.0, 64.0)),
            ),
        ),
        schemas.Table(
            name="power",
            role="group",
            grain="One row a device that reports power.",
            columns=(
                schemas.Column(
                    name="watts",
                    kind="double",
                    edges=(0.1, 1.0, 10.0, 100.0),
                    scale="log",
                    has_zero=True,
                ),
            ),
        ),
        schemas.Table(
            name="crashes",
            role="entity",
            grain="One row a device and app.",
            max_rows=3,
            cap_by="count",
            columns=(
                schemas.Column(name="app", kind="category", categories=("x", "y")),
                schemas.Column(
                    name="count", kind="integer", edges=(1.0, 2.0, 5.0, 99.0)
                ),
            ),
        ),
    ),
)
SMALL = {  # enough to run every part of a method, not to learn
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
EPSILON, DELTA = 1.0, 1e-5  # accounts are small where noise is large


@pytest.fixture(autouse=True, scope="module")
def endpoint():
    """A model that always answers the same request alike, for `pe_llm`."""
    with chat_server.in_environment():
        yield


def make_devices(count: int, seed: int) -> arrays.DeviceArrays:
    generator = np.random.default_rng(seed)
    codes = np.stack(
        [generator.integers(0, head.num_codes, count) for head in SCHEMA.heads], axis=1
    )
    return arrays.unflatten(SCHEMA, codes)


def make(name: str) -> base.Synthesizer:
    spent = events.DiscreteGaussianDpEvent(20.0)
    config = registry.method(name).Config(**SMALL[name])
    allowed = budgets.Budget(epsilon=EPSILON, delta=DELTA, spent=spent, num_devices=400)
    return registry.method(name).make(config, SCHEMA, allowed)


def fit(method: base.Synthesizer, devices: arrays.DeviceArrays, privacy: int):
    context = base.Context(
        base.MemoryStore(),
        lambda done, total, facts: None,
        mechanisms.seeded_integer_noise,
    )
    streams = keys.split(jax.random.key(0), jax.random.key(privacy))
    return method.fit(streams, devices, context)


def same(first: base.Tree, second: base.Tree) -> bool:
    leaves = [jax.tree.leaves(tree) for tree in (first, second)]
    return all(np.array_equal(a, b) for a, b in zip(*leaves, strict=True))


def test_every_method_is_held_to_the_contract():
    assert set(SMALL) == set(registry.METHODS)


@pytest.mark.parametrize("name", SMALL)
def test_a_method(name):
    method = make(name)
    both = dp_accounting.ComposedDpEvent(
        [events.DiscreteGaussianDpEvent(20.0), method.event]
    )
    assert 0.875 * EPSILON < accounting.epsilon_pld(both, DELTA) <= EPSILON

    devices = make_devices(400, seed=0)
    before = {name: [part.copy() for part in table] for name, table in devices.items()}
    fitted = fit(method, devices, privacy=1)
    assert same(before, {name: list(table) for name, table in devices.items()})
    assert same(fitted, fit(method, devices, privacy=1)), "the same keys, the same fit"
    assert not same(fitted, fit(method, devices, privacy=2)), "other noise, other fit"

    for count in (1, 700):
        synthetic = method.sample(jax.random.key(3), fitted, count)
        arrays.check(SCHEMA, synthetic)
        assert arrays.num_devices(synthetic) == count
    again = method.sample(jax.random.key(3), fitted, 700)
    assert same(synthetic, again)
    assert all(isinstance(v, (int, float, str)) for v in method.facts.values())


@pytest.mark.parametrize("name", SMALL)
def test_a_config_is_frozen(name):
    config = registry.method(name).Config()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.anything = None


@pytest.mark.parametrize("name", SMALL)
def test_an_empty_fleet_stops_nothing(name):
    method = make(name)
    fitted = fit(method, make_devices(0, seed=0), privacy=1)
    arrays.check(SCHEMA, method.sample(jax.random.key(3), fitted, 50))
