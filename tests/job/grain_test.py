import dataclasses

import numpy as np

from teledp_jax import arrays, schemas
from teledp_jax.job import grain
from tests import toys

NAME = toys.category("name", "a", "b", "c", "other", other="other")
SCHEMA = toys.schema(
    toys.anchor("base", toys.KIND),
    toys.entity("apps", NAME, toys.SIZE, rows=3, by="size", unique=("name",)),
)
APPS = SCHEMA.table("apps")


def devices(*names: list[int]) -> arrays.DeviceArrays:
    """Devices with rows of these codes of `name`; the size tells rows apart."""
    codes, mask = (
        np.zeros((len(names), 3, 2), np.uint8),
        np.zeros((len(names), 3), bool),
    )
    size = iter(range(1000))
    for device, own in enumerate(names):
        for row, name in enumerate(own):
            codes[device, row] = name, next(size) % 4
            mask[device, row] = True
    base = arrays.from_padded(
        np.ones((len(names), 1, 1), np.uint8), np.ones((len(names), 1), bool)
    )
    return {"base": base, "apps": arrays.from_padded(codes, mask)}


def held(given: arrays.DeviceArrays, seed: int = 0) -> arrays.TableArrays:
    made = grain.held(SCHEMA, given, np.random.default_rng(seed))
    arrays.check(SCHEMA, made)
    return made["apps"]


def rows(table: arrays.TableArrays) -> list[tuple[int, ...]]:
    return sorted(map(tuple, table.codes.tolist()))


def repeats(table: arrays.TableArrays) -> np.ndarray:
    return grain.repeats(APPS, table.codes, arrays.owners(table), [0])


def test_rows_that_repeat_a_key_change_places_and_no_count_changes():
    given = devices([1, 1], [2, 2], [3, 1], [2], [3, 3, 1])
    made = held(given)
    assert not repeats(made).any()
    assert rows(made) == rows(given["apps"])
    assert (made.offsets == given["apps"].offsets).all()


def test_what_no_exchange_can_mend_is_dropped():
    made = held(devices([1, 1, 1], [1, 1]))
    assert made.codes[:, 0].tolist() == [1, 1]
    assert arrays.num_rows(made).tolist() == [1, 1]


def test_what_stands_for_other_texts_may_come_again():
    given = devices([4, 4, 4], [1, 2])
    made = held(given)
    assert np.array_equal(made.codes, given["apps"].codes)


def test_a_table_of_random_rows_keeps_its_counts():
    given = toys.devices(SCHEMA, 2000)
    made = held(given)
    assert repeats(given["apps"]).sum() > 300
    assert not repeats(made).any()
    assert len(rows(made)) > 0.99 * len(rows(given["apps"]))


def test_a_table_without_a_key_stays_as_it_is():
    given = toys.devices(toys.TRIPLE, 10)
    made = grain.held(toys.TRIPLE, given, np.random.default_rng(0))
    assert made["apps"] is given["apps"]


def test_a_value_that_is_never_absent_is_drawn_from_other_rows():
    size = dataclasses.replace(toys.SIZE, may_be_absent=False)
    schema = toys.schema(toys.anchor("base", toys.KIND, size), toys.group("rare", size))
    given = toys.devices(schema, 200)
    made = grain.held(schema, given, np.random.default_rng(0))
    for name in ("base", "rare"):
        was, now = given[name], made[name]
        own = now.codes[:, -1]
        lacked = was.codes[:, -1] == schemas.ABSENT
        assert lacked.any()
        assert (own > schemas.ABSENT).all()
        assert (own[~lacked] == was.codes[~lacked, -1]).all()
    assert np.array_equal(made["base"].codes[..., 0], given["base"].codes[..., 0])
    assert (given["base"].codes[..., 0] == schemas.ABSENT).any()


def test_where_no_row_has_a_value_any_will_do():
    size = dataclasses.replace(toys.SIZE, may_be_absent=False)
    schema = toys.schema(toys.anchor("base", size))
    rows = arrays.from_padded(np.zeros((50, 1, 1), np.uint8), np.ones((50, 1), bool))
    made = grain.held(schema, {"base": rows}, np.random.default_rng(0))["base"]
    assert set(made.codes.ravel().tolist()) == set(range(1, size.num_codes))
