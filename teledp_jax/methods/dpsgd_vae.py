"""`dpsgd_vae`: a VAE of the whole device, trained by DP-SGD."""

import dataclasses
import math

import dp_accounting
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Key

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.dpsgd import clipping, recipes, sampling, train
from teledp_jax.dpsgd.models import matching, vae, vae_layout
from teledp_jax.marginals import measure
from teledp_jax.privacy import accounting, budgets, events

_CHUNK = 4096  # devices drawn at once


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
        noise: `float32`, or `hardened`: exact noise on a grid, drawn on the host; see
            `dpsgd.hardened`.
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
    noise: str = "float32"
    marginal_share: float = 0.1
    leave_out: tuple[str, ...] = ()
    checkpoint_every: int = 50

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        object.__setattr__(self, "leave_out", tuple(self.leave_out))
        for name in (
            "latent", "num_epochs", "l2_clip_norm", "learning_rate", "micro_batch",
            "checkpoint_every",
        ):  # fmt: skip
            if not 0 < getattr(self, name) < math.inf:
                raise errors.InputError(
                    f"dpsgd_vae: expected {name} > 0, got {getattr(self, name)}."
                )
        if not all(width > 0 for width in self.hidden):
            raise errors.InputError(
                f"dpsgd_vae: expected widths > 0 in {self.hidden=}."
            )
        if not 0 < self.sampling_prob <= 1:
            raise errors.InputError(
                f"dpsgd_vae: expected 0 < sampling_prob <= 1, got {self.sampling_prob}."
            )
        for name in ("marginal_share", "averaging"):
            if not 0 <= getattr(self, name) < 1:
                raise errors.InputError(
                    f"dpsgd_vae: expected 0 <= {name} < 1, got {getattr(self, name)}."
                )
        if not 0 <= self.kl_weight < math.inf:
            raise errors.InputError(
                f"dpsgd_vae: expected kl_weight >= 0, got {self.kl_weight}."
            )
        if self.clipping_path not in clipping.PATHS:
            raise errors.InputError(
                f"dpsgd_vae: clipping_path={self.clipping_path!r} is none of "
                f"{clipping.PATHS}."
            )
        if self.noise not in recipes.NOISES:
            raise errors.InputError(
                f"dpsgd_vae: noise={self.noise!r} is none of {recipes.NOISES}."
            )

    @property
    def num_steps(self) -> int:
        """Number of steps of DP-SGD."""
        return max(round(self.num_epochs / self.sampling_prob), 1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Noise:
    """Both mechanisms at one overall noise level.

    `level` is the inverse of the Gaussian-DP parameter that marginals and training
    have together in the limit of many steps; the exact cost is the accountant's.
    """

    config: Config
    num_heads: int
    level: float

    @property
    def marginal_sigma(self) -> float:
        """Of each count: a device adds one to at most one code of each head."""
        return self.level * math.sqrt(self.num_heads / self.config.marginal_share)

    @property
    def multiplier(self) -> float:
        """Of DP-SGD, by the central limit theorem of Bu et al. (arXiv:1911.11607)."""
        rate = sampling.exact_probability(self.config.sampling_prob)
        steps = rate**2 * self.config.num_steps
        share = 1.0 - self.config.marginal_share
        return 1.0 / math.sqrt(math.log1p(share / (self.level**2 * steps)))

    @property
    def event(self) -> dp_accounting.DpEvent:
        """All that a fit reads."""
        step = dp_accounting.PoissonSampledDpEvent(
            sampling.exact_probability(self.config.sampling_prob),
            dp_accounting.GaussianDpEvent(self.multiplier),
        )
        parts = [dp_accounting.SelfComposedDpEvent(step, self.config.num_steps)]
        if self.config.marginal_share > 0:
            count = events.DiscreteGaussianDpEvent(self.marginal_sigma)
            parts.insert(0, dp_accounting.SelfComposedDpEvent(count, self.num_heads))
        return dp_accounting.ComposedDpEvent(parts)


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Builds the network and calibrates both noises to the budget.

    Raises:
        InputError: If no noise meets the budget, or a table to leave out is not there.
    """
    whole, schema = schema, _modelled(config, schema)
    num_heads = len(schema.heads)
    level = accounting.calibrate(
        lambda level: _Noise(config=config, num_heads=num_heads, level=level).event,
        budget,
    )
    noise = _Noise(config=config, num_heads=num_heads, level=level)
    network = vae.Vae(
        layout=vae_layout.layout(schema, smooth=config.smooth),
        hidden=config.hidden,
        latent=config.latent,
        smooth=config.smooth,
    )
    draw = vae.sampler(network, chunk=_CHUNK)

    def fit(
        fit_keys: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        arrays.check(whole, devices)
        return _fit(
            config,
            schema,
            network,
            noise,
            budget.num_devices,
            fit_keys,
            devices,
            context,
        )

    def sample(
        key: Key[Array, ""], fitted: base.Tree, num_devices: int
    ) -> arrays.DeviceArrays:
        chunks = [
            np.asarray(
                draw(fitted["params"], fitted["shift"], jax.random.fold_in(key, i))
            )
            for i in range(max(-(-num_devices // _CHUNK), 1))
        ]
        codes = np.concatenate(chunks)[:num_devices]
        drawn = arrays.unflatten(schema, codes)
        return {
            table.name: drawn.get(table.name) or _no_rows(table, num_devices)
            for table in whole.tables
        }

    facts: dict[str, float | int | str] = {
        "noise_multiplier": noise.multiplier,
        "noise": config.noise,
        "num_steps": config.num_steps,
        "expected_batch_size": _expected_batch(config, budget.num_devices),
        "num_parameters": _num_parameters(config, network),
    }
    if config.marginal_share > 0:
        facts["marginal_sigma"] = noise.marginal_sigma
    return base.Synthesizer(event=noise.event, fit=fit, sample=sample, facts=facts)


def _modelled(config: Config, schema: schemas.Schema) -> schemas.Schema:
    """The schema without the tables that the model leaves out."""
    known = [table.name for table in schema.tables if table.role != "anchor"]
    if unknown := sorted(set(config.leave_out) - set(known)):
        raise errors.InputError(
            f"dpsgd_vae.leave_out: no tables {unknown} to leave out; known: {known}."
        )
    kept = (table for table in schema.tables if table.name not in config.leave_out)
    return dataclasses.replace(schema, tables=tuple(kept))


def _no_rows(table: schemas.Table, num_devices: int) -> arrays.TableArrays:
    """A table in which no device has a row."""
    dtype = arrays.code_dtype(max(column.num_codes for column in table.columns))
    shape = (num_devices, table.max_rows)
    codes = np.zeros((*shape, len(table.columns)), dtype)
    return arrays.TableArrays(codes, np.zeros(shape, bool))


def _expected_batch(config: Config, num_devices: int) -> float:
    """Expected number of devices in a step, by the noisy size of the fleet."""
    return max(sampling.exact_probability(config.sampling_prob) * num_devices, 1.0)


def _num_parameters(config: Config, network: vae.Vae) -> int:
    """Size of the model."""
    init = vae.model(network, kl_weight=config.kl_weight).init
    shapes = jax.eval_shape(init, jax.random.key(0))
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))


def _fit(
    config: Config,
    schema: schemas.Schema,
    network: vae.Vae,
    noise: _Noise,
    num_devices: int,
    fit_keys: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Marginals, then training, then the shift that makes samples meet marginals."""
    marginal_key, step_key = jax.random.split(fit_keys.noise)
    model = vae.model(network, kl_weight=config.kl_weight)
    params = model.init(fit_keys.init)
    noisy = None
    if config.marginal_share > 0:
        noisy = _noisy_counts(
            schema, devices, marginal_key, noise.marginal_sigma, context
        )
        bias = matching.starting_bias(
            network.layout, noisy, stddev=noise.marginal_sigma
        )
        params = params | {"bias": {"bias": bias}}
    recipe = recipes.Recipe(
        sampling_prob=config.sampling_prob,
        num_steps=config.num_steps,
        expected_batch_size=_expected_batch(config, num_devices),
        noise_multiplier=noise.multiplier,
        clip=clipping.Clip(
            l2_clip_norm=config.l2_clip_norm,
            normalise=config.normalise,
            path=config.clipping_path,
        ),
        micro_batch=config.micro_batch,
        averaging=config.averaging,
        checkpoint_every=config.checkpoint_every,
        noise=config.noise,
    )
    params = train.fit(
        model,
        optax.adam(config.learning_rate),
        recipe,
        fit_keys._replace(noise=step_key),
        arrays.flatten(schema, devices),
        params,
        context,
    )
    shift = jnp.zeros(network.layout.num_codes, jnp.float32)
    if noisy is not None:
        shift = matching.shift(
            network,
            params,
            noisy,
            fit_keys.sample,
            stddev=noise.marginal_sigma,
            num_samples=_CHUNK,
        )
    return {"params": jax.tree.map(np.asarray, params), "shift": np.asarray(shift)}


def _noisy_counts(
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    key: Key[Array, ""],
    sigma: float,
    context: base.Context,
) -> list[np.ndarray]:
    """Noisy one-way counts; drawn once, also if the fit is resumed."""
    sizes = [head.num_codes for head in schema.heads]
    saved = context.store.load("marginals")
    if saved is None:
        own = np.concatenate(measure.one_way_counts(schema, devices))
        exact = context.part.total(own)
        saved = {"counts": context.integer_noise(key, exact, sigma)}
        context.store.save("marginals", saved)
    return np.split(np.asarray(saved["counts"]), np.cumsum(sizes)[:-1])
