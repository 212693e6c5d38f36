"""Jobs on fleets of seconds, for tests."""

import pathlib

import ml_collections

from teledp_jax import runs, storage
from teledp_jax.job import pipeline, settings
from teledp_jax.methods import independent


def quiet(name):
    return lambda done, total, facts: None


def make_config(**overrides) -> ml_collections.ConfigDict:
    config = settings.default("dca")
    config.num_devices = 300
    config.workloads = ("stability",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.seed = 0
    config.methods.independent = settings.entry(independent.Config())
    config.update_from_flattened_dict(overrides)
    return config


def make_job(
    folder: pathlib.Path, mirror: storage.Mirror | None = None, **overrides
) -> pipeline.Job:
    config = settings.resolve(make_config(**overrides))
    return pipeline.Job(config, runs.Run(folder), mirror)
