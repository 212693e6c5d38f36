"""`mst` and `aim`: pairs that depend on each other survive."""

import dp_accounting
import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.methods import aim, mst
from teledp_jax.privacy import budgets, mechanisms

SCHEMA = schemas.Schema(
    suite="tiny",
    device="guid",
    tables=(
        schemas.Table(
            name="base",
            role="anchor",
            grain="g",
            columns=tuple(
                schemas.Column(name=name, kind="category", categories=("a", "b"))
                for name in ("one", "two", "other")
            ),
        ),
    ),
)
BUDGET = budgets.Budget(
    epsilon=2.0, delta=1e-5, spent=dp_accounting.NoOpDpEvent(), num_devices=4000
)
METHODS = {
    "mst": (mst, mst.Config(num_iterations=200)),
    "aim": (aim, aim.Config(num_rounds=1, pairs_per_attribute=0.4, num_iterations=100)),
}


@pytest.fixture(scope="module", params=METHODS)
def made(request):
    method, config = METHODS[request.param]
    return method.make(config, SCHEMA, BUDGET)


def test_a_pair_that_depends_is_found_and_kept(made):
    one, other = np.random.default_rng(0).integers(1, 3, (2, 4000))
    devices = arrays.unflatten(SCHEMA, np.stack([one, one, other], axis=1))
    context = base.Context(
        base.MemoryStore(), lambda *args: None, mechanisms.seeded_integer_noise
    )
    streams = keys.split(jax.random.key(0), jax.random.key(1))
    fitted = made.fit(streams, devices, context)
    codes = arrays.flatten(SCHEMA, made.sample(jax.random.key(2), fitted, 2000))
    assert (codes[:, 0] == codes[:, 1]).mean() > 0.95
    assert abs((codes[:, 0] == codes[:, 2]).mean() - 0.5) < 0.05


def test_mst_splits_its_budget_in_thirds():
    # Three attributes and two pairs: sigma^2 = m^2 * 3 * number of vectors.
    facts = mst.make(mst.Config(), SCHEMA, BUDGET).facts
    assert facts["sigma_single"] ** 2 / facts["sigma_pair"] ** 2 == pytest.approx(3 / 2)
    assert facts["epsilon_choice"] * facts["sigma_pair"] == pytest.approx(2.0)


def test_aim_gives_a_tenth_to_its_choices():
    config = aim.Config(pairs_per_attribute=1.0)
    parts = aim.shares(config, SCHEMA)
    assert [part.share for part in parts] == pytest.approx([0.9, 0.1])
    assert (parts[0].num_vectors, parts[1].num_choices) == (6, 3)


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (lambda: mst.Config(num_iterations=0), "mst.num_iterations: .* got 0"),
        (lambda: aim.Config(max_cells=0), "aim.max_cells: .* got 0"),
        (lambda: aim.Config(num_rounds=-1), "aim.num_rounds: .* got -1"),
    ],
)
def test_settings_out_of_range_name_the_key_and_the_value(config, field):
    with pytest.raises(errors.InputError, match=field):
        config()
