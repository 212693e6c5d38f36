import dataclasses

import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, errors
from teledp_jax.dpsgd import gaussian
from teledp_jax.methods import dpsgd_vae
from teledp_jax.privacy import accounting, events
from tests import toys

SCHEMA = toys.schema(
    toys.anchor("info", toys.category("a", "x", "y"), toys.category("b", "x", "y")),
    toys.entity(
        "errors", toys.whole("n", *range(1, 10), has_zero=True), rows=2, by="n"
    ),
)
BUDGET = toys.budget(4.0, num_devices=3000)
NOISY = toys.budget(1.0, num_devices=3000)  # calibrated in a third of the time
CONFIG = dpsgd_vae.Config(
    hidden=(8,), latent=2, sampling_prob=0.1, num_epochs=3, micro_batch=128
)


def devices(num_devices=3000):
    rng = np.random.default_rng(0)
    first = rng.integers(1, 3, num_devices)
    second = np.where(rng.random(num_devices) < 0.9, first, 3 - first)
    rows = np.where(rng.random(num_devices) < 0.2, 2, 0)
    values = rng.integers(2, 5, (num_devices, 2))
    return arrays.unflatten(SCHEMA, np.column_stack([first, second, rows, values]))


@pytest.fixture(scope="module")
def synthesizer():
    return dpsgd_vae.make(CONFIG, SCHEMA, BUDGET)


@pytest.fixture(scope="module")
def fitted(synthesizer):
    return synthesizer.fit(toys.KEYS, devices(), toys.context())


def test_the_event_fills_the_budget(synthesizer):
    epsilon = accounting.epsilon_pld(synthesizer.event, 1e-5)
    assert 3.98 < epsilon <= 4.0


def test_the_event_says_how_far_noise_may_be_from_a_gaussian(synthesizer):
    size, steps = (synthesizer.facts[k] for k in ("num_parameters", "num_steps"))
    missing = gaussian.failure_probability(size, steps)
    assert synthesizer.event.events[-1] == events.InexactNoiseDpEvent(missing)


def test_the_marginals_take_their_share():
    for share, number in ((0.0, 1), (0.3, 2)):
        parts = dpsgd_vae._parts(dpsgd_vae.Config(marginal_share=share), SCHEMA, 1)
        assert len(parts) == number
    (sigma,) = parts[0].noise(2.0)
    np.testing.assert_allclose(sigma, 2.0 * (len(SCHEMA.heads) / 0.3) ** 0.5)


def test_samples_keep_the_schema_and_the_marginals(synthesizer, fitted):
    drawn = synthesizer.sample(jax.random.key(5), fitted, 5000)
    arrays.check(SCHEMA, drawn)
    assert arrays.num_devices(drawn) == 5000
    num_rows = arrays.num_rows(drawn["errors"])
    assert abs((num_rows > 0).mean() - 0.2) < 0.04
    assert (num_rows == 1).mean() < 0.03


def test_a_killed_fit_resumes_to_the_same_result(synthesizer, fitted):
    class Killed(Exception):
        pass

    def progress(done, total, facts):
        raise Killed

    store = base.MemoryStore()
    with pytest.raises(Killed):
        synthesizer.fit(toys.KEYS, devices(), toys.context(store, progress=progress))
    again = synthesizer.fit(toys.KEYS, devices(), toys.context(store))
    assert toys.same(again, fitted)


def test_a_new_noise_key_gives_a_new_fit(synthesizer, fitted):
    other = toys.KEYS._replace(noise=jax.random.key(7))
    assert not toys.same(synthesizer.fit(other, devices(), toys.context()), fitted)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latent", 0),
        ("sampling_prob", 0.0),
        ("sampling_prob", 1.5),
        ("marginal_share", 1.0),
        ("clipping_path", "ghost"),
        ("hidden", (0,)),
        ("l2_clip_norm", float("nan")),
    ],
)
def test_a_bad_setting_is_named(field, value):
    with pytest.raises(errors.InputError, match=field):
        dpsgd_vae.Config(**{field: value})


def test_tables_left_out_are_neither_read_nor_filled():
    config = dataclasses.replace(CONFIG, leave_out=("errors",))
    method = dpsgd_vae.make(config, SCHEMA, NOISY)
    marginals, *_ = method.event.events
    assert marginals.count == 2  # only the anchor's columns
    fleet = devices(500)
    none = arrays.TableArrays(fleet["errors"].codes[:0], np.zeros(501, np.int64))
    fits = [
        method.fit(toys.KEYS, each, toys.context())
        for each in (fleet, fleet | {"errors": none})
    ]
    assert toys.same(*fits)
    synthetic = method.sample(jax.random.key(3), fits[0], 50)
    arrays.check(SCHEMA, synthetic)
    assert not len(synthetic["errors"].codes)
    with pytest.raises(errors.InputError, match=r"leave_out: .* got \['info'\]"):
        dpsgd_vae.make(dataclasses.replace(CONFIG, leave_out=("info",)), SCHEMA, BUDGET)
