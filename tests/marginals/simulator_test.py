"""The chain of noisy pairs that show more than noise."""

import jax
import numpy as np

from teledp_jax import arrays, schemas
from teledp_jax.marginals import chain, pairs, simulator

KIND = schemas.Column(name="kind", kind="category", categories=("a", "b"))
SCHEMA = schemas.Schema(
    suite="tiny",
    device="guid",
    tables=(
        schemas.Table(name="base", role="anchor", grain="g", columns=(KIND,)),
        schemas.Table(name="rare", role="group", grain="g", columns=(KIND,)),
    ),
)
ONE_WAY = {
    "base/kind": np.array([[0.0, 0.5, 0.5]]),
    "rare/rows": np.array([[0.5, 0.5]]),
    "rare/kind": np.array([[0.0, 0.5, 0.5]]),
}
MEASURED = pairs.parse(SCHEMA, [("base/kind", "rare/rows")])


def share_of_b_with_rare(counts, sigma):
    """Among drawn devices of kind b, the share that has the rare table."""
    links = simulator.simulator(
        jax.random.key(0),
        SCHEMA,
        ONE_WAY,
        MEASURED,
        [np.array(counts).ravel()],
        sigma=sigma,
        num_devices=1000,
    )
    drawn = chain.sample(np.random.default_rng(1), SCHEMA, links, 4000)
    codes = arrays.flatten(SCHEMA, drawn)
    return codes[codes[:, 0] == 2, 1].mean()


def test_a_pair_above_its_noise_is_in_what_is_drawn():
    dependent = [[0, 0], [450, 50], [50, 450], [0, 0]]
    assert abs(share_of_b_with_rare(dependent, sigma=5.0) - 0.9) < 0.03


def test_a_pair_within_its_noise_is_left_out():
    dependent = [[0, 0], [450, 50], [50, 450], [0, 0]]
    assert abs(share_of_b_with_rare(dependent, sigma=400.0) - 0.5) < 0.03
