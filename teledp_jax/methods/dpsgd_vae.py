"""`dpsgd_vae`: a VAE of the whole device, trained by DP-SGD."""

import dataclasses
import functools

import jax

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.dpsgd import recipes
from teledp_jax.dpsgd.models import vae, vae_fit, vae_layout
from teledp_jax.marginals import noisy
from teledp_jax.privacy import budgets, checks, split


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(recipes.Training):
    """Settings of the method.

    Attributes:
        hidden: Widths of the encoder's hidden layers; the decoder has them backwards.
        latent: Size of the latent vector.
        smooth: Whether numbers go through smooth functions of their bins.
        kl_weight: Weight of the latent's divergence from its prior in the loss.
        l2_clip_norm: Largest norm of a device's gradient.
        normalise: Whether gradients are normalised rather than cut.
        learning_rate: Of Adam.
        marginal_share: Share of the budget for noisy one-way marginals; 0: none.
        leave_out: Tables that the model does not know; they stay empty.
        max_rows: Most rows of a device per table, the first ones; 0: its `fixed_rows`.
    """

    hidden: tuple[int, ...] = (64,)
    latent: int = 8
    smooth: bool = True
    kl_weight: float = 1.0
    l2_clip_norm: float = 1.0
    normalise: bool = True
    learning_rate: float = 1e-2
    marginal_share: float = 0.1
    leave_out: tuple[str, ...] = ()
    max_rows: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        object.__setattr__(self, "leave_out", tuple(self.leave_out))
        recipes.check(check := checks.Fields("dpsgd_vae", self))
        check.number("latent", "l2_clip_norm", "learning_rate", above=0)
        check.that("hidden", all(w > 0 for w in self.hidden), "widths above 0")
        check.number("marginal_share", at_least=0, below=1)
        check.number("kl_weight", "max_rows", at_least=0)


def fit(
    config: Config,
    whole: schemas.Schema,
    network: vae.Vae,
    calibrated: split.Calibrated,
    recipe: recipes.Recipe,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures marginals, if they have a share, and trains the network.

    Args:
        config: Settings.
        whole: The public schema, with the tables that are left out.
        network: The network.
        calibrated: Noise of the marginals, in counts.
        recipe: Of DP-SGD.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        What `vae_fit.fit` returns: parameters and shifts.
    """
    devices = arrays.narrow(whole, devices)
    schema = vae_fit.without(whole, config.leave_out)
    marginal_key, step_key = jax.random.split(streams.noise)
    counts, sigma = None, 0.0
    if config.marginal_share > 0:
        sigma = calibrated.noise("marginal_sigma")
        counts = noisy.head_counts(marginal_key, schema, devices, context, sigma=sigma)
    return vae_fit.fit(
        network, recipe, streams._replace(noise=step_key),
        arrays.flatten(schema, devices), context, kl_weight=config.kl_weight,
        learning_rate=config.learning_rate, counts=counts, sigma=sigma,
    )  # fmt: skip


sample = vae_fit.draw_devices


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Builds the network and calibrates both noises to the budget.

    Args:
        config: Settings.
        schema: The public schema.
        budget: What a fit may spend.

    Returns:
        The method, its event stated.

    Raises:
        InputError: If no noise meets the budget, or a table to leave out is not there.
    """
    schema = schema.narrowed(config.max_rows)
    modelled = vae_fit.without(schema, config.leave_out)
    layout = vae_layout.layout(modelled, smooth=config.smooth)
    network = vae.Vae(layout, config.hidden, config.latent, config.smooth)
    size = vae_fit.num_parameters(network, kl_weight=config.kl_weight)
    calibrated = split.calibrate(_parts(config, modelled, size), budget)
    recipe = recipes.planned(
        config, num_devices=budget.num_devices, l2_clip_norm=config.l2_clip_norm,
        noise_multiplier=calibrated.noise("noise_multiplier"),
        normalise=config.normalise,
    )  # fmt: skip
    sampler = vae.sampler(network, chunk=vae_fit.CHUNK)
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(fit, config, schema, network, calibrated, recipe),
        sample=functools.partial(sample, schema, modelled, sampler),
        facts=calibrated.facts | recipe.facts | {"num_parameters": size},
        max_rows=schema.max_rows,
    )


def _parts(config: Config, schema: schemas.Schema, size: int) -> tuple[split.Part, ...]:
    """Marginals, if any (a device adds one to one code of each head), and steps."""
    share = config.marginal_share
    marginals = split.Counts("marginal_sigma", len(schema.heads), share)
    cost = recipes.cost(config, size)._asdict()
    steps = split.Steps("noise_multiplier", share=1.0 - share, **cost)
    return (marginals, steps) if share else (steps,)
