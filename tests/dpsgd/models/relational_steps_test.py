import jax
import jax.numpy as jnp
import numpy as np

from teledp_jax.dpsgd.models import (
    relational,
    relational_bases,
    relational_expected,
    relational_layout,
    relational_prior,
    relational_steps,
    relational_training,
)
from tests import toys


def test_a_step_is_that_of_a_posterior_mean():
    prior = relational_prior.Prior(jnp.array([0.1, 0.1]), jnp.array([-1, -1]))
    optimizer = relational_steps.optimizer(
        jnp.array([0.5, 0.0]), prior, noise=0.02, start=2.0, memory=1.0
    )
    grad = jnp.array([3.0, 3.0])
    state = optimizer.init(grad)
    moves = []
    for _ in range(3):
        move, state = optimizer.update(grad, state, grad)
        moves.append(np.asarray(move))
    # 0.5 * 3 / (0.25 * steps + 0.2^2) with 2, 3 and again 3 steps
    expected = [[-1.5 / 0.54, 0.0], [-1.5 / 0.79, 0.0], [-1.5 / 0.79, 0.0]]
    np.testing.assert_allclose(moves, expected, rtol=1e-6)


def test_the_prior_of_a_tie_is_its_evidence():
    prior = relational_prior.Prior(
        jnp.full(6, 0.5, jnp.float32), jnp.array([0, 0, 0, 1, 1, -1])
    )
    found = relational_steps._evidence(
        prior,
        jnp.array([2.0, 0.0, -1.0, 0.0, 0.0, 9.0]),
        jnp.array([0.5, 0.5, 1.0, 1.0, 1.0, 1.0]),
        num_ties=2,
    )
    # (4 + 0 + 1 + 4 * 0.25) / (2 + 4), (0 + 4 * 0.25) / (2 + 4), and as it was
    np.testing.assert_allclose(found, [1, 1, 1, 1 / 6, 1 / 6, 0.25], rtol=1e-6)


def test_strong_ties_are_let_go_and_empty_ones_are_held():
    """On a quadratic loss whose gradients are noisy, beside a prior that stays."""
    rng = np.random.default_rng(0)
    size, curvature, noise = 200, 0.01, 0.02
    best = np.concatenate([rng.normal(0, 2, size), np.zeros(size)]).astype(np.float32)

    def error(ties) -> np.ndarray:
        stddevs = jnp.full(2 * size, 0.3, jnp.float32)
        optimizer = relational_steps.optimizer(
            jnp.full(2 * size, curvature, jnp.float32),
            relational_prior.Prior(stddevs, jnp.asarray(ties, jnp.int32)),
            noise=noise,
            start=15.0,
            memory=60.0,
        )
        update = jax.jit(optimizer.update)
        params, noises = jnp.zeros(2 * size), np.random.default_rng(1)
        state = optimizer.init(params)
        for _ in range(250):
            drawn = noises.normal(0, noise, 2 * size).astype(np.float32)
            move, state = update(curvature * (params - best) + drawn, state, params)
            params = params + move
        return np.square(np.asarray(params) - best).reshape(2, size).mean(1)

    fixed = error(np.full(2 * size, -1))
    renewed = error(np.repeat([0, 1], size))
    assert renewed[0] < 0.7 * fixed[0]
    assert renewed[1] < 0.7 * fixed[1]


def test_weights_between_the_same_two_variables_are_a_tie():
    columns = toys.category("k", "x", "y", "z"), toys.whole("n", *range(1, 10))
    schema = toys.schema(
        toys.anchor("info", *columns),
        toys.group("a", *columns),
        toys.entity("b", *columns, rows=4, by="k"),
    )
    layout = relational_layout.layout(schema)
    shares = tuple(
        tuple(np.full(v.num_codes, 1 / v.num_codes) for v in group.variables)
        for group in layout.groups
    )
    bases = relational_bases.all_bases(layout, shares)
    network = relational.Relational(layout, relational_training.slots(layout, shares))
    params = relational_training.model(network, bases, shares).init(jax.random.key(0))
    ties = relational_prior._ties(layout, params)
    assert jax.tree.map(jnp.shape, ties) == jax.tree.map(jnp.shape, params)
    device = layout.device
    seen: dict[int, tuple] = {}
    for layer, leaves in ties.items():
        if "kernel" not in leaves or layer.startswith("repeats"):
            assert all((np.asarray(leaf) == -1).all() for leaf in leaves.values())
            continue
        kernel = np.asarray(leaves["kernel"])
        if layer == "device":
            inputs = [("device", place) for place in device.input_places]
            outputs = device.output_places
        else:
            kind, index = layer.split("_")
            group = layout.tables[int(index)]
            outputs = group.output_places
            inputs = [("device", place) for place in device.input_places]
            inputs = inputs[: device.num_shown]
            if kind == "rows":
                inputs = [("row", place) for place in group.input_places]
                if group.rows > 1:
                    earlier = group.input_places[: group.num_shown]
                    inputs += [("rows before", place) for place in earlier]
            elif index == "1":
                first = layout.tables[0]
                shown = first.input_places[: first.num_shown]
                inputs += [("table a", place) for place in shown]
        for i, before in enumerate(inputs):
            for j, after in enumerate(outputs):
                pair = (layer, before, after)
                assert seen.setdefault(int(kernel[i, j]), pair) == pair
    assert len(set(seen.values())) == len(seen)


def test_curvatures_are_those_of_the_loss():
    """Of devices that are drawn from the shares, before any training."""
    schema = toys.schema(
        toys.anchor(
            "info", toys.category("a", "x", "y", "z"), toys.whole("n", *range(1, 10))
        ),
        toys.group("power", toys.category("p", "x", "y")),
    )
    layout = relational_layout.layout(schema)
    rng = np.random.default_rng(0)
    shares = tuple(
        tuple(rng.dirichlet(np.full(v.num_codes, 5.0)) for v in group.variables)
        for group in layout.groups
    )
    bases = relational_bases.all_bases(layout, shares)
    network = relational.Relational(layout, lambda count: (count, count))
    model = relational_training.model(network, bases, shares)
    count = 4000
    codes = np.column_stack(
        [rng.choice(len(p), count, p=p) for p in (*shares[0], *shares[1])]
    ).astype(np.int32)
    params = model.init(jax.random.key(0))

    def gradients(params):
        def loss(params, record):
            return model.losses(params, record[None])[0]

        return jax.vmap(jax.grad(loss), in_axes=(None, 0))(params, jnp.asarray(codes))

    grads = jax.jit(gradients)(params)
    squared = sum(
        np.square(np.asarray(leaf)).reshape(count, -1).sum(1)
        for leaf in jax.tree.leaves(grads)
    )
    # A log-linear model's curvature is the second moment of its gradients.
    expected = relational_expected.expect(
        layout, bases, shares, np.random.default_rng(1)
    )
    np.testing.assert_allclose((expected.norms**2).mean(), squared.mean(), rtol=0.1)
    found = relational_expected.curvatures(layout, expected, 1 / expected.norms)
    weights = 1 / np.sqrt(squared)
    for layer, name in (("device", "kernel"), ("contexts_0", "kernel")):
        grad = np.asarray(grads[layer][name], np.float64)
        exact = np.einsum("d,dij->ij", weights / count, grad**2)
        own = np.asarray(found[layer][name])
        own = own * (exact > 0)
        assert 0.7 < own.sum() / exact.sum() < 1.4
        assert np.corrcoef(own.ravel(), exact.ravel())[0, 1] > 0.95


def test_ties_between_numbers_of_rows_may_be_strong():
    column = toys.category("k", "x", "y")
    schema = toys.schema(
        toys.anchor("info", column), toys.group("a", column), toys.group("b", column)
    )
    layout = relational_layout.layout(schema)
    group = layout.device
    shape = (len(group.input_places), len(group.output_places))
    curvature = {
        "device": {"kernel": jnp.ones(shape, jnp.float32)},
        "biases_0": {"bias": jnp.ones(3, jnp.float32)},
        "repeats_0": {"kernel": jnp.ones((1, 1), jnp.float32)},
    }
    found = relational_prior._stddevs(layout, curvature, 0.25)
    np.testing.assert_array_equal(found["biases_0"]["bias"], 0.25)
    np.testing.assert_array_equal(found["repeats_0"]["kernel"], 3.0)
    kernel = np.asarray(found["device"]["kernel"])
    names = ["column", "rows", "rows"]  # the anchor's column, then two tables
    before = [names[place] for place in group.input_places]
    after = [names[place] for place in group.output_places]
    for i, one in enumerate(before):
        for j, other in enumerate(after):
            assert kernel[i, j] == (3.0 if one == other == "rows" else 0.25)
