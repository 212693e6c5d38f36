import numpy as np

from teledp_jax.dpsgd.models import relational_fit, relational_layout
from tests import toys

SCHEMA = toys.schema(
    toys.anchor("base", toys.KIND),
    toys.entity("apps", toys.KIND, toys.SIZE, rows=3, by="size"),
)
LAYOUT = relational_layout.layout(SCHEMA)


def test_values_of_columns_go_to_the_variables_of_groups():
    values = {("base", 0): "a", ("apps", -1): "b", ("apps", 0): "c", ("apps", 1): "d"}
    device, apps = relational_fit._by_variable(SCHEMA, LAYOUT, values)
    assert sorted(device) == ["a", "b"] and sorted(apps) == ["c", "d"]


def test_named_trees_are_listed_again():
    values = tuple(
        tuple(np.full(2, 10 * g + v) for v in range(len(group.variables)))
        for g, group in enumerate(LAYOUT.groups)
    )
    named = relational_fit._named(values)
    assert sorted(named) == ["group_0", "group_1"]
    again = relational_fit._listed(LAYOUT, named)
    for one, other in zip(values, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_codes_that_seldom_repeat_start_held_back():
    for share, start in ((0.05, -4.0), (0.2, 0.0), (0.9, 0.0)):
        (starts,) = relational_fit._repeats(SCHEMA, LAYOUT, {("apps", 0): share})
        assert starts == (start,)


def test_the_size_of_a_model_grows_with_its_domains():
    wider = toys.schema(
        toys.anchor("base", toys.category("kind", *"abcdefghijklm")),
        SCHEMA.tables[1],
    )
    sizes = [
        relational_fit.num_parameters(relational_layout.layout(schema))
        for schema in (SCHEMA, wider)
    ]
    assert 0 < sizes[0] < sizes[1]
