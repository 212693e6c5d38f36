"""Makes the model on which DP-SGD is audited: its gradient is the record itself."""

from typing import NamedTuple

import dp_accounting
import jax.numpy as jnp

from teledp_jax.dpsgd import clipping, recipes, sampling, trainable


class Line(NamedTuple):
    """DP-SGD of a loss whose gradient is the record itself: nothing hides in it.

    Attributes:
        model: Loss <w, record>, so that a record is its own gradient.
        recipe: The run.
    """

    model: trainable.Model
    recipe: recipes.Recipe


def line(
    *,
    num_heads: int,
    sampling_prob: float,
    noise_multiplier: float,
    num_steps: int = 1,
    micro_batch: int = 16,
    l2_clip_norm: float = 1.0,
) -> Line:
    """Makes the linear model of so many heads.

    Args:
        num_heads: Number of weights.
        sampling_prob: Chance of a device to be in a step.
        noise_multiplier: Standard deviation per unit of the bound.
        num_steps: Steps of the training.
        micro_batch: Devices that are computed at once.
        l2_clip_norm: The bound.

    Returns:
        The model and its recipe.
    """
    model = trainable.Model(
        init=lambda key: {"w": jnp.zeros(num_heads, jnp.float32)},
        inputs=lambda codes, key: codes.astype(jnp.float32),
        losses=lambda params, records: records @ params["w"],
    )
    recipe = recipes.Recipe(
        sampling_prob=sampling_prob,
        num_steps=num_steps,
        expected_batch_size=4.0,
        noise_multiplier=noise_multiplier,
        clip=clipping.Clip(l2_clip_norm=l2_clip_norm, path="vmap"),
        micro_batch=micro_batch,
        averaging=0.0,
        checkpoint_every=num_steps,
    )
    return Line(model, recipe)


def event_of(recipe: recipes.Recipe) -> dp_accounting.DpEvent:
    """Tells what a training costs.

    Args:
        recipe: The training.

    Returns:
        Its event, for an accountant.
    """
    step: dp_accounting.DpEvent = dp_accounting.GaussianDpEvent(recipe.noise_multiplier)
    if recipe.sampling_prob < 1:
        rate = sampling.exact_probability(recipe.sampling_prob)
        step = dp_accounting.PoissonSampledDpEvent(rate, step)
    if recipe.num_steps == 1:
        return step
    return dp_accounting.SelfComposedDpEvent(step, recipe.num_steps)
