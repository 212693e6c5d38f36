import jax
import numpy as np

from teledp_jax import keys


def data(pair):
    return [np.asarray(jax.random.key_data(key)).tolist() for key in pair]


def test_a_seed_repeats_and_each_stream_has_keys_of_its_own():
    one = data(keys.from_seed(7, stream="count"))
    assert one == data(keys.from_seed(7, stream="count"))
    assert one != data(keys.from_seed(8, stream="count"))
    assert one != data(keys.from_seed(7, stream="pe"))
    assert one[0] != one[1]


def test_what_is_drawn_is_never_the_same_and_can_be_restored():
    first, second = keys.draw(), keys.draw()
    assert len({*first, *second}) == 4
    assert data(keys.restore(first)) == data(keys.restore(first))
    words = [np.frombuffer(bytes.fromhex(text), np.uint32).tolist() for text in first]
    assert data(keys.restore(first)) == words


def test_streams_of_a_fit_differ():
    streams = keys.split(jax.random.key(0), jax.random.key(1))
    assert len({tuple(part) for part in data(streams)}) == 4


def test_a_position_has_its_number_whatever_the_shard():
    key = jax.random.key(3)
    whole = keys.uniforms(key, 20)
    for first in range(9):  # a counter gives four numbers: begin at each of them
        parts = [keys.uniforms(key, first), keys.uniforms(key, 20 - first, first=first)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert len(set(whole)) == 20 and 0 <= whole.min() and whole.max() < 1
