"""The distance of each vote."""

import jax
import numpy as np

from teledp_jax.pe import distances, embedding


def by_step(schema, **options):
    stated = {"kind": "balanced", "focus": 1.0, "features": None}
    return distances.by_step(jax.random.key(0), schema, **{**stated, **options})


def test_a_balanced_distance_is_the_same_in_every_step(schema):
    distance = by_step(schema)
    expected = embedding.make(schema, embedding.head_weights(schema))
    for step in (0, 3):
        np.testing.assert_array_equal(distance(step).caps, expected.caps)


def test_a_uniform_distance_weighs_every_column_alike(schema):
    assert len(set(by_step(schema, kind="uniform")(0).caps.tolist())) == 1


def test_a_focus_is_drawn_anew_for_each_step_by_the_key(schema):
    caps = [by_step(schema, focus=0.5)(step).caps.tolist() for step in (0, 1, 0)]
    assert caps[0] == caps[2] != caps[1]


def test_a_workload_takes_its_queries_in_turn(schema):
    features = (("base/kind",), ("rare/rows",))
    distance = by_step(schema, kind="workload", features=features)
    caps = [distance(step).caps for step in range(4)]
    np.testing.assert_array_equal(caps[0], caps[2])
    heaviest = {int(np.argmax(own)) for own in caps}
    names = [f"{h.table}/{h.column.name if h.column else 'rows'}" for h in schema.heads]
    assert {names[index] for index in heaviest} == {"base/kind", "rare/rows"}
