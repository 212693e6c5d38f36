import hypothesis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import strategies

from teledp_jax import schemas
from teledp_jax.data import coding

COLUMNS = strategies.sampled_from(
    [
        schemas.Column(
            name="runs",
            kind="integer",
            edges=(1, 2, 4, 8, 16),
            scale="log",
            has_zero=True,
        ),
        schemas.Column(name="power", kind="double", edges=(-1.0, 0.0, 10.0)),
        schemas.Column(name="x", kind="double", edges=(0.0, 0.5, 3.0)),
        schemas.Column(
            name="y", kind="double", edges=(0.1, 1.0, 300.0), scale="log", has_zero=True
        ),
    ]
)


@hypothesis.given(COLUMNS, strategies.lists(strategies.floats(width=64), min_size=1))
def test_whole_columns_encode_as_single_values_do(column, values):
    codes, _ = coding.of_numbers(column, np.array(values))
    assert codes.tolist() == [column.code_of(value) for value in values]


def test_odd_numbers_are_absent_or_clamped_and_counted():
    column = schemas.Column(
        name="x", kind="double", edges=(1.0, 2.0, 4.0), has_zero=True
    )
    values = np.array([np.nan, np.inf, -np.inf, -1.0, 0.0, 0.5, 1.0, 4.0, 5.0])
    codes, counts = coding.of_numbers(column, values)
    assert codes.tolist() == [0, 0, 0, 0, 1, 2, 2, 3, 3]
    assert counts == {
        "not_finite": 3,
        "negative": 1,
        "clamped_low": 1,
        "clamped_high": 1,
    }


@pytest.mark.parametrize(
    ("other", "codes", "unknown"), [(None, [1, 0, 0, 2], 1), ("b", [1, 2, 0, 2], 1)]
)
def test_texts_outside_of_the_vocabulary_are_counted(other, codes, unknown):
    column = schemas.Column(
        name="x", kind="category", categories=("a", "b"), other=other
    )
    found, counts = coding.of_texts(column, pa.array(["a", "z", None, "b"]))
    assert found.tolist() == codes
    assert counts == {"unknown_text": unknown}
