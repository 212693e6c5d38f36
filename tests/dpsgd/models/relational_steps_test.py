import jax
import jax.numpy as jnp
import numpy as np

from teledp_jax import schema as schema_lib
from teledp_jax.dpsgd.models import relational, relational_layout, relational_steps


def test_a_step_is_that_of_a_posterior_mean():
    settings = relational_steps.Settings(start=2.0, memory=1.0)
    optimizer = relational_steps.optimizer(
        jnp.array([0.5, 0.0]),
        jnp.array([0.1, 0.1]),
        noise=0.02,
        settings=settings,
    )
    grad = jnp.array([3.0, 3.0])
    state = optimizer.init(grad)
    moves = []
    for _ in range(3):
        move, state = optimizer.update(grad, state)
        moves.append(np.asarray(move))
    # 0.5 * 3 / (0.25 * steps + 0.2^2) with 2, 3 and again 3 steps
    expected = [[-1.5 / 0.54, 0.0], [-1.5 / 0.79, 0.0], [-1.5 / 0.79, 0.0]]
    np.testing.assert_allclose(moves, expected, rtol=1e-6)


def test_curvatures_are_those_of_the_loss():
    """Of devices that are drawn from the shares, before any training."""
    column = schema_lib.Column
    schema = schema_lib.Schema(
        suite="toy",
        device="guid",
        tables=(
            schema_lib.Table(
                name="info",
                role="anchor",
                grain="a device",
                columns=(
                    column(name="a", kind="category", categories=("x", "y", "z")),
                    column(name="n", kind="integer", edges=tuple(range(1, 10))),
                ),
            ),
            schema_lib.Table(
                name="power",
                role="group",
                grain="a device",
                columns=(column(name="p", kind="category", categories=("x", "y")),),
            ),
        ),
    )
    layout = relational_layout.layout(schema)
    rng = np.random.default_rng(0)
    shares = tuple(
        tuple(rng.dirichlet(np.full(v.num_codes, 5.0)) for v in group.variables)
        for group in layout.groups
    )
    bases = relational.all_bases(layout, shares)
    network = relational.Relational(layout, lambda count: (count, count))
    model = relational.model(network, bases, shares)
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
    expected = relational_steps.expect(layout, bases, shares, np.random.default_rng(1))
    np.testing.assert_allclose((expected.norms**2).mean(), squared.mean(), rtol=0.1)
    found = relational_steps.curvatures(layout, expected, 1 / expected.norms)
    weights = 1 / np.sqrt(squared)
    for layer, name in (("device", "kernel"), ("contexts_0", "kernel")):
        grad = np.asarray(grads[layer][name], np.float64)
        exact = np.einsum("d,dij->ij", weights / count, grad**2)
        own = np.asarray(found[layer][name])
        own = own * (exact > 0)
        assert 0.7 < own.sum() / exact.sum() < 1.4
        assert np.corrcoef(own.ravel(), exact.ravel())[0, 1] > 0.95


def test_ties_between_numbers_of_rows_may_be_strong():
    def table(name, role):
        columns = (schema_lib.Column(name="k", kind="category", categories=("x", "y")),)
        return schema_lib.Table(name=name, role=role, grain="g", columns=columns)

    tables = (table("info", "anchor"), table("a", "group"), table("b", "group"))
    schema = schema_lib.Schema(suite="toy", device="guid", tables=tables)
    layout = relational_layout.layout(schema)
    group = layout.device
    shape = (len(group.input_places), len(group.output_places))
    curvature = {
        "device": {"kernel": jnp.ones(shape, jnp.float32)},
        "biases_0": {"bias": jnp.ones(3, jnp.float32)},
        "repeats_0": {"kernel": jnp.ones((1, 1), jnp.float32)},
    }
    found = relational_steps.priors(layout, curvature, 0.25)
    np.testing.assert_array_equal(found["biases_0"]["bias"], 0.25)
    np.testing.assert_array_equal(found["repeats_0"]["kernel"], 3.0)
    kernel = np.asarray(found["device"]["kernel"])
    names = ["column", "rows", "rows"]  # the anchor's column, then two tables
    before = [names[place] for place in group.input_places]
    after = [names[place] for place in group.output_places]
    for i, one in enumerate(before):
        for j, other in enumerate(after):
            assert kernel[i, j] == (3.0 if one == other == "rows" else 0.25)
