import functools

import jax
import numpy as np
import pytest

from teledp_jax import errors, schema
from teledp_jax.privacy import accounting, domain, mechanisms

HOURS = schema.Column(
    name="hours", kind="double", edges=(0.1, 10000.0), scale="log", has_zero=True
)
CORES = schema.Column(name="cores", kind="integer", edges=(1.0, 9.0))
QUESTIONS = domain.Questions(
    numbers={"use.hours": HOURS, "devices.cores": CORES},
    vocabularies=("apps.name", "devices.vendor"),
    presences=("use",),
    max_texts=2,
)


@functools.lru_cache
def mechanism(share: float = 0.2) -> domain.Mechanism:
    return domain.calibrate(QUESTIONS, epsilon=4.0, delta=1e-5, share=share)


def values(count: int) -> domain.Values:
    """Devices with log-normal hours, a vendor, a common app and one of their own."""
    generator = np.random.default_rng(0)
    device = np.repeat(np.arange(count), 3)
    return domain.Values(
        numbers={
            "use.hours": np.exp(generator.normal(2.0, 1.0, count)),
            "devices.cores": generator.choice([2.0, 4.0, 8.0], count),
        },
        device=device,
        vocabulary=np.tile([0, 0, 1], count),
        text=[
            text for i in range(count) for text in ("common.exe", f"own{i}.exe", "Acme")
        ],
        presences={"use": count},
    )


def estimate(found: domain.Values, noise: int = 1) -> domain.Domain:
    return domain.estimate(
        jax.random.key(0),
        jax.random.key(noise),
        QUESTIONS,
        mechanism(),
        found,
        integer_noise=mechanisms.seeded_integer_noise,
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
    assert len(shares) == 16
    assert np.all(np.abs(shares - 1 / 16) < 0.02)
    assert set(found.edges["devices.cores"]) <= set(range(1, 10))


def test_common_texts_show_and_those_of_one_device_do_not():
    found = estimate(values(3000)).vocabularies
    assert found == {"apps.name": ("common.exe",), "devices.vendor": ("Acme",)}


def test_a_device_brings_few_texts_over_all_vocabularies_together():
    found = values(200)
    kept = domain.bound_texts(jax.random.key(0), found, max_texts=2)
    assert np.bincount(found.device[kept]).tolist() == [2] * 200
    twice = found._replace(text=["same"] * 600, vocabulary=np.zeros(600, int))
    kept = domain.bound_texts(jax.random.key(0), twice, max_texts=2)
    assert len(kept) == 200


def test_a_device_changes_a_score_by_at_most_one():
    generator = np.random.default_rng(0)
    places = np.linspace(0, 1, 50)
    for _ in range(50):
        own = generator.random(generator.integers(1, 30))
        change = domain.split_scores(places, own) - domain.split_scores(
            places, own[:-1]
        )
        assert np.abs(change).max() <= 1


def test_a_device_changes_nothing_but_through_noise():
    # Under equal noise an extreme device with texts and a table of its own shows
    # nowhere: the bounds are public, and its texts stay below the threshold.
    before = values(2000)
    after = before._replace(
        numbers={name: np.append(own, 1e12) for name, own in before.numbers.items()},
        device=np.append(before.device, [2000, 2000]),
        vocabulary=np.append(before.vocabulary, [0, 1]),
        text=[*before.text, "secret.exe", "Secret Ltd"],
        presences={"use": 2001},
    )
    first, second = estimate(before), estimate(after)
    assert first.vocabularies == second.vocabularies
    for name, edges in second.edges.items():
        column = QUESTIONS.numbers[name]
        assert set(edges) <= set(domain.grid(column))
        assert edges[-1] == first.edges[name][-1]
    assert abs(second.presences["use"] - first.presences["use"]) <= 1


def test_other_noise_gives_another_domain():
    assert estimate(values(500), 1).edges != estimate(values(500), 2).edges


def test_an_empty_fleet_has_a_domain():
    nothing = domain.Values(
        numbers={name: np.zeros(0) for name in QUESTIONS.numbers},
        device=np.zeros(0, int),
        vocabulary=np.zeros(0, int),
        text=[],
        presences={"use": 0},
    )
    found = estimate(nothing)
    assert found.vocabularies == {"apps.name": (), "devices.vendor": ()}
    assert all(len(edges) >= 2 for edges in found.edges.values())


def test_a_schema_takes_what_was_learnt():
    table = schema.Table(
        name="use",
        role="anchor",
        grain="a device",
        columns=(
            HOURS,
            schema.Column(name="vendor", kind="category", categories=("x",)),
            CORES,
        ),
    )
    stated = schema.Schema(suite="tiny", device="guid", tables=(table,))
    learnt = domain.Domain(
        {"use.hours": (0.1, 5.0, 10000.0)}, {"use.vendor": ("Acme", "Other")}, {}
    )
    hours, vendor, cores = domain.apply(stated, learnt).anchor.columns
    assert hours.edges == (0.1, 5.0, 10000.0) and hours.has_zero
    assert vendor.categories == ("Acme", "Other") and vendor.other == "Other"
    assert cores == CORES


def test_a_share_that_is_none_is_refused():
    with pytest.raises(errors.InputError, match="expected a share"):
        mechanism(1.0)
