"""Compiles the programs of a config before there are data."""

import dataclasses
import pathlib
import tempfile
from collections.abc import Callable, Mapping

import dp_accounting
import jax

from teledp_jax import errors, keys, registry, runs
from teledp_jax.dpsgd import recipes
from teledp_jax.job import plan, secrets, settings, setup
from teledp_jax.privacy import budgets

Progress = Callable[[int, int, Mapping[str, float]], None]
"""Told of methods done, and methods in all."""


def compile_programs(chosen: settings.Settings, progress: Progress) -> list[str]:
    """Fits and draws once on a made-up fleet, so that the cache has the programs.

    Programs hold shapes and settings, and neither noise nor budget; shapes follow from
    the schema and from the size of the fleet, rounded up. So each training takes one
    step here, and a run of the config finds what was compiled. Programs of
    `dpsgd_relational` that hold its noisy marginals are compiled in each run.

    Args:
        chosen: The checked config, of a simulated fleet.
        progress: Told of the methods.

    Returns:
        The labels whose programs were compiled: those that train by DP-SGD.

    Raises:
        InputError: If the config has a source. Names of programs tell the size of its
            fleet, rounded; they are kept in its run folder only.
    """
    if chosen.source is not None:
        raise errors.InputError(
            "config.source: programs of a real fleet are kept in its run folder; "
            "compile ahead for a config that simulates."
        )
    with tempfile.TemporaryDirectory() as nowhere:
        whole = setup.Setup(chosen, runs.Run(pathlib.Path(nowhere)))
    schema = whole.suite.schema
    size = round(chosen.num_devices * (1.0 - chosen.holdout))
    trained = {
        label: (name, config)
        for label, (name, config) in whole.settings.methods.items()
        if isinstance(config, recipes.Training)
    }
    devices = plan.made_up(schema, size, seed=0) if trained else {}
    budget = budgets.Budget(
        epsilon=chosen.epsilon,
        delta=chosen.delta,
        spent=dp_accounting.NoOpDpEvent(),
        num_devices=size,
    )
    for number, (name, config) in enumerate(trained.values()):
        progress(number, len(trained), {})
        once = dataclasses.replace(config, num_epochs=config.sampling_prob)
        method = registry.make(name, once, schema, budget)
        public, privacy = jax.random.split(jax.random.key(0))
        fitted = method.fit(
            keys.split(public, privacy), devices, secrets.own_context(0)
        )
        method.sample(public, jax.device_get(fitted), 1)
        progress(number + 1, len(trained), {})
    return list(trained)
