"""Fits the methods of a config and draws their tables.

    teledp fit --config=configs/demo.py --workdir=runs/demo --labels=pe

What will be released is also fitted again to its own tables, to grade its answers.

With --processes=2, two processes of this machine fit together, each with half of the
devices. On several machines, start this command once for each process, all with the
same flags and a run folder that all see, and besides:

    --coordinator=HOST:PORT --num_processes=4 --process_id=0 (then 1, 2, 3)

or, on TPU pods and under Slurm, only --coordinator=auto. If one of them dies, all end;
started again, they go on from the last checkpoint.
"""

import contextlib
import sys

from absl import flags

from teledp_jax import errors
from teledp_jax.cli import command, job_flags, progress
from teledp_jax.cluster import gang, launcher, placement
from teledp_jax.job import pipeline


def define(values: flags.FlagValues) -> None:
    """Defines the flags; those of processes that others start are hidden."""
    job_flags.define(values, fits=True, spends=True)
    flags.DEFINE_bool("within_run", False, command.HIDDEN, flag_values=values)
    flags.DEFINE_bool("attached", False, command.HIDDEN, flag_values=values)
    flags.DEFINE_string("coordinator", None, command.HIDDEN, flag_values=values)
    flags.DEFINE_integer("num_processes", 1, command.HIDDEN, flag_values=values)
    flags.DEFINE_integer("process_id", 0, command.HIDDEN, flag_values=values)


def main(values: flags.FlagValues) -> None:
    """Fits each label that is not finished."""
    members = _join(values)
    opened = job_flags.open_job(values, keep_all=True)
    hold: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
    if members.is_first:
        hold = opened.open(locked=not values.within_run)
    count = 1 if values.coordinator else _num_processes(values, opened)
    with hold:
        for label in job_flags.labels(values) or list(opened.settings.methods):
            if count > 1 and not opened.is_synthesized(label):
                start_gang(opened, count, label)
            else:
                opened.synthesize(label, progress.bar, members)
            if members is gang.ALONE:
                opened.grade(label, progress.bar)


def fit_command(label: str, *more: str) -> list[str]:
    """Writes the command that fits one label by another process.

    Args:
        label: One of the config.
        more: Further flags.

    Returns:
        Program and arguments: the flags of this process come first.
    """
    own = [f"--labels={label}", *more]
    return [sys.executable, "-m", "teledp_jax.cli", "fit", *sys.argv[1:], *own]


def start_gang(opened: pipeline.Job, count: int, label: str) -> None:
    """Fits a label by several processes; ends this one if they fail.

    Args:
        opened: The job.
        count: How many processes.
        label: One of the config.

    Raises:
        InputError: If they die again and again.
    """
    if opened.settings.engine == "ray":
        with opened.cluster():
            status = launcher.run(placement.start(fit_command(label), count))
    else:
        status = launcher.run(launcher.local(fit_command(label), count))
    if status:
        sys.exit(status)


def _join(values: flags.FlagValues) -> gang.Gang:
    """Meets the other processes, if there are any."""
    if values.attached:
        gang.end_with_parent()
    if values.coordinator is None:
        return gang.ALONE
    return gang.join(values.coordinator, values.num_processes, values.process_id)


def _num_processes(values: flags.FlagValues, opened: pipeline.Job) -> int:
    """Processes that fit a method together, started by this one."""
    count = values.processes
    if count is not None and count < 1:
        raise errors.InputError(f"--processes={count}: state 1 or more.")
    if count is None and opened.settings.engine == "ray":
        return opened.settings.ray.num_workers
    return count or 1
