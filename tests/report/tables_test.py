"""Tables of texts."""

from teledp_jax.report import tables


def test_a_csv_becomes_a_table_and_tells_what_was_left_out():
    rows = [{"num_rows": str(n), "name": "x"} for n in (1000, 2, 3)]
    grid = tables.grid(rows, limit=2)
    assert grid.columns == ("num rows", "name")
    assert grid.rows == (("1,000", "x"), ("2", "x"))
    assert grid.more == 1
    assert tables.grid([]) == tables.Grid((), ())


def test_rows_are_grouped_in_order_of_appearance():
    rows = [{"label": "b", "n": 1}, {"label": "a", "n": 2}, {"label": "b", "n": 3}]
    assert list(tables.groups(rows, "label")) == ["b", "a"]
    assert [row["n"] for row in tables.groups(rows, "label")["b"]] == [1, 3]


def test_a_column_with_a_number_is_set_to_the_right():
    grid = tables.of(("name", "count", "mixed"), [("HP", "1", "x"), ("LG", "2", "3")])
    assert tables.numeric(grid) == [False, True, True]
    assert tables.numeric(tables.of(("name",), [])) == []
