"""Progress bars on stderr."""

import sys
from collections.abc import Mapping

import tqdm

from teledp_jax.job import fit

_SHOWN: list[tqdm.tqdm] = []


def bar(name: str) -> fit.Progress:
    """Shows a progress bar.

    Args:
        name: What is in progress.

    Returns:
        A function to call with steps done, steps in all, and numbers to show.
    """
    shown = tqdm.tqdm(desc=name, file=sys.stderr, mininterval=0.5, leave=True)
    _SHOWN.append(shown)

    def advance(done: int, total: int, facts: Mapping[str, float]) -> None:
        shown.total = total
        shown.set_postfix({key: f"{value:.3g}" for key, value in facts.items()}, False)
        shown.update(done - shown.n)
        if done >= total:
            shown.close()

    return advance


def close() -> None:
    """Closes all bars, so that an error stands on a line of its own."""
    for shown in _SHOWN:
        shown.close()
