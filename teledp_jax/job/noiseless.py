"""Fits without noise: what a method loses by its form, and not by privacy.

An experiment on simulated or public data. Whole numbers get no noise at all; what else
is noisy (choices, steps of DP-SGD) is calibrated to an epsilon at which noise hardly
counts. Nothing of such a run is released.
"""

import dataclasses
import shutil

import dp_accounting
import jax
import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import base, keys, runs
from teledp_jax.data import array_files, decode, definition
from teledp_jax.job import drawing, questions, settings
from teledp_jax.job import fit as fit_lib
from teledp_jax.job.dependencies import Stage
from teledp_jax.job.stages import Stages
from teledp_jax.privacy import budgets

EPSILON = 100.0
"""Of what no sampler of whole numbers draws; calibration beyond it takes minutes."""


def fit_all(
    settings: settings.Settings, suite: definition.Suite, run: runs.Run, stages: Stages
) -> list[str]:
    """Fits every method without noise and draws its tables, if the config asks.

    Args:
        settings: The checked config.
        suite: The suite, its schema as it was encoded with.
        run: The run folder, with the encoded fleet.
        stages: The stages of the run: a fit that finished is not run again.

    Returns:
        The labels that were fitted so; none if the config does not ask.
    """
    if not settings.noiseless:
        shutil.rmtree(run.private / "noiseless", ignore_errors=True)
        return []
    labels = [label for label in settings.methods if label not in settings.claimed]
    for label in labels:
        _fit_once(settings, suite, run, label, stages)
    return labels


def _fit_once(
    settings: settings.Settings,
    suite: definition.Suite,
    run: runs.Run,
    label: str,
    stages: Stages,
) -> None:
    """Fits one label as a stage of its own."""
    stages.once(
        Stage("noiseless", label), lambda basis: fit(settings, suite, run, label)
    )


def fit(
    settings: settings.Settings, suite: definition.Suite, run: runs.Run, label: str
) -> None:
    """Fits one label without noise and draws as many devices as there are.

    Args:
        settings: The checked config.
        suite: The suite, its schema as it was encoded with.
        run: The run folder, with the encoded fleet.
        label: One of `settings.methods`.
    """
    schema = suite.schema
    count = array_files.stored_devices(run.arrays, schema)
    method, _ = fit_lib.make(
        dataclasses.replace(settings, epsilon=EPSILON),
        suite,
        label,
        budgets.Budget(
            epsilon=EPSILON,
            delta=settings.delta,
            spent=dp_accounting.NoOpDpEvent(),
            num_devices=count,
        ),
    )
    if settings.seed is None:
        public, privacy = keys.restore(keys.draw())
    else:
        public, privacy = keys.from_seed(settings.seed, stream=f"{label} noiseless")
    context = base.Context(
        store=base.MemoryStore(),
        progress=lambda done, total, facts: None,
        integer_noise=_no_noise,
        questions=questions.of(settings, suite),
    )
    devices = array_files.load_range(run.arrays, schema, 0, count)
    fitted: base.Tree = jax.tree.map(
        np.asarray, method.fit(keys.split(public, privacy), devices, context)
    )
    drawn, inside = drawing.draw(method, schema, fitted, public, count)
    with runs.atomic_folder(run.noiseless(label)) as temporary:
        decode.decode(schema, drawn, inside, temporary)


def _no_noise(
    key: Key[Array, ""], values: Integer[np.ndarray, "..."], sigma: float
) -> Integer[np.ndarray, "..."]:
    """Gives whole numbers back as they are."""
    del key, sigma
    return values.astype(np.int64)
