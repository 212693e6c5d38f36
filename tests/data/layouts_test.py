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
        ("VARCHAR", "TIMESTAMP", True),  # ISO text; other text is absent
        ("VARCHAR", "DATE", True),
        ("VARCHAR", "BIGINT", False),
        ("BIGINT", "VARCHAR", True),
        ("DECIMAL(18,0)", "VARCHAR", True),
        ("DECIMAL(18,2)", "VARCHAR", False),
        ("DOUBLE", "VARCHAR", False),  # an id of 7.0 and 7 would be two devices
    ],
)
def test_only_a_cast_that_fails_on_no_value_is_allowed(given, expected, allowed):
    assert layouts.widens(given, expected) is allowed
