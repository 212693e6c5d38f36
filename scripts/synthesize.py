"""Fits the methods of a config and draws their tables.

python scripts/synthesize.py --config=configs/demo.py --workdir=runs/demo --label=pe

With --processes=2, two processes of this machine fit together, each with half of the
devices. On several machines, start this script once for each process, all with the
same flags and a run folder that all see, and besides:

    --coordinator=HOST:PORT --num_processes=4 --process_id=0 (then 1, 2, 3)

or, on TPU pods and under Slurm, --coordinator=auto alone. If one of them dies, all end;
started again, they go on from the last checkpoint.
"""

import contextlib

import launch
from absl import flags

from teledp_jax.cluster import gang

_LABEL = flags.DEFINE_string("label", None, "Only this label, as pe; none: all.")
_WITHIN = flags.DEFINE_bool("within_run", False, "The caller holds the run folder.")
_ATTACHED = flags.DEFINE_bool("attached", False, "End as standard input is closed.")
_COORDINATOR = flags.DEFINE_string(
    "coordinator",
    None,
    "HOST:PORT that the first of several processes opens; auto: JAX finds them.",
)
_NUM_PROCESSES = flags.DEFINE_integer("num_processes", 1, "Processes in all.")
_PROCESS_ID = flags.DEFINE_integer("process_id", 0, "Number of this one, from 0.")


def join() -> gang.Gang:
    """Meets the other processes, if there are any."""
    if _ATTACHED.value:
        gang.end_with_parent()
    if _COORDINATOR.value is None:
        return gang.ALONE
    return gang.join(_COORDINATOR.value, _NUM_PROCESSES.value, _PROCESS_ID.value)


def main() -> None:
    """Runs the stage."""
    members = join()
    job = launch.job()
    hold: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
    if members.is_first:
        hold = job.open(locked=not _WITHIN.value)
    count = 1 if _COORDINATOR.value else launch.num_processes(job)
    with hold:
        for label in [_LABEL.value] if _LABEL.value else list(job.config.methods):
            if count > 1 and not job.is_synthesized(label):
                launch.start_gang(job, count, label)
            else:
                job.synthesize(label, launch.bar, members)


if __name__ == "__main__":
    launch.run(main)
