import jax
import jax.numpy as jnp
import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax.dpsgd import clipping
from teledp_jax.dpsgd.models import matching, vae, vae_layout
from tests import toys


def column(name, kind, size):
    if kind == "category":
        return toys.category(name, *(f"{name}{i}" for i in range(size)))
    return toys.number(name, *range(1, size + 2), has_zero=True)


SCHEMA = toys.schema(
    toys.anchor("info", column("country", "category", 3), column("age", "double", 9)),
    toys.group("power", column("watts", "double", 12)),
    toys.entity(
        "errors",
        column("code", "category", 4),
        column("count", "double", 5),
        rows=2,
        by="count",
    ),
)


def codes(num_devices=6, seed=0):
    rng = np.random.default_rng(seed)
    sizes = [head.num_codes for head in SCHEMA.heads]
    drawn = np.stack([rng.integers(0, size, num_devices) for size in sizes], axis=1)
    return arrays.flatten(SCHEMA, arrays.unflatten(SCHEMA, drawn)).astype(np.int32)


def network(smooth=True):
    layout = vae_layout.layout(SCHEMA, smooth=smooth)
    return vae.Vae(layout=layout, hidden=(8,), latent=3, smooth=smooth)


def test_each_head_is_in_one_block_with_its_domain():
    for smooth in (True, False):
        layout = vae_layout.layout(SCHEMA, smooth=smooth)
        sizes = {
            head: int(valid.sum())
            for block in layout.blocks
            for head, valid in zip(block.heads, block.valid, strict=True)
        }
        assert [sizes[i] for i in range(len(SCHEMA.heads))] == [
            head.num_codes for head in SCHEMA.heads
        ]
        assert layout.counts == (2, 4)


def test_existence_is_that_of_arrays():
    layout = vae_layout.layout(SCHEMA, smooth=True)
    found = vae_layout.exists(layout, jnp.asarray(codes(50)))
    assert np.array_equal(found, arrays.exists(SCHEMA, codes(50)))


@pytest.mark.parametrize("smooth", [True, False])
def test_loss_is_the_cross_entropy_of_heads_that_exist(smooth):
    net = network(smooth)
    model = vae.model(net, kl_weight=0.5)
    params = model.init(jax.random.key(0))
    batch = model.inputs(jnp.asarray(codes()), jax.random.key(1))
    logits, divergence = net.apply({"params": params}, *batch)
    expected = 0.5 * np.asarray(divergence)
    present = arrays.exists(SCHEMA, codes())
    for block, part in zip(net.layout.blocks, logits, strict=True):
        log_shares = np.asarray(jax.nn.log_softmax(part))
        for i, head in enumerate(block.heads):
            for device in range(6):
                if present[device, head]:
                    expected[device] -= log_shares[device, i, codes()[device, head]]
    np.testing.assert_allclose(model.losses(params, batch), expected, rtol=1e-5)


def test_loss_ignores_what_does_not_exist():
    model = vae.model(network(), kl_weight=1.0)
    params = model.init(jax.random.key(0))
    clean = codes()
    noise = model.inputs(jnp.asarray(clean), jax.random.key(1))[1]
    dirty = np.where(arrays.exists(SCHEMA, clean), clean, 1)
    np.testing.assert_array_equal(
        model.losses(params, (jnp.asarray(clean), noise)),
        model.losses(params, (jnp.asarray(dirty), noise)),
    )


@pytest.mark.parametrize("smooth", [True, False])
def test_clipping_paths_agree_on_the_vae(smooth):
    model = vae.model(network(smooth), kl_weight=1.0)
    params = model.init(jax.random.key(0))
    batch = model.inputs(jnp.asarray(codes()), jax.random.key(1))
    sums = [
        jax.jit(
            lambda p, b, path=path: clipping.clipped_sum(
                model.losses,
                p,
                b,
                jnp.ones(6, bool),
                clip=clipping.Clip(l2_clip_norm=1.0, path=path),
            )
        )(params, batch)
        for path in ("vmap", "fast")
    ]
    for a, b in zip(*map(jax.tree.leaves, sums), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(a).max())


def test_samples_are_in_the_domain_and_meet_the_marginals():
    net = network()
    params = vae.model(net, kl_weight=1.0).init(jax.random.key(0))
    rng = np.random.default_rng(1)
    noisy = [
        np.round(10_000 * rng.dirichlet(np.full(head.num_codes, 3.0))).astype(int)
        for head in SCHEMA.heads
    ]
    shift = matching.shift(
        net, params, noisy, jax.random.key(1), stddev=1.0, num_samples=2048
    )
    drawn = np.asarray(vae.sampler(net, chunk=20_000)(params, shift, jax.random.key(2)))
    present = arrays.exists(SCHEMA, drawn)
    arrays.check(SCHEMA, arrays.unflatten(SCHEMA, drawn))
    for i, counts in enumerate(noisy):
        found = np.bincount(drawn[present[:, i], i], minlength=len(counts))
        np.testing.assert_allclose(
            found / found.sum(), counts / counts.sum(), atol=0.025
        )


def test_targets_keep_large_counts_and_the_mass_of_small_ones():
    noisy = np.array([[900.0, 25.0, -5.0, 25.0], [900.0, 5.0, 5.0, -10.0]])
    prior = np.array([[0.5, 0.1, 0.3, 0.1], [0.97, 0.01, 0.01, 0.01]])
    found = matching.targets(noisy, prior, stddev=8.4)
    kept = 900 / 945
    np.testing.assert_allclose(found[0], [kept, 9 / 945, 27 / 945, 9 / 945], rtol=1e-4)
    np.testing.assert_allclose(found[1], prior[1], rtol=1e-4)
