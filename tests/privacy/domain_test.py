import functools

import jax
import numpy as np
import pytest

from teledp_jax import errors
from teledp_jax.data import values as values_lib
from teledp_jax.privacy import accounting, domain, learnt_domain, quantiles
from tests import toys

HOURS = toys.number("hours", 0.1, 10000, scale="log", has_zero=True)
CORES = toys.whole("cores", 1, 9)
QUESTIONS = domain.Questions(
    numbers={"use.hours": HOURS, "devices.cores": CORES},
    vocabularies={"apps.name": ("Other",), "devices.vendor": ()},
    presences=("use",),
    max_texts=2,
)


@functools.lru_cache
def mechanism(share: float = 0.2) -> domain.Mechanism:
    return domain.calibrate(QUESTIONS, epsilon=4.0, delta=1e-5, share=share)


def values(count: int) -> values_lib.Values:
    """Devices with log-normal hours, a vendor, a common app and one of their own."""
    generator = np.random.default_rng(0)
    device = np.repeat(np.arange(count), 3)
    own = np.arange(count) + 2
    return values_lib.Values(
        numbers={
            "use.hours": np.exp(generator.normal(2.0, 1.0, count)),
            "devices.cores": generator.choice([2.0, 4.0, 8.0], count),
        },
        device=device,
        vocabulary=np.tile([0, 0, 1], count),
        text=np.stack([0 * own, own, 0 * own + 1], axis=1).ravel(),
        rank=generator.integers(0, 1 << 63, 3 * count, np.uint64),
        texts=["common.exe", "Acme", *(f"own{i}.exe" for i in range(count))],
        presences={"use": count},
    )


def estimate(found: values_lib.Values, noise: int = 1) -> learnt_domain.Domain:
    return domain.estimate(
        jax.random.key(noise),
        QUESTIONS,
        mechanism(),
        found,
        context=toys.context(),
    )


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_all_answers_cost_their_share(share):
    epsilon = accounting.epsilon_pld(mechanism(share).event, share * 1e-5)
    assert 0.97 * share * 4.0 < epsilon <= share * 4.0


def test_bins_hold_about_as_many_devices_each():
    found = estimate(values(20_000))
    edges = found.edges["use.hours"]
    assert edges[0] == pytest.approx(0.1) and edges[-1] == pytest.approx(10000.0)
    shares = np.histogram(values(20_000).numbers["use.hours"], edges)[0] / 20_000
    even = {float(edge) for edge in np.geomspace(0.1, 10000.0, 9)}
    assert len(shares) == 16 + 7  # even edges in between stand in the grid as well
    learnt = [e for e in edges if min(abs(np.log(e / x)) for x in even) > 1e-9]
    levels = (
        np.searchsorted(np.sort(values(20_000).numbers["use.hours"]), learnt) / 20_000
    )
    assert np.all(np.abs(levels - np.arange(1, 16) / 16) < 0.02)
    assert set(found.edges["devices.cores"]) <= set(range(1, 10))


def test_common_texts_show_and_those_of_one_device_do_not():
    found = estimate(values(3000)).vocabularies
    assert found == {"apps.name": ("common.exe",), "devices.vendor": ("Acme",)}


def test_a_device_changes_nothing_but_through_noise():
    # Under equal noise an extreme device with texts and a table of its own shows
    # nowhere: the bounds are public, and its texts stay below the threshold.
    before = values(2000)
    after = before._replace(
        numbers={name: np.append(own, 1e12) for name, own in before.numbers.items()},
        device=np.append(before.device, [2000, 2000]),
        vocabulary=np.append(before.vocabulary, [0, 1]),
        text=np.append(before.text, [2002, 2003]),
        rank=np.append(before.rank, np.array([0, 1], np.uint64)),
        texts=[*before.texts, "secret.exe", "Secret Ltd"],
        presences={"use": 2001},
    )
    first, second = estimate(before), estimate(after)
    assert first.vocabularies == second.vocabularies
    for name, edges in second.edges.items():
        column = QUESTIONS.numbers[name]
        assert set(edges) <= set(quantiles.grid(column))
        assert edges[-1] == first.edges[name][-1]
    assert abs(second.presences["use"] - first.presences["use"]) <= 1


def test_other_noise_gives_another_domain():
    assert estimate(values(500), 1).edges != estimate(values(500), 2).edges


def test_an_empty_fleet_has_a_domain():
    none = np.zeros(0, int)
    nothing = values_lib.Values(
        numbers={name: np.zeros(0) for name in QUESTIONS.numbers},
        device=none,
        vocabulary=none,
        text=none,
        rank=none.astype(np.uint64),
        texts=[],
        presences={"use": 0},
    )
    found = estimate(nothing)
    assert found.vocabularies == {"apps.name": (), "devices.vendor": ()}
    assert found.open == {"apps.name"}
    assert all(len(edges) >= 2 for edges in found.edges.values())


def test_even_bins_are_places_where_an_edge_may_lie():
    found = estimate(values(50)).edges
    for name, column in QUESTIONS.numbers.items():
        assert set(found[name]) <= set(quantiles.grid(column).tolist())
    assert len(found["use.hours"]) > 8


def test_a_share_that_is_none_is_refused():
    with pytest.raises(errors.InputError, match="expected a share"):
        mechanism(1.0)
