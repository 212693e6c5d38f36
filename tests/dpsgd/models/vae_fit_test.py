import jax
import numpy as np
import pytest

from teledp_jax import arrays, errors
from teledp_jax.dpsgd.models import vae, vae_fit, vae_layout
from tests import toys

MODELLED = vae_fit.without(toys.TRIPLE, ["apps"])


def test_tables_left_out_are_gone_from_the_schema_and_the_anchor_cannot_be():
    assert [table.name for table in MODELLED.tables] == ["base", "rare"]
    assert vae_fit.without(toys.TRIPLE, []) == toys.TRIPLE
    for name in ("base", "nothing"):
        with pytest.raises(
            errors.InputError, match=rf"\['rare', 'apps'\], got ..{name}"
        ):
            vae_fit.without(toys.TRIPLE, [name])


def test_devices_are_drawn_in_chunks_and_tables_left_out_are_empty():
    keys_seen = []

    def sampler(params, shift, key):
        keys_seen.append(jax.random.key_data(key).tolist())
        codes = np.tile(np.array([2, 1, 1, 3]), (vae_fit.CHUNK, 1))
        codes[:, 0] = 1 + len(keys_seen)  # kind: 2 in the first chunk, 3 in the second
        return jax.numpy.asarray(codes)

    fitted = {"params": {}, "shift": np.zeros(1, np.float32)}
    count = vae_fit.CHUNK + 5
    drawn = vae_fit.draw_devices(
        toys.TRIPLE, MODELLED, sampler, jax.random.key(0), fitted, count
    )
    arrays.check(toys.TRIPLE, drawn)
    kinds = drawn["base"].codes[:, 0]
    assert kinds.tolist() == [2] * vae_fit.CHUNK + [3] * 5
    assert len(drawn["rare"].codes) == count and not len(drawn["apps"].codes)
    assert len(keys_seen) == 2 and keys_seen[0] != keys_seen[1]


def test_the_size_of_a_network_without_hidden_layers_worked_by_hand():
    layout = vae_layout.layout(MODELLED, smooth=False)
    network = vae.Vae(layout, (), 2, False)
    # Domains of 4, 4, 2 and 4 codes lie in a block of 8 codes each. Each code has a
    # vector of 2 * 2 numbers (mean and variance), which have 4 biases; back from 2
    # numbers to 32 coefficients, and 32 biases.
    codes = 4 * 8
    expected = codes * 4 + 4 + 2 * codes + codes
    assert vae_fit.num_parameters(network, kl_weight=1.0) == expected
