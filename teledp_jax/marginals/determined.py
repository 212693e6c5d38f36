"""Categories that follow from another one, as the kind of an application from its name.

Noise makes of a noisy block a little of every code for each parent. Where most parents
have one code only, that is known of the others too: each parent either has one code, or
is spread as all rows are. How often a parent has one code, and which, is learnt from
the noisy block itself by expectation maximisation, so it costs no budget.
"""

import numpy as np
import scipy.special
from jaxtyping import Float

_APART = 0.5  # by what part a spread parent's share of a code differs from all rows'
_UNSURE = 0.2  # by what part the rows of a parent may differ from what is told
_STEPS = 50  # of expectation maximisation
_MOST = 0.5  # of the parents have one code, or none is taken to
_CLEAR = 0.5  # chance from which a parent is taken to have one code


def shares(
    mass: Float[np.ndarray, "parent code"],
    rows: Float[np.ndarray, " parent"],
    stddev: float,
) -> Float[np.ndarray, "parent code"] | None:
    """Estimates the shares of codes that follow from their parents.

    Args:
        mass: Noisy rows in each cell.
        rows: Rows of each parent in proportion, as another measurement tells them.
        stddev: Of the noise of each cell.

    Returns:
        Shares of the codes of each parent; NaN for a parent that is spread. None, if
        most parents are.
    """
    total = float(mass.sum())
    if total <= 0 or rows.sum() <= 0 or mass.shape[1] < 2 or stddev <= 0:
        return None
    held = _rows(mass, rows / rows.sum() * total, stddev)
    usual = np.maximum(mass.sum(axis=0), 0.0)
    usual = usual / usual.sum()
    expected = held[:, None] * usual
    spread = (_APART * expected) ** 2
    variance = stddev**2
    # Log likelihoods of a parent spread as all rows are, and of each code alone.
    mixed = -0.5 * (
        (mass - expected) ** 2 / (variance + spread) + np.log1p(spread / variance)
    ).sum(axis=1)
    alone = -0.5 * (
        (mass**2).sum(axis=1, keepdims=True)
        - mass**2
        + (mass - held[:, None]) ** 2
    ) / variance  # fmt: skip
    chances, share = _chances(mixed, alone)
    if share <= _MOST:
        return None
    follows = chances.sum(axis=1, keepdims=True)
    found = chances + (1 - follows) * usual
    return np.where(follows > _CLEAR, found, np.nan)


def _rows(
    mass: Float[np.ndarray, "parent code"],
    told: Float[np.ndarray, " parent"],
    stddev: float,
) -> Float[np.ndarray, " parent"]:
    """Rows of each parent, by its cells and by what is told, each by its precision."""
    precision = 1 / (mass.shape[1] * stddev**2)
    lean = 1 / np.maximum((_UNSURE * told) ** 2, 1e-30)
    held = (precision * mass.sum(axis=1) + lean * told) / (precision + lean)
    return np.maximum(held, 0.0)


def _chances(
    mixed: Float[np.ndarray, " parent"], alone: Float[np.ndarray, "parent code"]
) -> tuple[Float[np.ndarray, "parent code"], float]:
    """Chances that a parent has one code only, by code, and the share of such."""
    size = alone.shape[1]
    share, codes = 0.5, np.full(size, 1 / size)
    chances = np.zeros_like(alone)
    for _ in range(_STEPS):
        one = np.log(np.maximum(share * codes, 1e-300)) + alone
        several = np.log(max(1 - share, 1e-300)) + mixed
        logs = np.concatenate([one, several[:, None]], axis=1)
        chances = scipy.special.softmax(logs, axis=1)[:, :-1]
        share = float(chances.sum(axis=1).mean())
        codes = chances.sum(axis=0) + 1 / size
        codes = codes / codes.sum()
    return chances, share
