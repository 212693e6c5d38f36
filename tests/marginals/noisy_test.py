"""Marginals under noise: what is counted, what is saved, and what processes add up."""

import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import (
    chosen_pairs,
    independent,
    measure,
    noisy,
    relation,
    rows,
)

STREAMS = keys.split(jax.random.key(0), jax.random.key(1))
KIND = schemas.Column(name="kind", kind="category", categories=("a", "b"))
SIZE = schemas.Column(name="size", kind="double", edges=(0.0, 1.0, 2.0))
SCHEMA = schemas.Schema(
    suite="tiny",
    device="guid",
    tables=(
        schemas.Table(name="base", role="anchor", grain="g", columns=(KIND,)),
        schemas.Table(
            name="apps",
            role="entity",
            grain="app",
            columns=(KIND, SIZE),
            max_rows=2,
            cap_by="size",
        ),
    ),
)


def without_noise(key, values, sigma):
    """A sampler of noise that is always zero."""
    return values


def make_context(noise=without_noise, **part):
    return base.Context(
        base.MemoryStore(), lambda *args: None, noise, base.Part(**part)
    )


@pytest.fixture(scope="module")
def devices():
    # kind of the device; number of apps; (kind, size) twice.
    codes = np.array([[1, 0, 0, 0, 0, 0], [2, 2, 1, 2, 1, 1], [2, 1, 2, 1, 0, 0]] * 7)
    return arrays.unflatten(SCHEMA, codes)


def test_pooled_counts_come_in_the_order_of_their_vectors(devices):
    counts = noisy.pooled_counts(STREAMS, SCHEMA, devices, make_context(), sigma=1.0)
    exact = measure.pooled_counts(STREAMS.batch, SCHEMA, devices)
    for found, expected in zip(counts, exact, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert counts[0].tolist() == [0, 7, 14]  # absent, a, b
    assert counts[1].tolist() == [7, 7, 7]  # no app, one, two


def test_counts_add_up_over_processes(devices):
    alone = noisy.pooled_counts(STREAMS, SCHEMA, devices, make_context(), sigma=1.0)
    both = noisy.pooled_counts(
        STREAMS, SCHEMA, devices, make_context(total=lambda own: 2 * own), sigma=1.0
    )
    for one, two in zip(alone, both, strict=True):
        np.testing.assert_array_equal(2 * one, two)


def test_the_model_is_that_of_the_noisy_counts(devices):
    model = noisy.one_way_model(STREAMS, SCHEMA, devices, make_context(), sigma=0.1)
    counts = noisy.pooled_counts(STREAMS, SCHEMA, devices, make_context(), sigma=0.1)
    expected = independent.estimate(SCHEMA, counts, sigma=0.1)
    jax.tree.map(np.testing.assert_array_equal, model, expected)


def test_repeats_are_counted_with_the_vectors(devices):
    counts, repeats = noisy.pooled_and_repeat_counts(
        STREAMS.noise, STREAMS.batch, SCHEMA, devices, make_context(), sigma=1.0
    )
    assert len(counts) == len(measure.pooled_vectors(SCHEMA))
    assert rows.repeatable(SCHEMA) == (("apps", 0),)
    assert repeats.tolist() == [7]  # the second device has kind a in both rows


def test_heads_are_counted_over_existing_rows(devices):
    counts = noisy.head_counts(
        STREAMS.noise, SCHEMA, devices, make_context(), sigma=1.0
    )
    assert len(counts) == len(SCHEMA.heads)
    assert counts[0].tolist() == [0, 7, 14]
    assert sum(own.sum() for own in counts[2:4]) == 2 * 14  # first rows of two columns


def test_chosen_pairs_are_measured_in_merged_codes():
    records = np.array([[0, 1, 2], [0, 1, 0], [1, 0, 2]], np.int32)
    both = chosen_pairs.measured_pairs(
        "round0",
        STREAMS.noise,
        [2, 2, 3],
        records,
        [(0, 1), (1, 2)],
        make_context(),
        sigma=4.0,
    )
    assert [own.clique for own in both] == [(0, 1), (1, 2)]
    assert both[0].values.tolist() == [0, 2, 1, 0]
    assert both[1].stddev.tolist() == [4.0] * 6


def test_attributes_are_those_of_one_record_per_device(devices):
    context = make_context()
    records = relation.records(STREAMS.batch, SCHEMA, devices)
    counts = noisy.attribute_counts(
        "single", STREAMS, SCHEMA, records, context, sigma=1.0
    )
    sizes = [own.num_codes for own in relation.attributes(SCHEMA)]
    assert [len(own) for own in counts] == sizes
    assert all(own.sum() == 21 for own in counts)
    assert context.store.load("single") is not None


def test_chosen_pairs_are_saved_before_they_are_used():
    context = make_context()
    chosen = chosen_pairs.pairs_once("pairs", lambda: [(0, 2), (1, 2)], context)
    assert chosen == [(0, 2), (1, 2)]

    def never():
        raise AssertionError("chosen a second time")

    assert chosen_pairs.pairs_once("pairs", never, context) == chosen
    assert chosen_pairs.pairs_once("none", lambda: [], context) == []


def test_the_row_that_speaks_for_a_device_is_drawn_by_a_secret_key(devices):
    def counts(**streams):
        found = noisy.pooled_counts(
            STREAMS._replace(**streams), SCHEMA, devices, make_context(), sigma=1.0
        )
        return np.concatenate(found).tolist()

    other = jax.random.key(7)
    assert counts(init=other, sample=other) == counts()
    assert counts(batch=other) != counts()
