"""One form of message for all fields of configs."""

from typing import NamedTuple

import pytest

from teledp_jax import errors
from teledp_jax.privacy import checks


class Config(NamedTuple):
    share: float = 0.5
    count: int = 3
    kind: str = "plain"


def check(**fields) -> checks.Fields:
    return checks.Fields("method", Config(**fields))


def test_what_is_within_its_limits_passes():
    check().number("share", above=0, below=1)
    check(count=1).number("count", at_least=1, at_most=1)
    check().number("share", "count", at_least=0)
    check().one_of("kind", ("plain", "fancy"))


@pytest.mark.parametrize("value", [0.0, 1.0, float("nan"), float("inf"), -2])
def test_a_message_states_field_limits_and_value(value):
    with pytest.raises(errors.InputError) as error:
        check(share=value).number("share", above=0, below=1)
    assert str(error.value) == (
        f"method.share: expected a number above 0 and below 1, got {value!r}."
    )


def test_limits_may_be_met_or_not():
    with pytest.raises(errors.InputError, match="at least 1 and at most 10, got 11"):
        check(count=11).number("count", at_least=1, at_most=10)
    with pytest.raises(errors.InputError, match="at least 4, got 3"):
        check().number("share", "count", at_least=-1)
        check().number("count", at_least=4)


def test_an_unknown_value_lists_the_known_ones():
    with pytest.raises(errors.InputError) as error:
        check(kind="odd").one_of("kind", ("plain", "fancy"))
    assert str(error.value) == "method.kind: expected one of plain, fancy, got 'odd'."


def test_a_condition_of_any_kind_has_the_same_form():
    with pytest.raises(errors.InputError, match=r"method\.count: expected even, got 3"):
        check().that("count", False, "even")
