import itertools

import jax.numpy as jnp
import numpy as np

from teledp_jax.dpsgd.models import relational_layout
from tests import toys

SCHEMA = toys.schema(
    toys.anchor("info", toys.category("os", "a", "b")),
    toys.entity(
        "apps",
        toys.category("app", "x", "y"),
        toys.whole("n", *range(9), has_zero=True),
        rows=2,
        by="n",
    ),
)
LAYOUT = relational_layout.layout(SCHEMA)


def test_a_record_is_the_anchor_the_number_of_rows_and_the_rows():
    own, (apps,) = LAYOUT.device, LAYOUT.tables
    # os, rows of apps | app and n, twice
    assert LAYOUT.num_heads == 6
    assert [(v.column, v.head, v.num_codes) for v in own.variables] == [
        (0, 0, 3),
        (-1, 1, 3),
    ]
    assert [(v.column, v.head, v.num_codes) for v in apps.variables] == [
        (0, 2, 3),
        (1, 3, 10),
    ]
    assert (apps.rows, apps.owner) == (2, 1)


def test_long_ordered_domains_are_smooth_and_others_are_not():
    app, n = LAYOUT.tables[0].variables
    assert (app.is_smooth, n.is_smooth) == (False, True)
    assert n.first == 2  # absent and zero come before the bins
    sizes = {block.is_smooth: block.size for block in LAYOUT.tables[0].blocks}
    assert sizes == {False: 8, True: 16}  # filled up to multiples of eight


def test_only_codes_without_order_may_repeat_in_further_rows():
    assert LAYOUT.tables[0].repeated == (0,)
    assert LAYOUT.device.repeated == ()


def test_spans_of_codes_lie_side_by_side_and_cover_all():
    for group in LAYOUT.groups:
        spans = sorted(group.spans, key=lambda span: span.start)
        assert spans[0].start == 0 and spans[-1].stop == group.num_codes
        for one, other in itertools.pairwise(spans):
            assert one.stop == other.start


def test_codes_of_a_table_are_rows_by_variables():
    codes = jnp.array([[1, 2, 1, 5, 2, 7], [2, 0, 0, 0, 0, 0]], jnp.int32)
    found = relational_layout.codes_of(LAYOUT.tables[0], codes)
    np.testing.assert_array_equal(found[0], [[1, 5], [2, 7]])
    np.testing.assert_array_equal(found[1], np.zeros((2, 2)))
    own = relational_layout.codes_of(LAYOUT.device, codes)
    np.testing.assert_array_equal(own[:, 0], [[1, 2], [2, 0]])
