"""Which pairs of attributes a spanning tree measures.

The tree is grown in two parts, so that rows of entity tables can be drawn one by one:
first over what a device has once (columns of anchor and groups, numbers of rows); then
each entity table's columns are attached to it, each through one pair. The first column
of an entity table, which says what a row is about, is paired with the number of rows
whatever the data say.

References:
    McKenna et al. 2021 (arXiv:2108.04978).
"""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from teledp_jax.marginals import relation

Pair = tuple[int, int]
Choose = Callable[[int, Float[np.ndarray, " candidate"]], int]
"""Chooses a candidate of high score under privacy: (number of the choice, scores)."""


def fixed_pairs(attributes: Sequence[relation.Attribute]) -> list[Pair]:
    """Returns the pairs that are measured whatever the data say."""
    return [
        (index - 1, index)
        for index, attribute in enumerate(attributes)
        if attribute.is_detail and attribute.column == 0
    ]


def candidates(attributes: Sequence[relation.Attribute]) -> list[Pair]:
    """Returns all pairs but those of columns of two entity tables."""
    return [
        (first, second)
        for first, second in itertools.combinations(range(len(attributes)), 2)
        if not (attributes[first].is_detail and attributes[second].is_detail)
        or attributes[first].table == attributes[second].table
    ]


def num_choices(attributes: Sequence[relation.Attribute]) -> int:
    """Counts the choices under privacy; public."""
    return len(attributes) - 1 - len(fixed_pairs(attributes))


def grow(
    attributes: Sequence[relation.Attribute],
    score: Callable[[Pair], float],
    choose: Choose,
) -> list[Pair]:
    """Returns the pairs of a tree that spans all attributes.

    Args:
        attributes: Of the relation.
        score: How badly independence fits a pair. Private.
        choose: The mechanism; it is asked `num_choices` times.
    """
    component = list(range(len(attributes)))
    pairs: list[Pair] = []

    def join(pair: Pair) -> None:
        old, new = component[pair[1]], component[pair[0]]
        component[:] = [new if own == old else own for own in component]
        pairs.append(pair)

    scores = {pair: score(pair) for pair in candidates(attributes)}
    once = [p for p in scores if not any(attributes[i].is_detail for i in p)]
    number = 0
    for part, forced in ((once, []), (list(scores), fixed_pairs(attributes))):
        for pair in forced:
            join(pair)
        while left := [p for p in part if component[p[0]] != component[p[1]]]:
            chosen = choose(number, np.array([scores[pair] for pair in left]))
            join(left[chosen])
            number += 1
    return pairs
