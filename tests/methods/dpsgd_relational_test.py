import dataclasses

import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, errors
from teledp_jax.methods import dpsgd_relational
from teledp_jax.privacy import accounting
from tests import toys

SCHEMA = toys.schema(
    toys.anchor("info", toys.category("a", "x", "y")),
    toys.entity(
        "errors",
        toys.category("e", "p", "q"),
        toys.whole("n", *range(1, 10), has_zero=True),
        rows=2,
        by="n",
    ),
)
BUDGET = toys.budget(4.0, num_devices=4000)
CONFIG = dpsgd_relational.Config(
    sampling_prob=0.1, num_epochs=6, micro_batch=256, num_samples=2048,
    checkpoint_every=20,
)  # fmt: skip


def devices(num_devices=4000):
    """Errors, 1 or 2 of them, come with x three times as often, and then are high."""
    rng = np.random.default_rng(0)
    a = rng.integers(1, 3, num_devices)
    reports = rng.random(num_devices) < np.where(a == 1, 0.6, 0.2)
    rows = np.where(reports, rng.integers(1, 3, num_devices), 0)
    first = rng.integers(1, 3, num_devices)
    values = rng.integers(2, 5, (num_devices, 2)) + np.where(a == 1, 3, 0)[:, None]
    flat = np.column_stack([a, rows, first, values[:, 0], 3 - first, values[:, 1]])
    return arrays.unflatten(SCHEMA, flat)


@pytest.fixture(scope="module")
def synthesizer():
    return dpsgd_relational.make(CONFIG, SCHEMA, BUDGET)


@pytest.fixture(scope="module")
def fitted(synthesizer):
    return synthesizer.fit(toys.KEYS, devices(), toys.context())


def test_the_event_fills_the_budget(synthesizer):
    epsilon = accounting.epsilon_pld(synthesizer.event, 1e-5)
    assert 3.98 < epsilon <= 4.0


def test_samples_keep_the_schema_and_what_was_learned(synthesizer, fitted):
    drawn = synthesizer.sample(jax.random.key(5), fitted, 20_000)
    arrays.check(SCHEMA, drawn)
    is_x = drawn["info"].codes[:, 0] == 1
    codes, mask = arrays.padded(drawn["errors"], SCHEMA.table("errors").max_rows)
    reports = mask[:, 0]
    assert abs(is_x.mean() - 0.5) < 0.03
    assert abs(reports.mean() - 0.4) < 0.03
    # Normalised gradients exaggerate: the truth is 0.4.
    assert 0.3 < reports[is_x].mean() - reports[~is_x].mean() < 0.7
    values = codes[:, 0, 1]
    assert values[is_x & reports].mean() - values[~is_x & reports].mean() > 2.0
    both = mask[:, 1]
    assert abs(both.mean() - 0.2) < 0.03
    assert (codes[both, 0, 0] == codes[both, 1, 0]).mean() < 0.1


def test_a_tilt_meets_the_queries_and_is_calibrated_with_the_rest(fitted, monkeypatch):
    def questions(asked, like):
        kinds = asked["info"].codes[:, 0].astype(int)
        ones, groups = np.ones((len(kinds), 1)), ((0,), (1,), (2,))
        return [base.Asked("kinds", np.arange(len(kinds)), kinds, groups, ones, ())]

    config = dataclasses.replace(CONFIG, tilt_share=0.3)
    method = dpsgd_relational.make(config, SCHEMA, BUDGET)
    assert 3.98 < accounting.epsilon_pld(method.event, 1e-5) <= 4.0
    # What training gives is known from above; here only what follows it counts.
    trained = dpsgd_relational.relational_fit
    monkeypatch.setattr(trained, "fit", lambda *args, **options: fitted)
    x, y = (np.flatnonzero(devices()["info"].codes[:, 0] == code) for code in (1, 2))
    skewed = arrays.take(devices(), np.r_[np.resize(x, 3200), np.resize(y, 800)])
    context = toys.context()._replace(questions=questions)
    tilted = method.fit(toys.KEYS, skewed, context)
    drawn = method.sample(jax.random.key(5), tilted, 4000)
    arrays.check(SCHEMA, drawn)
    assert abs((drawn["info"].codes[:, 0] == 1).mean() - 0.8) < 0.03
    assert tilted[base.FACTS]["num_statistics"] > 0


def test_a_killed_fit_resumes_to_the_same_result(synthesizer, fitted):
    class Killed(Exception):
        pass

    def progress(done, total, facts):
        if done >= 40:
            raise Killed

    store = base.MemoryStore()
    with pytest.raises(Killed):
        synthesizer.fit(toys.KEYS, devices(), toys.context(store, progress=progress))
    again = synthesizer.fit(toys.KEYS, devices(), toys.context(store))
    assert toys.same(again, fitted)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prior", 0.0),
        ("sampling_prob", 1.5),
        ("marginal_share", 0.0),
        ("averaging", 1.0),
        ("clipping_path", "ghost"),
        ("memory", float("nan")),
    ],
)
def test_a_bad_setting_is_named(field, value):
    with pytest.raises(errors.InputError, match=field):
        dpsgd_relational.Config(**{field: value})


def test_an_anchor_alone_is_modelled():
    schema = toys.schema(*SCHEMA.tables[:1])
    budget = toys.budget(1.0, num_devices=4000)  # calibrated in a third of the time
    made = dpsgd_relational.make(CONFIG, schema, budget)
    alone = {"info": devices()["info"]}
    drawn = made.sample(
        jax.random.key(2), made.fit(toys.KEYS, alone, toys.context()), 4000
    )
    arrays.check(schema, drawn)
    shares = [
        np.bincount(fleet["info"].codes[:, 0], minlength=3) / 4000
        for fleet in (alone, drawn)
    ]
    np.testing.assert_allclose(*shares, atol=0.05)
