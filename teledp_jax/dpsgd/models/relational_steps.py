"""Step sizes for the relational model, from what is public before training.

Near its marginals the loss is close to a sum of squares: a weight's curvature is how
often its table is reported, times the variances of its two functions, times the scale
that the clip gives to gradients. All of that follows from noisy marginals, and the
noise of a step is known exactly. With a prior that weights are moderate, the step that
averages all noisy gradients as a posterior mean would is

    curvature / (curvature^2 * (start + steps so far) + (noise / prior)^2) :

weights of common tables soon follow the data and then average the noise away, those of
rare tables stay near zero, where noise would drown what they say.

How large weights are is learnt meanwhile. Weights between the same two variables are a
tie, and the prior of a tie is renewed from its weights by MacKay's evidence (Neural
Computation 4(3), 1992): their squares, over the number of weights that the gradients so
far can tell from the prior. So what is tied strongly, such as an application to its
kind, may be, and what is not is held to zero. It reads only parameters, which are
private already, and costs no budget.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from teledp_jax.dpsgd.models import relational_prior

_RENEWED_FROM, _RENEWED_EVERY = 50, 25  # steps
_PSEUDO = 4.0  # weights of its first size that a tie has besides its own
_RANGE = (0.05, 3.0)  # least and largest standard deviation of a tie's weights


class _State(NamedTuple):
    """What an update needs; arrays here are arguments of the step, not constants in it.

    Attributes:
        step: Number of steps done.
        curvature: Of the loss in each parameter.
        doubt: Square of noise over prior of each parameter.
        prior: As it was at the start.
    """

    step: Int[Array, ""]
    curvature: Float[Array, " parameter"]
    doubt: Float[Array, " parameter"]
    prior: relational_prior.Prior


def optimizer(
    curvature: Float[Array, " parameter"],
    prior: relational_prior.Prior,
    *,
    noise: float,
    start: float,
    memory: float,
) -> optax.GradientTransformation:
    """The update rule of the module's docstring, on all parameters as one vector.

    Args:
        curvature: Of the loss in each parameter, as `curvatures` gives it.
        prior: Of each parameter.
        noise: Standard deviation of each gradient's noise in a step.
        start: Steps that the first one counts as, which keeps correlated weights from
            moving too far together.
        memory: Most steps that are averaged.

    Returns:
        The rule, for `train.fit`.
    """
    num_ties = int(prior.ties.max()) + 1

    def init(params: Array) -> _State:
        del params
        return _State(jnp.int32(0), curvature, (noise / prior.stddevs) ** 2, prior)

    def renewed(state: _State, params: Array) -> Array:
        steps = jnp.minimum(state.step.astype(jnp.float32), memory)
        # MacKay 1992, eq. 20: gamma of a weight is its share that data determine.
        certain = state.curvature**2 * steps
        variance = _evidence(
            state.prior, params, certain / (certain + state.doubt), num_ties
        )
        return noise**2 / variance

    def update(
        updates: Array, state: _State, params: Array | None = None
    ) -> tuple[Array, _State]:
        assert params is not None
        due = (state.step >= _RENEWED_FROM) & (state.step % _RENEWED_EVERY == 0)
        doubt = jax.lax.cond(due, renewed, lambda old, _: old.doubt, state, params)
        steps = jnp.minimum(state.step.astype(jnp.float32), memory)
        steps = steps + start
        h = state.curvature
        # The formula of the docstring; doubt is (noise / prior)^2.
        moved = -updates * h / (h**2 * steps + doubt)
        return moved, state._replace(step=state.step + 1, doubt=doubt)

    return optax.GradientTransformation(init, update)


def _evidence(
    prior: relational_prior.Prior,
    params: Float[Array, " parameter"],
    known: Float[Array, " parameter"],
    num_ties: int,
) -> Float[Array, " parameter"]:
    """Variances of weights before any data, by MacKay's evidence.

    Args:
        prior: As it was at the start.
        params: The parameters.
        known: How far the gradients so far, and not the prior, say what each is: 0..1.
        num_ties: How many ties there are.
    """

    def total(values: Array) -> Array:
        sums = jnp.zeros(num_ties + 1, jnp.float32)
        return sums.at[prior.ties + 1].add(values, mode="drop")

    first = prior.stddevs**2
    counts = jnp.maximum(total(jnp.ones_like(first)), 1.0)
    squares = total(params**2) + _PSEUDO * total(first) / counts
    least, largest = _RANGE
    # MacKay 1992, eq. 22: the variance is sum of w^2 over sum of gamma.
    found = jnp.clip(squares / (total(known) + _PSEUDO), least**2, largest**2)
    return jnp.where(prior.ties < 0, first, found[prior.ties + 1])
