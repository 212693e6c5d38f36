"""Rows are held to their constraints: hand-worked values and properties."""

import hypothesis
import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from teledp_jax import arrays, schemas
from teledp_jax.data import decode, holding


def table(columns, *constraints):
    return schemas.Table(
        name="t", role="anchor", grain="", columns=columns, constraints=constraints
    )


def number(name, *edges, kind="integer", has_zero=True):
    return schemas.Column(name=name, kind=kind, edges=edges, has_zero=has_zero)


def text(name, *values):
    return schemas.Column(name=name, kind="category", categories=values)


def held(own, **columns):
    drawn = {name: pa.array(values) for name, values in columns.items()}
    found = holding.hold(own, drawn, np.random.default_rng(0))
    assert not any(holding.broken(own, found))
    return {name: values.to_pylist() for name, values in found.items()}


AT_MOST = schemas.Constraint(kind="at_most", columns=("few", "many"))


def test_both_numbers_stay_in_their_bins_where_they_can():
    own = table((number("few", 1, 4, 8), number("many", 1, 3, 5, 9)), AT_MOST)
    # 6 lies in 4 to 7, 3 in 3 and 4: both can be 4. 7 lies in 4 to 7, 2 in 1 and 2:
    # the first one leaves its bin. An absent number ties nothing.
    found = held(own, few=[6, 7, 2, None, 0], many=[3, 2, 8, 1, 0])
    assert found == {"few": [4, 2, 2, None, 0], "many": [4, 2, 8, 1, 0]}


def test_a_chain_of_numbers_is_held():
    own = table(
        (number("a", 0, 9), number("b", 0, 9), number("c", 0, 9)),
        schemas.Constraint(kind="at_most", columns=("a", "b")),
        schemas.Constraint(kind="at_most", columns=("b", "c")),
    )
    found = held(own, a=[8, 1], b=[5, 2], c=[3, 3])
    assert found == {"a": [3, 1], "b": [3, 2], "c": [3, 3]}


def test_parts_are_scaled_to_their_total():
    own = table(
        (number("x", 0, 100, kind="double"), number("y", 0, 100, kind="double")),
        schemas.Constraint(kind="sum", columns=("x", "y"), total=100.0),
    )
    found = held(own, x=[30.0, 50.0, 0.0, None], y=[20.0, 150.0, 0.0, 40.0])
    assert found == {"x": [60.0, 25.0, 0.0, None], "y": [40.0, 75.0, 0.0, 100.0]}


def test_a_total_is_what_its_parts_add_up_to():
    own = table(
        (number("x", 0, 9), number("y", 0, 9), number("all", 0, 20)),
        schemas.Constraint(kind="sum", columns=("x", "y"), total="all"),
    )
    assert held(own, x=[1, None], y=[2, 5], all=[9, 9])["all"] == [3, 5]


def test_most_rows_decide_what_a_column_determines():
    own = table(
        (text("model", "m", "n"), text("vendor", "v", "w")),
        schemas.Constraint(kind="determines", columns=("model", "vendor")),
    )
    found = held(
        own, model=["m", "m", "m", "n", None], vendor=["v", "w", "v", "w", "v"]
    )
    assert found["vendor"] == ["v", "v", "v", "w", "v"]


def test_a_row_keeps_the_values_that_a_listed_combination_has():
    own = table(
        (text("os", "w10", "w11"), text("release", "r1", "r2", "r3")),
        schemas.Constraint(
            kind="combinations",
            columns=("os", "release"),
            values=(("w10", "r1"), ("w11", "r2")),
        ),
    )
    found = held(own, os=["w10", "w11", "w10", None], release=["r3", "r2", "r1", "r3"])
    assert found["os"] == ["w10", "w11", "w10", None]
    assert found["release"] == ["r1", "r2", "r1", "r3"]


def test_combinations_are_drawn_as_often_as_rows_have_them():
    values = (("a", "1"), ("a", "2"), ("b", "1"))
    own = table(
        (text("x", "a", "b"), text("y", "1", "2", "3")),
        schemas.Constraint(kind="combinations", columns=("x", "y"), values=values),
    )
    found = held(
        own,
        x=["a"] * 900 + ["a"] * 100 + ["a"] * 400,
        y=["1"] * 900 + ["2"] * 100 + ["3"] * 400,
    )
    drawn = found["y"][1000:]
    assert 330 < drawn.count("1") < 390 and drawn.count("3") == 0


@hypothesis.given(
    st.lists(st.tuples(*[st.integers(0, 3)] * 4), min_size=1, max_size=30),
    st.integers(0, 2**32 - 1),
)
def test_decoded_rows_keep_every_constraint(codes, seed):
    own = table(
        (
            number("few", 0, 4, 9),
            number("many", 0, 3, 9),
            text("os", "w10", "w11", "w12"),
            text("release", "r1", "r2", "r3"),
        ),
        AT_MOST,
        schemas.Constraint(
            kind="combinations",
            columns=("os", "release"),
            values=(("w10", "r1"), ("w11", "r2")),
        ),
    )
    schema = schemas.Schema(suite="s", device="id", tables=(own,))
    made = np.array(codes, np.uint8)[:, None, :]
    devices = {"t": arrays.from_padded(made, np.ones((len(made), 1), bool))}
    rng = np.random.default_rng(seed)
    ((_, rows),) = decode.tables(schema, devices, rng)
    columns = {name: rows[name] for name in ("few", "many", "os", "release")}
    assert holding.broken(own, columns) == [0, 0]
    assert [value is None for value in rows["os"].to_pylist()] == [
        code[2] == 0 for code in codes
    ]


def test_large_tables_are_held_without_a_loop_over_rows():
    size = 200_000
    rng = np.random.default_rng(0)
    own = table(
        (text("model", *map(str, range(50))), text("vendor", *map(str, range(5)))),
        schemas.Constraint(kind="determines", columns=("model", "vendor")),
    )
    columns = {
        "model": pa.array(rng.integers(0, 50, size).astype(str)),
        "vendor": pa.array(rng.integers(0, 5, size).astype(str)),
    }
    found = holding.hold(own, columns, rng)
    assert holding.broken(own, found) == [0]
    assert len(set(zip(*(c.to_pylist() for c in found.values()), strict=True))) == 50
