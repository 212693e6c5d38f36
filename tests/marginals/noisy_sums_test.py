"""What is said of the noise on counts, worked out by hand."""

import numpy as np

from teledp_jax.marginals import noisy_sums, statistics


def variable(kind: statistics.Kind, name: str) -> statistics.Variable:
    return statistics.Variable(kind, "apps", 0, 2, f"apps/{name}")


def noisy(*blocks: tuple[statistics.Variable, ...]) -> noisy_sums.Noisy:
    """Blocks whose noise is 1, 2, 3 and so on."""
    made = [statistics.Block(sides, "apps", 1.0, False, 1.0, 0, ()) for sides in blocks]
    stddevs = np.arange(1.0, len(made) + 1)
    return noisy_sums.Noisy(statistics.Plan(tuple(made)), np.zeros(0), stddevs, 4.0, 9)


def test_noise_is_the_median_over_columns_and_over_pairs():
    rows, bucket = variable("rows", "rows"), variable("bucket", "bucket")
    one, other = variable("column", "a"), variable("column", "b")
    found = noisy_sums.noise_of_counts(
        noisy((rows,), (bucket, one), (other,), (one, other), (one, rows))
    )
    assert found == {"column_noise": 2.5, "pair_noise": 4.5}


def test_a_plan_without_pairs_states_none():
    assert noisy_sums.noise_of_counts(noisy((variable("column", "a"),))) == {
        "column_noise": 1.0
    }
