"""Vocabularies by partition selection."""

import jax
import numpy as np

from teledp_jax import base
from teledp_jax.data import values as values_lib
from teledp_jax.privacy import mechanisms, texts


def make_values(device, vocabulary, text, names, rank=None):
    device = np.asarray(device)
    rank = np.arange(len(device)) if rank is None else rank
    return values_lib.Values(
        numbers={},
        device=device,
        vocabulary=np.asarray(vocabulary),
        text=np.asarray(text),
        rank=np.asarray(rank, np.uint64),
        texts=list(names),
        presences={},
    )


def test_a_device_brings_few_texts_over_all_vocabularies_together():
    device, vocabulary = np.repeat(np.arange(200), 3), np.tile([0, 0, 1], 200)
    rank = np.random.default_rng(0).permutation(600)
    found = make_values(device, vocabulary, np.tile([0, 1, 2], 200), "abc", rank)
    kept = texts.bound(found, max_texts=2)
    assert np.bincount(found.device[kept]).tolist() == [2] * 200
    last = np.argmax(found.rank.reshape(200, 3), axis=1) + 3 * np.arange(200)
    assert not set(kept.tolist()) & set(last.tolist())


def test_a_text_that_a_device_has_twice_counts_once():
    found = make_values([0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0], "a")
    assert texts.bound(found, max_texts=8).tolist() == [0, 2, 3]


def test_texts_of_many_devices_show_the_most_common_first():
    device = np.arange(3000)
    text = np.where(device < 2000, 1, np.where(device < 2999, 0, 2))
    found = make_values(device, 0 * device, text, ["some", "most", "own"])
    context = base.Context(
        base.MemoryStore(), lambda *args: None, mechanisms.seeded_integer_noise
    )

    def select(max_size):
        return texts.select(
            jax.random.key(0),
            ["apps"],
            found,
            max_texts=1,
            max_size=max_size,
            sigma=5.0,
            least=100,
            context=context,
        )

    assert select(10) == {"apps": ("most", "some")}
    assert select(1) == {"apps": ("most",)}
