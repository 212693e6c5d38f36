"""Vocabularies by partition selection."""

import jax
import numpy as np
import pytest

from teledp_jax.data import values as values_lib
from teledp_jax.privacy import texts
from tests import toys

SIGMA, FAILURE, MOST = 4.2 * texts.GRID, 1e-6, 256


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


def select(found, *, names=("apps",), max_texts=1, max_size=10, noise=None, least=100):
    context = toys.context() if noise is None else toys.context(noise=noise)
    return texts.select(
        jax.random.key(0),
        names,
        found,
        max_texts=max_texts,
        max_size=max_size,
        sigma=5.0 * texts.GRID,
        least=least * texts.GRID,
        context=context,
    )


def test_texts_of_many_devices_show_the_most_common_first():
    device = np.arange(3000)
    text = np.where(device < 2000, 1, np.where(device < 2999, 0, 2))
    found = make_values(device, 0 * device, text, ["some", "most", "own"])
    assert select(found) == {"apps": ("most", "some")}
    assert select(found, max_size=1) == {"apps": ("most",)}


def test_a_device_adds_less_to_each_the_more_texts_it_has():
    # 1024 steps over the root of 1, 2, 3, 4 and 9, rounded down.
    assert texts.weights(9)[[0, 1, 2, 3, 4, 9]].tolist() == [
        0,
        1024,
        724,
        591,
        512,
        341,
    ]
    number = np.arange(1, 10_001)
    norm = number * texts.weights(10_000)[1:] ** 2
    assert norm.max() <= texts.GRID**2 and texts.weights(10_000)[-1] > 0


@pytest.mark.parametrize("own", [1, 3, 256, 20_000])
def test_a_device_of_any_number_of_names_adds_a_vector_of_norm_one(own):
    names = [f"own{number}" for number in range(own)]
    found = make_values(np.zeros(own, int), np.arange(own) % 2, np.arange(own), names)
    seen = []

    def noise(key, exact, sigma):
        seen.append(exact)
        return exact

    shown = select(found, names=("apps", "vendors"), max_texts=MOST, noise=noise)
    assert shown == {"apps": (), "vendors": ()}
    (exact,) = seen
    assert len(exact) == min(own, MOST)
    norm = np.sum(exact**2) ** 0.5
    assert 0.97 * texts.GRID < norm <= texts.GRID


def tail(sigma: float, reach: float) -> float:
    """P(X >= reach) of the discrete Gaussian, summed exactly."""
    support = np.arange(-int(12 * sigma), int(12 * sigma) + 1)
    mass = np.exp(-(support**2) / (2 * sigma**2))
    return mass[support >= reach].sum() / mass.sum()


def test_names_that_only_one_device_has_show_with_at_most_the_stated_chance():
    # Exactly, for every number of names; a device of 20,000 brings the last number.
    least = texts.threshold(SIGMA, max_texts=MOST, failure=FAILURE)
    chances = [
        -np.expm1(number * np.log1p(-tail(SIGMA, least - weight)))
        for number, weight in enumerate(texts.weights(MOST)[1:].tolist(), start=1)
    ]
    assert 0.5 * FAILURE < max(chances) <= FAILURE


def test_neighbours_differ_by_noise_alone():
    # The same noise on what both fleets have, none on what one device has: what shows
    # is the same unless a sum crosses the threshold, and sums differ by norm 1.
    device = np.repeat(np.arange(300), 2)
    text = np.tile([0, 1], 300)
    before = make_values(device, 0 * device, text, ["a", "b", *"cdefgh"])
    own = np.arange(8)
    after = make_values(
        np.append(device, np.full(8, 300)), 0 * np.arange(608), np.append(text, own),
        ["a", "b", *"cdefgh"],
    )  # fmt: skip
    seen = []

    def noise(key, exact, sigma):
        seen.append(exact)
        return exact

    first, second = (
        select(found, max_texts=8, noise=noise, least=100) for found in (before, after)
    )
    assert first == second == {"apps": ("a", "b")}
    change = seen[1] - np.append(seen[0], np.zeros(6, int))
    assert change.tolist() == [362] * 8 and np.sum(change**2) <= texts.GRID**2
