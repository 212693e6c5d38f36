import pytest

from teledp_jax.data import layouts


@pytest.mark.parametrize(
    ("given", "expected", "allowed"),
    [
        ("INTEGER", "INTEGER", True),
        ("SMALLINT", "BIGINT", True),
        ("BIGINT", "INTEGER", False),
        ("UINTEGER", "INTEGER", False),
        ("FLOAT", "DOUBLE", True),
        ("DOUBLE", "FLOAT", False),
        ("DECIMAL(18,3)", "DOUBLE", True),
        ("TIMESTAMP_NS", "TIMESTAMP", True),
        ("VARCHAR", "TIMESTAMP", False),
        ("INTEGER", "VARCHAR", False),
    ],
)
def test_only_a_cast_that_fails_on_no_value_is_allowed(given, expected, allowed):
    assert layouts.widens(given, expected) is allowed
