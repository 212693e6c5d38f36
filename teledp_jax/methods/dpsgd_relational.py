"""`dpsgd_relational`: one autoregressive model of the whole device, by DP-SGD."""

import dataclasses
import math

import dp_accounting
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.dpsgd import clipping, recipes, sampling, states, train
from teledp_jax.dpsgd.models import (
    relational,
    relational_bases,
    relational_calibrate,
    relational_expected,
    relational_layout,
    relational_prior,
    relational_sample,
    relational_steps,
    relational_training,
)
from teledp_jax.marginals import measure, rows
from teledp_jax.privacy import accounting, budgets, events

_SELDOM = 0.2  # share of devices below which a column tells the rows of a device apart
_UNIQUE = -4.0  # then added to start with to the logits of codes that came before


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the method.

    Attributes:
        marginal_share: Share of the budget (of the square of its Gaussian-DP
            parameter) for noisy one-way marginals.
        sampling_prob: Probability of a device to be in a step.
        num_epochs: Expected number of times that a device is drawn.
        clip: Largest norm of a device's gradient, over the harmonic mean of norms that
            noisy marginals let expect; 0 normalises all gradients instead.
        prior: Standard deviation of weights at the start; learnt from then on, see
            `relational_steps`.
        start: Steps that the first one counts as.
        memory: Most steps that are averaged.
        averaging: Share of the old in the running average of parameters; 0: none.
        micro_batch: Devices in memory at once.
        clipping_path: `fast`, `vmap` or `loop`: how the clipped sum is computed.
        noise: `float32`, or `hardened`: exact noise on a grid, drawn on the host; see
            `dpsgd.hardened`.
        num_samples: Devices drawn at once, also to hold the model to its marginals.
        checkpoint_every: Steps between checkpoints.
    """

    marginal_share: float = 0.5
    sampling_prob: float = 0.04
    num_epochs: float = 10.0
    clip: float = 0.0
    prior: float = 0.3
    start: float = 15.0
    memory: float = 60.0
    averaging: float = 0.98
    micro_batch: int = 1024
    clipping_path: str = "fast"
    noise: str = "float32"
    num_samples: int = 16_384
    checkpoint_every: int = 50

    def __post_init__(self) -> None:
        for name in (
            "num_epochs", "prior", "start", "memory", "micro_batch", "num_samples",
            "checkpoint_every",
        ):  # fmt: skip
            if not 0 < getattr(self, name) < math.inf:
                raise errors.InputError(
                    f"dpsgd_relational: expected {name} > 0, got {getattr(self, name)}."
                )
        if not 0 < self.sampling_prob <= 1:
            raise errors.InputError(
                "dpsgd_relational: expected 0 < sampling_prob <= 1, got "
                f"{self.sampling_prob}."
            )
        if not 0 < self.marginal_share < 1:
            raise errors.InputError(
                "dpsgd_relational: expected 0 < marginal_share < 1, got "
                f"{self.marginal_share}."
            )
        if not 0 <= self.clip < math.inf:
            raise errors.InputError(
                f"dpsgd_relational: expected clip >= 0, got {self.clip}."
            )
        if not 0 <= self.averaging < 1:
            raise errors.InputError(
                f"dpsgd_relational: expected 0 <= averaging < 1, got {self.averaging}."
            )
        if self.clipping_path not in clipping.PATHS:
            raise errors.InputError(
                f"dpsgd_relational: clipping_path={self.clipping_path!r} is none of "
                f"{clipping.PATHS}."
            )
        if self.noise not in recipes.NOISES:
            raise errors.InputError(
                f"dpsgd_relational: noise={self.noise!r} is none of {recipes.NOISES}."
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
    num_vectors: int
    level: float

    @property
    def marginal_sigma(self) -> float:
        """Of each count: a device adds one to at most one cell of each vector."""
        return self.level * math.sqrt(self.num_vectors / self.config.marginal_share)

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
        count = events.DiscreteGaussianDpEvent(self.marginal_sigma)
        step = dp_accounting.PoissonSampledDpEvent(
            sampling.exact_probability(self.config.sampling_prob),
            dp_accounting.GaussianDpEvent(self.multiplier),
        )
        return dp_accounting.ComposedDpEvent(
            [
                dp_accounting.SelfComposedDpEvent(count, self.num_vectors),
                dp_accounting.SelfComposedDpEvent(step, self.config.num_steps),
            ]
        )


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Builds the network and calibrates both noises to the budget.

    Raises:
        InputError: If no noise meets the budget.
    """
    num_vectors = len(measure.pooled_vectors(schema)) + len(rows.repeatable(schema))
    level = accounting.calibrate(
        lambda level: _Noise(config=config, num_vectors=num_vectors, level=level).event,
        budget,
    )
    noise = _Noise(config=config, num_vectors=num_vectors, level=level)
    layout = relational_layout.layout(schema)
    columns = _columns(schema, layout)
    expected_batch = max(
        sampling.exact_probability(config.sampling_prob) * budget.num_devices, 1.0
    )
    recipe = recipes.Recipe(
        sampling_prob=config.sampling_prob,
        num_steps=config.num_steps,
        expected_batch_size=expected_batch,
        noise_multiplier=noise.multiplier,
        clip=clipping.Clip(l2_clip_norm=1.0, normalise=True, path=config.clipping_path),
        micro_batch=config.micro_batch,
        averaging=config.averaging,
        checkpoint_every=config.checkpoint_every,
        noise=config.noise,
    )

    def fit(
        fit_keys: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        arrays.check(schema, devices)
        marginal_key, step_key = jax.random.split(fit_keys.noise)
        row_key, batch_key = jax.random.split(fit_keys.batch)
        noisy, repeats = _noisy_counts(
            schema, devices, marginal_key, row_key, noise.marginal_sigma, context
        )
        found = rows.shares(schema, noisy, sigma=noise.marginal_sigma)
        shares = tuple(tuple(found[c] for c in own) for own in columns)
        totals = rows.totals(schema, noisy, sigma=noise.marginal_sigma)
        goals = tuple(
            relational_calibrate.Goal(*zip(*(totals[c] for c in own), strict=True))
            for own in columns
        )
        bases = relational_bases.all_bases(layout, shares)
        params = _train(
            config,
            recipe,
            layout,
            bases,
            shares,
            _repeats(schema, layout, rows.repeat_shares(schema, noisy, repeats)),
            fit_keys._replace(noise=step_key, batch=batch_key),
            arrays.flatten(schema, devices),
            context,
        )
        shifts = relational_calibrate.calibrate(
            layout,
            params,
            bases,
            goals,
            fit_keys.sample,
            num_samples=config.num_samples,
        )
        return {
            "params": jax.tree.map(np.asarray, params),
            "shares": _named(shares),
            "shifts": _named(shifts),
        }

    def sample(
        key: Key[Array, ""], fitted: base.Tree, num_devices: int
    ) -> arrays.DeviceArrays:
        bases = relational_bases.all_bases(layout, _listed(layout, fitted["shares"]))
        shifts = jax.tree.map(jnp.asarray, _listed(layout, fitted["shifts"]))
        params = jax.tree.map(jnp.asarray, fitted["params"])
        chunk = config.num_samples
        chunks = [
            np.asarray(
                relational_sample.draw(
                    layout, chunk, params, bases, shifts, jax.random.fold_in(key, i)
                )
            )
            for i in range(max(-(-num_devices // chunk), 1))
        ]
        return arrays.unflatten(schema, np.concatenate(chunks)[:num_devices])

    facts: dict[str, float | int | str] = {
        "noise_multiplier": noise.multiplier,
        "noise": config.noise,
        "num_steps": config.num_steps,
        "expected_batch_size": expected_batch,
        "num_parameters": _num_parameters(layout),
        "marginal_sigma": noise.marginal_sigma,
        "num_vectors": num_vectors,
    }
    return base.Synthesizer(event=noise.event, fit=fit, sample=sample, facts=facts)


def _train(
    config: Config,
    recipe: recipes.Recipe,
    layout: relational_layout.Layout,
    bases: relational_bases.AllBases,
    shares: relational_bases.AllShares,
    repeats: relational_training.Repeats,
    fit_keys: keys.Keys,
    codes: np.ndarray,
    context: base.Context,
) -> clipping.Params:
    """DP-SGD with step sizes that follow from noisy marginals."""
    key, init_key = jax.random.split(fit_keys.init)
    generator = np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel())
    expected = relational_expected.expect(layout, bases, shares, generator)
    bound, scales = 1.0, 1.0 / expected.norms
    if config.clip > 0:
        bound = config.clip / float(scales.mean())
        scales = np.minimum(1.0, bound * scales)
    clip = clipping.Clip(
        l2_clip_norm=bound, normalise=config.clip == 0, path=config.clipping_path
    )
    curvature = relational_expected.curvatures(layout, expected, scales)
    optimizer = relational_steps.optimizer(
        states.flatten(curvature),
        relational_prior.prior(layout, curvature, config.prior),
        noise=recipe.noise_multiplier * bound / recipe.expected_batch_size,
        settings=relational_steps.Settings(start=config.start, memory=config.memory),
    )
    network = relational.Relational(
        layout, relational_training.slots(layout, shares), expected.weights
    )
    model = relational_training.model(network, bases, shares, repeats)
    return train.fit(
        model,
        optimizer,
        dataclasses.replace(recipe, clip=clip),
        fit_keys,
        codes,
        model.init(init_key),
        context,
    )


def _noisy_counts(
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    key: Key[Array, ""],
    row_key: Key[Array, ""],
    sigma: float,
    context: base.Context,
) -> tuple[list[np.ndarray], np.ndarray]:
    """One-way marginals and counts of repeats; drawn once, also if a fit is resumed."""
    saved = context.store.load("marginals")
    if saved is None:
        own = measure.pooled_counts(row_key, schema, devices, first=context.part.first)
        own.append(rows.repeat_counts(schema, devices))
        flat = context.part.total(np.concatenate(own))
        saved = {"counts": context.integer_noise(key, flat, sigma)}
        context.store.save("marginals", saved)
    vectors = measure.pooled_vectors(schema)
    stops = np.cumsum([vector.num_buckets * vector.num_codes for vector in vectors])
    *noisy, repeats = np.split(np.asarray(saved["counts"]), stops)
    return noisy, repeats


def _repeats(
    schema: schemas.Schema,
    layout: relational_layout.Layout,
    shares: dict[rows.Column, float],
) -> relational_training.Repeats:
    """What codes that rows before have start with: little where they seldom repeat."""
    return tuple(
        tuple(
            _UNIQUE if shares[column] < _SELDOM else 0.0
            for column in (
                (schema.tables[group.variables[place].table].name, place)
                for place in group.repeated
            )
        )
        for group in layout.tables
    )


def _num_parameters(layout: relational_layout.Layout) -> int:
    """Size of the model."""
    uniform = tuple(
        tuple(np.full(v.num_codes, 1 / v.num_codes) for v in group.variables)
        for group in layout.groups
    )
    bases = relational_bases.all_bases(layout, uniform)
    network = relational.Relational(layout, relational_training.slots(layout, uniform))
    model = relational_training.model(network, bases, uniform)
    shapes = jax.eval_shape(model.init, jax.random.key(0))
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))


def _columns(
    schema: schemas.Schema, layout: relational_layout.Layout
) -> list[list[rows.Column]]:
    """For each group, the tables and columns of its variables."""
    return [
        [(schema.tables[v.table].name, v.column) for v in group.variables]
        for group in layout.groups
    ]


def _named(values: tuple) -> base.Tree:
    """Values of each group and variable as nested dicts."""
    return {
        f"group_{g}": {f"variable_{v}": np.asarray(x) for v, x in enumerate(own)}
        for g, own in enumerate(values)
    }


def _listed(layout: relational_layout.Layout, tree: base.Tree) -> tuple:
    """Inverse of `_named`."""
    return tuple(
        tuple(tree[f"group_{g}"][f"variable_{v}"] for v in range(len(group.variables)))
        for g, group in enumerate(layout.groups)
    )
