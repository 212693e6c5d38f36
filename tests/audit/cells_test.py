"""Cells that only one of two neighbouring fleets has."""

import dp_accounting
import numpy as np
import pytest

from teledp_jax.audit import cells, fleets, replay, transcript
from teledp_jax.privacy import events, texts


def test_cells_are_matched_by_name_and_own_ones_are_not_told():
    counts = np.array([[5, 50], [1, 9], [7, 70]])
    found = cells.match(["a", "b", "c"], ["c", "own", "a"], counts)
    assert found.exact.tolist() == [[7, 70], [0, 0], [5, 50]]
    assert found.own.tolist() == [[1, 9]]
    told = found.told(np.array([[70, 1], [80, 2], [90, 3]]))
    assert told.tolist() == [[90, 3], [0, 0], [70, 1]]
    nobody = cells.match([], ["own"], np.array([3]))
    assert nobody.told(np.zeros(0, np.int64)).tolist() == [0]


@pytest.mark.parametrize(("share", "holds"), [(1.0, True), (0.9, False)])
def test_a_threshold_that_is_too_low_is_seen(share, holds):
    # One device with nine names of its own, at sigma of five devices.
    sigma, own = 5.0 * texts.GRID, texts.weights(9)
    least = share * texts.threshold(sigma, max_texts=9, failure=1e-6)
    chance = cells.chance(np.full(9, own[9]), sigma=sigma, least=least)
    assert (chance <= 1e-6) == holds
    asked = transcript.Call("integers", np.zeros(1), sigma, b"", None, cells=("a",))
    pair = replay.Pair(
        "nine names",
        transcript.Transcript([asked], [], [], {}, []),
        transcript.Transcript([asked._replace(chance=chance)], [], [], {}, []),
    )
    event = dp_accounting.ComposedDpEvent(
        [events.VectorGaussianDpEvent(sigma, texts.GRID), events.ThresholdDpEvent(1e-6)]
    )
    case = fleets.case("independent")
    case = case._replace(method=case.method._replace(event=event))
    bad = [row.audit for row in replay.check(case, [pair]) if row.is_bad]
    assert bad == ([] if holds else [replay.CELLS])
