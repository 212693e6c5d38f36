"""`dpsgd_vae`: a VAE of the whole device, trained by DP-SGD."""

import dataclasses
import functools

import jax
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.dpsgd import clipping, gaussian, recipes, sampling
from teledp_jax.dpsgd.models import vae, vae_fit, vae_layout
from teledp_jax.marginals import noisy
from teledp_jax.privacy import budgets, checks, split


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the method.

    Attributes:
        hidden: Widths of the encoder's hidden layers; the decoder has them backwards.
        latent: Size of the latent vector.
        smooth: Whether numbers go through smooth functions of their bins.
        kl_weight: Weight of the latent's divergence from its prior in the loss.
        sampling_prob: Probability of a device to be in a step.
        num_epochs: Expected number of times that a device is drawn.
        l2_clip_norm: Largest norm of a device's gradient.
        normalise: Whether gradients are normalised rather than cut.
        learning_rate: Of Adam.
        averaging: Share of the old in the running average of parameters; 0: none.
        micro_batch: Devices in memory at once.
        clipping_path: `fast`, `vmap` or `loop`: how the clipped sum is computed.
        marginal_share: Share of the budget (of the square of its Gaussian-DP
            parameter) for noisy one-way marginals; 0 goes without them.
        leave_out: Tables that the model does not know; synthetic devices have no rows
            in them. The published study's wide row leaves out what has many rows.
        checkpoint_every: Steps between checkpoints.
    """

    hidden: tuple[int, ...] = (64,)
    latent: int = 8
    smooth: bool = True
    kl_weight: float = 1.0
    sampling_prob: float = 0.04
    num_epochs: float = 10.0
    l2_clip_norm: float = 1.0
    normalise: bool = True
    learning_rate: float = 1e-2
    averaging: float = 0.98
    micro_batch: int = 512
    clipping_path: str = "fast"
    marginal_share: float = 0.1
    leave_out: tuple[str, ...] = ()
    checkpoint_every: int = 50

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        object.__setattr__(self, "leave_out", tuple(self.leave_out))
        check = checks.Fields("dpsgd_vae", self)
        check.number(
            "latent", "num_epochs", "l2_clip_norm", "learning_rate", "micro_batch",
            "checkpoint_every", above=0,
        )  # fmt: skip
        widths = all(width > 0 for width in self.hidden)
        check.that("hidden", widths, "widths above 0")
        check.number("sampling_prob", above=0, at_most=1)
        check.number("marginal_share", "averaging", at_least=0, below=1)
        check.number("kl_weight", at_least=0)
        check.one_of("clipping_path", clipping.PATHS)

    @property
    def num_steps(self) -> int:
        """Number of steps of DP-SGD."""
        return sampling.num_steps(self.num_epochs, self.sampling_prob)


def shares(
    config: Config, schema: schemas.Schema, num_parameters: int
) -> tuple[split.Part, ...]:
    """Splits the budget into one-way marginals, if any, and training.

    A device adds one to at most one code of each head.

    Args:
        config: Settings.
        schema: The public schema of the tables that the model knows.
        num_parameters: Size of the network.

    Returns:
        The parts, marginals first.
    """
    steps = split.Steps(
        "noise_multiplier",
        config.num_steps,
        sampling.exact_probability(config.sampling_prob),
        1.0 - config.marginal_share,
        gaussian.failure_probability(num_parameters, config.num_steps),
    )
    if config.marginal_share == 0:
        return (steps,)
    num_heads = len(schema.heads)
    return split.Counts("marginal_sigma", num_heads, config.marginal_share), steps


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
        calibrated: Noise of marginals and of training.
        recipe: Of DP-SGD.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        What `vae_fit.fit` returns: parameters and shifts.
    """
    arrays.check(whole, devices)
    schema = vae_fit.without(whole, config.leave_out)
    marginal_key, step_key = jax.random.split(streams.noise)
    counts, sigma = None, 0.0
    if config.marginal_share > 0:
        sigma = calibrated.noise("marginal_sigma")
        counts = noisy.head_counts(marginal_key, schema, devices, context, sigma=sigma)
    return vae_fit.fit(
        network, recipe, streams._replace(noise=step_key),
        arrays.flatten(schema, devices), context,
        kl_weight=config.kl_weight, learning_rate=config.learning_rate,
        counts=counts, sigma=sigma,
    )  # fmt: skip


def sample(
    config: Config,
    whole: schemas.Schema,
    sampler: vae.Sampler,
    key: Key[Array, ""],
    fitted: base.Tree,
    num_devices: int,
) -> arrays.DeviceArrays:
    """Draws devices from what `fit` returned."""
    codes = vae_fit.draw(sampler, key, fitted, num_devices)
    drawn = arrays.unflatten(vae_fit.without(whole, config.leave_out), codes)
    return vae_fit.with_empty(whole, drawn, num_devices)


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
    modelled = vae_fit.without(schema, config.leave_out)
    network = vae.Vae(
        layout=vae_layout.layout(modelled, smooth=config.smooth),
        hidden=config.hidden,
        latent=config.latent,
        smooth=config.smooth,
    )
    size = vae_fit.num_parameters(network, kl_weight=config.kl_weight)
    calibrated = split.calibrate(shares(config, modelled, size), budget)
    recipe = _recipe(config, budget.num_devices, calibrated.noise("noise_multiplier"))
    sampler = vae.sampler(network, chunk=vae_fit.CHUNK)
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(fit, config, schema, network, calibrated, recipe),
        sample=functools.partial(sample, config, schema, sampler),
        facts=calibrated.facts
        | {
            "num_steps": recipe.num_steps,
            "expected_batch_size": recipe.expected_batch_size,
            "num_parameters": size,
        },
    )


def _recipe(
    config: Config, num_devices: int, noise_multiplier: float
) -> recipes.Recipe:
    """The training that a config asks for."""
    return recipes.Recipe(
        sampling_prob=config.sampling_prob,
        num_steps=config.num_steps,
        expected_batch_size=sampling.expected_batch(config.sampling_prob, num_devices),
        noise_multiplier=noise_multiplier,
        clip=clipping.Clip(
            l2_clip_norm=config.l2_clip_norm,
            normalise=config.normalise,
            path=config.clipping_path,
        ),
        micro_batch=config.micro_batch,
        averaging=config.averaging,
        checkpoint_every=config.checkpoint_every,
    )
