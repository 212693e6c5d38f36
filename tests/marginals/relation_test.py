import jax
import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax.marginals import mst, relation
from tests import toys

SCHEMA = toys.schema(
    toys.anchor("devices", toys.category("os", "a", "b")),
    toys.group("power", toys.number("watts", 0, 1, 2)),
    toys.entity(
        "crashes",
        toys.category("app", "x", "y"),
        toys.whole("count", 1, 2, 9),
        rows=3,
        by="count",
    ),
)
NAMES = ["devices/0", "power/-1", "power/0", "crashes/-1", "crashes/0", "crashes/1"]


def fleet(num_rows: list[int]) -> arrays.DeviceArrays:
    """Devices with power on even places and the given numbers of crash rows."""
    count = len(num_rows)
    present = np.arange(count) % 2 == 0
    mask = np.arange(3)[None, :] < np.array(num_rows)[:, None]
    rows = np.stack([np.full((count, 3), 2), np.tile([2, 1, 1], (count, 1))], axis=2)
    return {
        "devices": arrays.from_padded(
            np.ones((count, 1, 1), np.uint8), np.ones((count, 1), bool)
        ),
        "power": arrays.from_padded(
            np.where(present, 2, 0).astype(np.uint8)[:, None, None], present[:, None]
        ),
        "crashes": arrays.from_padded(
            np.where(mask[..., None], rows, 0).astype(np.uint8), mask
        ),
    }


def test_the_attributes_of_each_kind_of_table():
    found = relation.attributes(SCHEMA)
    assert [attribute.name for attribute in found] == NAMES
    assert [attribute.num_codes for attribute in found] == [3, 2, 4, 4, 4, 4]
    assert [attribute.no_row for attribute in found] == [-1, 0, 3, 0, 3, 3]
    assert [attribute.is_detail for attribute in found] == [False] * 4 + [True] * 2


def test_a_device_is_one_record_with_a_code_for_tables_that_it_lacks():
    found = relation.records(jax.random.key(0), SCHEMA, fleet([0, 3]))
    assert found[0].tolist() == [1, 1, 2, 0, 3, 3]
    assert found[1, :5].tolist() == [1, 0, 3, 3, 2]
    assert found[1, 5] in (1, 2)


def test_rows_of_a_device_are_drawn_evenly():
    found = relation.records(jax.random.key(0), SCHEMA, fleet([3] * 3000))
    assert np.mean(found[:, 5] == 2) == pytest.approx(1 / 3, abs=0.03)


def test_a_device_changes_one_cell_of_a_marginal_by_one():
    devices = fleet([0, 1, 2, 3, 3])
    counts = [
        np.unique(relation.records(jax.random.key(0), SCHEMA, part), axis=0)
        for part in (devices, arrays.take(devices, slice(0, 4)))
    ]
    assert len(counts[0]) - len(counts[1]) in (0, 1)


def test_drawn_tables_agree_with_themselves():
    generator = np.random.default_rng(0)
    sizes = [attribute.num_codes for attribute in relation.attributes(SCHEMA)]

    def draw(index, records, allowed):
        codes = np.arange(sizes[index]) if allowed is None else allowed
        return generator.choice(codes, len(records))

    for order in (range(6), [2, 3, 1, 0, 5, 4]):
        devices = relation.draw_devices(SCHEMA, list(order), 500, draw)
        arrays.check(SCHEMA, devices)
        assert 0 < len(devices["power"].codes) < 500
        counts = arrays.padded(devices["crashes"], 3).codes[..., 1].astype(int)
        assert (np.diff(counts, axis=1) <= 0).all(), "rows stand in the order of cap_by"


def test_codes_are_drawn_in_the_shares_of_their_contexts():
    shares = np.array([[0.2, 0.8, 0.0], [0.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    context = np.repeat([2, 0, 1], [10, 50, 30])
    found = relation.draw_rows(np.random.default_rng(0), shares, context)
    assert np.bincount(found[10:60], minlength=3).tolist() == [10, 40, 0]
    assert np.bincount(found[:10], minlength=3).tolist() == [0, 5, 5]
    assert np.bincount(found[60:], minlength=3).tolist() == [10, 10, 10]


def test_a_tree_spans_all_attributes_and_hangs_entity_columns_on_devices():
    attributes = relation.attributes(SCHEMA)
    asked = []

    def choose(number, scores):
        asked.append(number)
        return int(np.argmax(scores))

    pairs = mst.grow(attributes, lambda pair: float(sum(pair)), choose)
    assert asked == list(range(mst.num_choices(attributes)))
    assert len(pairs) == len(attributes) - 1
    assert (3, 4) in pairs, "an entity's first column goes with its number of rows"
    once = [pair for pair in pairs if max(pair) < 4]
    assert len(once) == 3, "what a device has once is a tree of its own"
