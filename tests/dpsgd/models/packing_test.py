import jax
import jax.numpy as jnp
import numpy as np

from teledp_jax.dpsgd.models import packing

ROWS = np.array([[2, 0], [0, 1], [3, 1], [1, 0], [3, 1]], np.int32)


def pack():
    return packing.pack_all(jnp.asarray(ROWS), max_rows=(3, 1), num_slots=(11, 3))


def test_rows_of_a_device_lie_side_by_side_in_each_table():
    tall, flat = pack()
    assert tall.owner.tolist() == [0, 0, 2, 2, 2, 3, 4, 4, 4, 5, 5]
    assert tall.row.tolist() == [0, 1, 0, 1, 2, 0, 0, 1, 2, 0, 0]
    assert flat.owner.tolist() == [1, 2, 4]
    assert flat.num_devices == 5


def test_rows_beyond_the_slots_get_none():
    packed = packing.pack(jnp.asarray(ROWS[:, 0]), max_rows=3, num_slots=4)
    assert packed.owner.tolist() == [0, 0, 2, 2]
    assert packed.row.tolist() == [0, 1, 0, 1]


def test_running_sums_are_those_of_numpy():
    numbers = np.random.default_rng(0).integers(0, 20, (1000, 3)).astype(np.int32)
    found = packing.running_sums(jnp.asarray(numbers))
    np.testing.assert_array_equal(found, numbers.cumsum(0))


def test_sums_before_a_row_are_those_of_its_device():
    tall, _ = pack()
    values = np.random.default_rng(0).integers(-5, 5, (11, 2)).astype(np.float32)
    found = np.asarray(packing.before(tall, jnp.asarray(values)))
    owner = np.asarray(tall.owner)
    for slot in range(9):
        earlier = values[:slot][owner[:slot] == owner[slot]]
        np.testing.assert_array_equal(found[slot], earlier.sum(0))


def test_another_device_that_is_not_finite_stays_out_of_totals():
    tall, flat = pack()
    values = np.ones(11, np.float32)
    values[2:5] = np.inf
    found = packing.total([tall, flat], [jnp.asarray(values), jnp.full(3, 10.0)])
    np.testing.assert_array_equal(found, [2, 10, np.inf, 1, 13])


def test_the_last_row_of_a_device_is_zero_where_there_is_none():
    tall, _ = pack()
    values = jnp.arange(1.0, 12.0, dtype=jnp.float32)[:, None]
    found = jax.jit(lambda v: packing.last(tall, v))(values)
    assert found[:, 0].tolist() == [2, 0, 5, 6, 9]
