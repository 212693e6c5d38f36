"""Pairs chosen under privacy: of a spanning tree, and round by round."""

import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import (
    adaptive,
    graph,
    model,
    noisy,
    relation,
    spanning,
)

STREAMS = keys.split(jax.random.key(0), jax.random.key(1))
NUM_DEVICES = 4000


def column(name):
    return schemas.Column(name=name, kind="category", categories=("a", "b"))


SCHEMA = schemas.Schema(
    suite="tiny",
    device="guid",
    tables=(
        schemas.Table(
            name="base",
            role="anchor",
            grain="g",
            columns=(column("one"), column("two"), column("other")),
        ),
    ),
)


def make_context():
    return base.Context(
        base.MemoryStore(), lambda *args: None, lambda key, values, sigma: values
    )


@pytest.fixture(scope="module")
def merged_and_records():
    """Columns one and two are equal; the third is independent of both."""
    generator = np.random.default_rng(0)
    one, other = generator.integers(1, 3, (2, NUM_DEVICES))
    devices = arrays.unflatten(SCHEMA, np.stack([one, one, other], axis=1))
    records = relation.records(STREAMS.batch, SCHEMA, devices)
    counts = noisy.attribute_counts(
        "single", STREAMS, SCHEMA, records, make_context(), sigma=1.0
    )
    merged = model.merge_all(SCHEMA, counts, sigma=1.0)
    return merged, graph.merge_records(merged, records)


def test_a_tree_spans_all_attributes_and_holds_the_pair_that_depends(
    merged_and_records,
):
    context = make_context()
    chosen = spanning.choose_pairs(
        STREAMS,
        relation.attributes(SCHEMA),
        *merged_and_records,
        context,
        num_devices=NUM_DEVICES,
        epsilon=5.0,
    )
    assert (0, 1) in chosen
    assert len(chosen) == 2 and {i for pair in chosen for i in pair} == {0, 1, 2}
    assert context.store.load("pairs") is not None


def make_search(merged_and_records, **limits):
    stated = {
        "sigma": 1.0,
        "epsilon_choice": 5.0,
        "num_devices": NUM_DEVICES,
        "max_cells": 100,
        "max_model_mb": 1.0,
    }
    return adaptive.Search(
        SCHEMA, *merged_and_records, adaptive.Limits(**{**stated, **limits})
    )


def test_a_round_chooses_what_the_model_fits_worst(merged_and_records):
    search, context = make_search(merged_and_records), make_context()
    search.fit(10)
    search.choose_and_measure(STREAMS, context, 0, 1)
    assert np.asarray(context.store.load("pairs0")["pairs"]).tolist() == [[0, 1]]
    search.fit(200)
    drawn = graph.draw_merged(
        np.random.default_rng(0),
        [own.num_groups for own in merged_and_records[0]],
        search.steps,
        search.tables,
        1000,
    )
    assert (drawn[:, 0] == drawn[:, 1]).mean() > 0.98


def test_what_cannot_be_afforded_is_not_chosen(merged_and_records):
    search, context = make_search(merged_and_records, max_cells=1), make_context()
    search.fit(10)
    search.choose_and_measure(STREAMS, context, 0, 2)
    assert np.asarray(context.store.load("pairs0")["pairs"]).size == 0
