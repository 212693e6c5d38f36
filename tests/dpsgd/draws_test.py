"""Each step draws devices and noise of its own, from the secret keys."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from teledp_jax import keys
from teledp_jax.audit import plain_model
from teledp_jax.dpsgd import states, steps

SIZE = 256
LINE = plain_model.line(
    num_heads=SIZE, sampling_prob=0.5, noise_multiplier=1.0, micro_batch=SIZE
)
CODES = jnp.eye(SIZE, dtype=jnp.uint8)  # a device per parameter, its gradient 1 there
KEYS = keys.split(jax.random.key(1), jax.random.key(2))


def drawn_and_noise(step: int, streams: keys.Keys = KEYS):
    """Which devices a step draws, and the noise that it adds."""
    model, recipe = LINE
    optimizer = optax.sgd(1.0)
    state = states.start(model.init(jax.random.key(0)), optimizer)
    state = state._replace(step=jnp.int32(step))
    exact = np.asarray(steps.make_sum(model, recipe)(state, streams, CODES))
    after = steps.make_step(model, optimizer, recipe)(state, streams, CODES)
    return exact > 0, -np.asarray(after.params) * recipe.expected_batch_size - exact


def test_each_step_draws_devices_and_noise_of_its_own():
    (first, one), (second, other) = map(drawn_and_noise, (0, 1))
    assert 80 < first.sum() < 176
    assert 80 < (first != second).sum() < 176, "independent of the step before"
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.3
    assert 0.8 < one.std() < 1.2


def test_who_knows_the_public_keys_knows_neither():
    mixed = KEYS._replace(init=KEYS.sample, sample=KEYS.init)
    for mine, same in zip(drawn_and_noise(0), drawn_and_noise(0, mixed), strict=True):
        np.testing.assert_array_equal(mine, same)
