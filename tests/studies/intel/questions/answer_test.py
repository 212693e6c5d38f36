import pytest

from teledp_jax.studies.intel.questions import answer


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_names_are_joined_as_people_do(names, text):
    assert answer.listed(names) == text
