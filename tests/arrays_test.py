"""Devices as codes, on two devices worked by hand."""

import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax.data import array_files
from tests import toys

# Heads: kind, size; rows of `rare`, its size; rows of `apps`, then kind and size of
# each of its three rows.
CODES = np.array(
    [
        [1, 2, 1, 3, 2, 1, 1, 3, 2, 0, 0],
        [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ],
    np.uint8,
)


def made():
    return arrays.unflatten(toys.TRIPLE, CODES)


def test_a_row_of_codes_becomes_rows_of_tables():
    devices = made()
    assert devices["base"].codes.tolist() == [[1, 2], [3, 0]]
    assert devices["base"].offsets.tolist() == [0, 1, 2]
    assert devices["rare"].codes.tolist() == [[3]]
    assert devices["rare"].offsets.tolist() == [0, 1, 1]
    assert devices["apps"].codes.tolist() == [[1, 1], [3, 2]]
    assert devices["apps"].offsets.tolist() == [0, 2, 2]


def test_rows_of_tables_become_a_row_of_codes_again():
    np.testing.assert_array_equal(arrays.flatten(toys.TRIPLE, made()), CODES)


def test_codes_of_rows_that_do_not_exist_are_dropped():
    stray = CODES.copy()
    stray[1, 3] = stray[0, 10] = 2  # of `rare` without a row, of the third app of two
    found = arrays.unflatten(toys.TRIPLE, stray)
    np.testing.assert_array_equal(arrays.flatten(toys.TRIPLE, found), CODES)


def test_what_exists_are_numbers_of_rows_and_values_of_rows():
    yes, no = True, False
    assert arrays.exists(toys.TRIPLE, CODES).tolist() == [
        [yes, yes, yes, yes, yes, yes, yes, yes, yes, no, no],
        [yes, yes, yes, no, yes, no, no, no, no, no, no],
    ]


@pytest.mark.parametrize(
    ("codes", "dtype"),
    [(1, "uint8"), (256, "uint8"), (257, "uint16"), (65536, "uint16")],
)
def test_codes_rest_in_the_smallest_dtype(codes, dtype):
    assert arrays.code_dtype(codes) == np.dtype(dtype)


def test_devices_are_taken_and_joined_by_position():
    devices = made()
    last = arrays.take(devices, np.array([1]))
    again = arrays.concatenate([last, arrays.take(devices, slice(0, 1))])
    np.testing.assert_array_equal(arrays.flatten(toys.TRIPLE, again), CODES[::-1])
    assert arrays.num_devices(again) == 2


def test_rows_know_their_devices():
    apps = arrays.unflatten(toys.TRIPLE, CODES[[1, 0, 1, 0]])["apps"]
    assert arrays.num_rows(apps).tolist() == [0, 2, 0, 2]
    assert arrays.owners(apps).tolist() == [1, 1, 3, 3]
    found = arrays.rows_at(apps, np.array([0, 0, 0, 1]))
    assert found.tolist() == [[0, 0], [1, 1], [0, 0], [3, 2]]


def test_rows_get_places_and_lose_them_again():
    apps = made()["apps"]
    codes, mask = arrays.padded(apps, 3)
    assert codes[0].tolist() == [[1, 1], [3, 2], [0, 0]]
    assert mask.tolist() == [[True, True, False], [False, False, False]]
    again = arrays.from_padded(codes, mask)
    np.testing.assert_array_equal(again.codes, apps.codes)
    np.testing.assert_array_equal(again.offsets, apps.offsets)
    assert arrays.padded(apps, 1).codes.tolist() == [[[1, 1]], [[0, 0]]]


@pytest.mark.parametrize(
    "index", [slice(1, 4), slice(3, 1), slice(None, None, -2), np.array([2, 2, 0])]
)
def test_any_devices_can_be_taken(index):
    codes = toys.codes(toys.TRIPLE, 5)
    taken = arrays.take(arrays.unflatten(toys.TRIPLE, codes), index)
    expected = arrays.unflatten(toys.TRIPLE, codes[index])
    assert toys.same(taken, expected)
    arrays.check(toys.TRIPLE, taken)


def test_a_narrow_schema_keeps_the_first_rows_of_each_device():
    codes = toys.codes(toys.TRIPLE, 30)
    devices = arrays.unflatten(toys.TRIPLE, codes)
    narrow = toys.TRIPLE.narrowed(2)
    found = arrays.narrow(narrow, devices)
    heads = [i for i, head in enumerate(toys.TRIPLE.heads) if head.row < 2]
    expected = np.where(
        np.arange(len(heads)) == 4, np.minimum(codes[:, heads], 2), codes[:, heads]
    )
    assert toys.same(found, arrays.unflatten(narrow, expected))
    arrays.check(toys.TRIPLE, found)
    assert arrays.narrow(toys.TRIPLE, devices)["apps"] is devices["apps"]


def test_bounds_of_the_schema_are_checked():
    arrays.check(toys.TRIPLE, made())
    for name, codes, edges, what in (
        ("rare", np.full((1, 1), 4, np.uint8), [0, 1, 1], "a code is outside"),
        ("base", np.zeros((2, 2), np.uint8), [0, 0, 2], "more than 1 rows"),
        ("base", np.zeros((1, 2), np.uint8), [0, 0, 1], "a row for each device"),
        ("apps", np.zeros((2, 1), np.uint8), [0, 1, 2], "expected"),
        ("apps", np.zeros((3, 2), np.uint8), [0, 1, 2], "expected"),
        ("apps", np.zeros((1, 2), np.uint8), [0, 1], "expected"),
        ("apps", np.zeros((4, 2), np.uint8), [0, 4, 4], "more than 3 rows"),
        ("apps", np.zeros((1, 2), np.uint8), [0, 2, 1], "must rise"),
        ("apps", np.zeros((3, 2), np.uint8), [1, 2, 3], "must rise"),
    ):
        broken = made() | {name: arrays.TableArrays(codes, np.array(edges))}
        with pytest.raises(ValueError, match=what):
            arrays.check(toys.TRIPLE, broken)


def test_a_fleet_is_read_whole_in_ranges_and_in_parts(tmp_path):
    for number in range(2):
        part = arrays.take(made(), slice(number, number + 1))
        array_files.save(tmp_path / f"part-0000{number}", part)
    assert array_files.stored_devices(tmp_path, toys.TRIPLE) == 2
    whole = array_files.load(tmp_path, toys.TRIPLE)
    np.testing.assert_array_equal(arrays.flatten(toys.TRIPLE, whole), CODES)
    second = array_files.load_range(tmp_path, toys.TRIPLE, 1, 9)
    np.testing.assert_array_equal(arrays.flatten(toys.TRIPLE, second), CODES[1:])
    none = array_files.load_range(tmp_path, toys.TRIPLE, 5, 9)
    assert arrays.num_devices(none) == 0
