import numpy as np

from teledp_jax import arrays
from teledp_jax.pe import traits
from tests import toys

# Device 0 has the anchor only; device 1 has apps a, a and b of sizes 3, 1 and 2.
DEVICES = {
    "base": arrays.TableArrays(
        np.array([[1, 2], [2, 3]], np.uint8), arrays.edges(np.array([1, 1]))
    ),
    "rare": arrays.TableArrays(
        np.array([[3]], np.uint8), arrays.edges(np.array([0, 1]))
    ),
    "apps": arrays.TableArrays(
        np.array([[1, 3], [1, 1], [2, 2]], np.uint8), arrays.edges(np.array([0, 3]))
    ),
}


def codes_of(known: tuple[traits.Trait, ...], **fields) -> list[int]:
    """Codes of both devices in the one trait that has these fields."""
    (found,) = (
        trait
        for trait in known
        if all(getattr(trait, name) == value for name, value in fields.items())
    )
    return traits.read((found,), DEVICES)[:, 0].tolist()


def test_each_trait_reads_what_its_device_holds():
    known = traits.catalogue(toys.TRIPLE, DEVICES)
    asked = {"table": "base", "column": 1}
    assert codes_of(known, **asked) == [2, 3]
    assert codes_of(known, table="rare", kind="rows") == [0, 1]
    # A device that lacks the table has code 0; other codes are one higher.
    assert codes_of(known, table="rare", column=0) == [0, 4]
    assert codes_of(known, table="apps", kind="rows") == [0, 2]  # two or three rows
    assert codes_of(known, table="apps", kind="first") == [0, 2]
    size = {"table": "apps", "kind": "largest", "column": 1}
    assert codes_of(known, **size, item_column=-1) == [0, 4]
    of_kind = {"table": "apps", "item_column": 0}
    assert codes_of(known, **of_kind, kind="count", item=1) == [0, 2]
    assert codes_of(known, **of_kind, kind="count", item=2) == [0, 1]
    assert codes_of(known, **of_kind, kind="largest", item=2) == [0, 3]


def test_codes_stay_within_the_columns_that_trees_are_told_of():
    devices = toys.devices(toys.TRIPLE, 200)
    known = traits.catalogue(toys.TRIPLE, devices)
    columns = traits.columns_of(known)
    found = traits.read(known, devices)
    assert (found >= 0).all()
    assert (found.max(axis=0) < columns.sizes).all()


def test_a_device_is_read_by_itself():
    devices = toys.devices(toys.TRIPLE, 50)
    known = traits.catalogue(toys.TRIPLE, devices)
    every = traits.read(known, devices)
    for place in (0, 17, 49):
        alone = traits.read(known, arrays.take(devices, np.array([place])))
        np.testing.assert_array_equal(alone[0], every[place])


def test_names_of_variables_find_their_traits():
    known = traits.catalogue(toys.TRIPLE, DEVICES)
    found = traits.named(toys.TRIPLE, known, {"base/kind", "apps/rows"})
    assert [(known[i].table, known[i].kind) for i in found] == [
        ("base", "first"),
        ("apps", "rows"),
    ]
