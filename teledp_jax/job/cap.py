"""Refuses a run that the ledger of its data set has no room for."""

from collections.abc import Collection, Sequence

import dp_accounting

from teledp_jax import runs
from teledp_jax.answers import workload
from teledp_jax.data import definition
from teledp_jax.job import answer, fit, settings, spending
from teledp_jax.privacy import ledger as ledger_lib


def check(
    settings: settings.Settings,
    suite: definition.Suite,
    run: runs.Run,
    labels: Collection[str],
    *,
    shared: Sequence[ledger_lib.Part],
    is_shared_spent: bool,
) -> None:
    """Refuses what may not be read (again), before anything is read.

    A method is made for as many devices as the config states and for the headers'
    domains, since the noisy number and private domains are not known yet; each label
    is held to the book again before its fit.

    Args:
        settings: The checked config.
        suite: The suite as its headers state it.
        run: The run folder.
        labels: The labels that will read.
        shared: What is read for all labels together.
        is_shared_spent: Whether that was read before and is in the book.

    Raises:
        InputError: If all releases of the data set would exceed the owner's cap, or if
            other runs have read it and nobody said that it may be read again.
    """
    if settings.book is None:
        return
    spent = dp_accounting.ComposedDpEvent([event for _, _, event in shared])
    parts = [] if is_shared_spent else [spent]
    for label in labels:
        budget = spending.budget(settings, label, shared, settings.num_devices)
        if label == runs.QUERY_ANSWERS:
            planned = answer.plan(settings, suite)
            parts.append(workload.calibrate(planned.blocks, budget).event)
        else:
            parts.append(fit.make(settings, suite, label, budget)[0].event)
    if parts:
        event = dp_accounting.ComposedDpEvent(parts)
        settings.book.check(event, about="this run")
        spending.refuse_twice(settings, run, event)
