import numpy as np
import pytest

from teledp_jax.marginals import graph, merge, relation

SIZES = [2, 3, 2, 2]


def attribute(num_codes: int, **kwargs) -> relation.Attribute:
    fields = {"first_ordinal": num_codes, "no_row": -1, "is_detail": False}
    return relation.Attribute("t", 0, num_codes, **{**fields, **kwargs})


def joint() -> np.ndarray:
    """A distribution in which 0 - 1 - 2 is a chain and 3 stands apart."""
    one = np.array([[0.3, 0.1, 0.1], [0.05, 0.05, 0.4]])
    two = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    return np.einsum("ab,bc,d->abcd", one, two, np.array([0.25, 0.75]))


def exact(clique: tuple[int, ...]) -> np.ndarray:
    rest = tuple(axis for axis in range(4) if axis not in clique)
    return 1000 * joint().sum(axis=rest).ravel()


def measure(*cliques: tuple[int, ...]) -> list[graph.Measurement]:
    return [graph.Measurement(c, exact(c), np.ones(len(exact(c)))) for c in cliques]


def test_a_plan_draws_entity_columns_last_and_knows_all_parents():
    cliques = [(0, 1), (1, 2), (2, 3), (0, 3)]
    steps = graph.drawing_steps(SIZES, cliques, [1])
    assert sorted(step.attribute for step in steps) == [0, 1, 2, 3]
    assert steps[-1] == graph.Step(1, (0, 2))
    drawn: set[int] = set()
    for step in steps:
        assert set(step.parents) <= drawn
        drawn.add(step.attribute)


def test_the_size_of_a_plan_is_that_of_its_tables():
    cells = 2 * 3 + 3 * 2 + 2 + 2
    steps = graph.drawing_steps(SIZES, [(0, 1), (1, 2)], [])
    tables = sum(
        SIZES[s.attribute] * np.prod([SIZES[p] for p in s.parents], dtype=int)
        for s in steps
    )
    found = graph.size_mb(SIZES, [(0, 1), (1, 2)], [])
    assert found == pytest.approx(tables * 8 / 2**20)
    assert tables <= cells + 3


def test_exact_marginals_give_the_distribution_back():
    cliques = [(0, 1), (1, 2), (3,)]
    model = graph.estimate(SIZES, measure(*cliques), total=1000, num_iterations=1000)
    steps = graph.drawing_steps(SIZES, cliques, [])
    tables = graph.conditionals(SIZES, model, steps)
    drawn = graph.draw_merged(np.random.default_rng(0), SIZES, steps, tables, 200_000)
    for clique in ((0, 1), (1, 2), (0, 2), (2, 3)):
        found = graph.marginal(SIZES, drawn, clique) / 200
        np.testing.assert_allclose(found, exact(clique), atol=4)


def test_low_codes_without_an_order_become_one_group():
    noisy = np.array([500.0, 1.0, 400.0, -3.0, 2.0])
    merged = merge.merge(attribute(5), noisy, sigma=10.0)
    assert merged.group.tolist() == [0, 1, 2, 1, 1]
    assert merged.counts.tolist() == [500, 0, 400]
    np.testing.assert_allclose(merge.spread(merged).sum(axis=1), 1)


def test_neighbours_in_an_order_merge_until_they_stand_out():
    noisy = np.array([0.0, 20.0, 25.0, 90.0, 5.0, 5.0, 500.0])
    found = merge.merge(attribute(7, first_ordinal=1, no_row=6), noisy, sigma=10.0)
    assert found.group[1] == found.group[2] != found.group[3]
    assert found.group[4] == found.group[5] == found.group[3]
    assert (found.group == found.group[6]).sum() == 1, "no row stays alone"
