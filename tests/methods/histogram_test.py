"""Noisy histograms: one noise for all, columns drawn by themselves."""

import dp_accounting
import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import relation
from teledp_jax.methods import histogram
from teledp_jax.privacy import budgets, mechanisms

KIND, TWIN = (
    schemas.Column(name=name, kind="category", categories=("a", "b"))
    for name in ("kind", "twin")
)
SCHEMA = schemas.Schema(
    suite="tiny",
    device="guid",
    tables=(
        schemas.Table(name="base", role="anchor", grain="g", columns=(KIND, TWIN)),
        schemas.Table(name="rare", role="group", grain="g", columns=(KIND,)),
    ),
)
BUDGET = budgets.Budget(
    epsilon=2.0, delta=1e-5, spent=dp_accounting.NoOpDpEvent(), num_devices=2000
)


@pytest.fixture(scope="module")
def made():
    return histogram.make(histogram.Config(), SCHEMA, BUDGET)


def fit(made):
    devices = arrays.unflatten(SCHEMA, np.array([[1, 1, 0, 0], [2, 2, 1, 2]] * 1000))
    context = base.Context(
        base.MemoryStore(), lambda *args: None, mechanisms.seeded_integer_noise
    )
    streams = keys.split(jax.random.key(0), jax.random.key(1))
    return made.fit(streams, devices, context)


def test_every_histogram_gets_the_same_noise_in_one_event(made):
    num_vectors = len(relation.attributes(SCHEMA))
    assert made.event.count == made.facts["num_vectors"] == num_vectors
    assert made.event.event.sigma == made.facts["sigma"]


def test_noisy_counts_below_zero_become_zero(made):
    assert all((counts >= 0).all() for counts in fit(made).values())


def test_columns_are_drawn_by_themselves(made):
    drawn = made.sample(jax.random.key(2), fit(made), 4000)
    codes = arrays.flatten(SCHEMA, drawn)
    assert codes[:, 2].mean() == pytest.approx(0.5, abs=0.05)
    # Equal in the fleet, independent in what is drawn.
    assert (codes[:, 0] == codes[:, 1]).mean() == pytest.approx(0.5, abs=0.05)
