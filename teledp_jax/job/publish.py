"""The folder `release/` of a run: the only part that may leave the building."""

import shutil

from teledp_jax import runs
from teledp_jax.answers import releases
from teledp_jax.data import definition
from teledp_jax.job import settings
from teledp_jax.report import card


def publish(
    settings: settings.Settings, suite: definition.Suite, run: runs.Run
) -> None:
    """Writes card and tables of each label; a seeded run releases nothing.

    A label that keeps its books as the published study does has no release.

    Args:
        settings: The checked config.
        suite: The suite.
        run: The run folder, evaluated.

    Raises:
        InputError: If a label is above its budget.
    """
    for stale in (run.folder / "release").glob("*"):
        if stale.is_dir() and stale.name != releases.NAME:  # of another command
            shutil.rmtree(stale)
    if settings.seed is not None:
        return
    for label in settings.methods:
        if label not in settings.claimed:
            publish_label(suite, run, label)


def publish_label(suite: definition.Suite, run: runs.Run, label: str) -> None:
    """Writes the card of a label, which checks its budget; copies its tables."""
    card.write(run, label)
    folder = run.release(label)
    for table in suite.schema.tables:
        name = f"{table.name}.parquet"
        with runs.atomic(folder / name) as temporary:
            shutil.copyfile(run.synthetic(label) / name, temporary)
