"""Processes that are started together, and again if one dies."""

import sys

import pytest

from teledp_jax import errors
from teledp_jax.cluster import launcher


def ending(*codes):
    """A gang of processes that do no more than that."""
    return lambda: [
        launcher.LocalMember([sys.executable, "-c", code], is_shown=not index)
        for index, code in enumerate(codes)
    ]


WAITS = "import time; time.sleep(60)"
REFUSES = "import sys; print('error: no room', file=sys.stderr); sys.exit(2)"


def test_a_gang_that_dies_again_and_again_is_given_up():
    start = ending(WAITS, "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(errors.InputError, match=r"Process 1 .* by SIGKILL, and 1 new"):
        launcher.run(start, restarts=1)


@pytest.mark.parametrize("codes", [(REFUSES, REFUSES), (WAITS, REFUSES)])
def test_what_a_new_start_would_not_mend_is_told_once(codes, capfd):
    assert launcher.run(ending(*codes)) == 2
    assert capfd.readouterr().err == "error: no room\n"
