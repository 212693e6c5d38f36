import jax
import numpy as np
import pytest

from teledp_jax import base, keys
from teledp_jax.pe import apis, embedding, evolve


class _KilledError(Exception):
    """Ends a fit in the middle."""


def _noise(key, values, sigma):
    noise = np.round(sigma * np.asarray(jax.random.normal(key, values.shape)))
    return values + noise.astype(np.int64)


def _evolve(schema, codes, context, *, selection="self_normalised", noise_key=5):
    rules = evolve.Rules(
        selection=selection,
        num_candidates=30,
        pool=200,
        sigmas=(2.0, 2.0, 2.0, 1.5),
        first_degree=0.5,
        last_degree=0.05,
        varied=0.3,
        rank_last=1,
        num_sweeps=1,
    )
    metric = embedding.make(schema, embedding.head_weights(schema))
    return evolve.evolve(
        keys.split(jax.random.key(4), jax.random.key(noise_key)),
        schema,
        codes,
        context,
        embeddings=lambda step: metric,
        rules=rules,
        start=lambda key, count: apis.random_api(key, schema, count, presence=0.5),
        margins=lambda codes: [],
    )


def _context(store, noise=_noise):
    return base.Context(store, lambda *args: None, noise)


@pytest.mark.parametrize("selection", ["self_normalised", "published"])
@pytest.mark.parametrize("stop_at", ["votes_0", "votes_2", "population"])
def test_a_resumed_fit_is_the_same_and_draws_no_noise_twice(
    schema, records, selection, stop_at
):
    whole = _evolve(
        schema, records(0, 300), _context(base.MemoryStore()), selection=selection
    )
    store, drawn = base.MemoryStore(), []
    saves = []

    class Killed(base.MemoryStore):
        def save(self, name, tree):
            store.save(name, tree)
            saves.append(name)
            if name == stop_at and len(saves) > 1:
                raise _KilledError

        def load(self, name):
            return store.load(name)

    def counted(key, values, sigma):
        drawn.append(1)
        return _noise(key, values, sigma)

    with pytest.raises(_KilledError):
        _evolve(
            schema, records(0, 300), _context(Killed(), counted), selection=selection
        )
    resumed = _evolve(
        schema, records(0, 300), _context(store, counted), selection=selection
    )
    assert len(drawn) == 4
    jax.tree.map(np.testing.assert_array_equal, whole, resumed)


def test_noise_is_saved_before_it_is_used(schema, records):
    events = []

    class Watched(base.MemoryStore):
        def save(self, name, tree):
            events.append(name)
            super().save(name, tree)

    _evolve(schema, records(0, 100), _context(Watched()))
    expected = ["population"]
    for step in range(4):
        expected += [f"votes_{step}", "population"]
    assert events == expected


def test_only_noisy_votes_are_saved(schema, records):
    store, released = base.MemoryStore(), []

    def noise(key, values, sigma):
        noisy = _noise(key, values, sigma)
        released.append(noisy)
        return noisy

    _evolve(schema, records(0, 100), _context(store, noise))
    for step, noisy in enumerate(released):
        saved = store.load(f"votes_{step}")
        assert set(saved) == {"counts"}
        np.testing.assert_array_equal(saved["counts"], noisy)


def test_another_noise_key_gives_another_fit(schema, records):
    fits = [
        _evolve(
            schema, records(0, 300), _context(base.MemoryStore()), noise_key=noise_key
        )
        for noise_key in (5, 5, 6)
    ]
    np.testing.assert_array_equal(fits[0]["weights"], fits[1]["weights"])
    assert not np.array_equal(fits[0]["weights"], fits[2]["weights"])


def test_votes_move_a_pool_towards_the_data(schema, records):
    codes = records(0, 3000)
    fitted = _evolve(schema, codes, _context(base.MemoryStore()))
    real = np.bincount(codes[:, 0], minlength=4) / len(codes)
    uniform = np.full(4, 0.25)
    found = np.bincount(fitted["codes"][:, 0], fitted["weights"], minlength=4)
    assert np.abs(found - real).sum() < np.abs(uniform - real).sum() + 0.1
    assert found.sum() == pytest.approx(1.0)


def test_convergence_tells_of_noisy_votes_alone(schema, records):
    released = []

    def noise(key, values, sigma):
        released.append((sigma, _noise(key, values, sigma)))
        return released[-1][1]

    found = _evolve(schema, records(0, 300), _context(base.MemoryStore(), noise))
    convergence = found["convergence"]
    np.testing.assert_allclose(convergence["sigma"], [2.0, 2.0, 2.0, 1.5])
    np.testing.assert_allclose(
        convergence["above_noise"],
        [(votes > 2 * sigma).mean() for sigma, votes in released],
    )
    assert ((convergence["distance"] >= 0) & (convergence["distance"] <= 1)).all()
