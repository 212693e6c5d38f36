import pytest

from teledp_jax.report import inputs as inputs_lib
from teledp_jax.report import tables


def make_query(name="q", **header):
    return inputs_lib.Query(
        name=name, workload="w", header=header, statement="SELECT 1"
    )


def make_score(label, query, passed, **fields):
    return {"label": label, "query": query, "passed": str(passed)} | fields


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, tables.NOTHING),
        ("", tables.NOTHING),
        ("nan", "nan"),
        ("inf", "∞"),
        ("0.12345", "0.123"),
        ("1e-5", "1e-05"),
        (1234567.8, "1,234,568"),
        ("4.0", "4"),
        ("Lenovo", "Lenovo"),
    ],
)
def test_numbers_become_short_texts(value, text):
    assert tables.show(value) == text


def test_sizes_and_times_have_units():
    assert tables.size(1_610_612_736) == "1.5 GiB"
    assert tables.size(None) == tables.NOTHING
    assert tables.seconds(90) == "90 s"
    assert tables.seconds("300") == "5 min"


def test_query_passes_from_half_of_its_checks_on():
    scores = [make_score("a", "q", True), make_score("a", "q", False)]
    scores += [make_score("b", "q", True)] + [make_score("b", "q", False)] * 2
    cells = tables.matrix(scores)
    assert cells["a", "q"].verdict == "pass"
    assert cells["b", "q"].verdict == "fail"
    assert cells["b", "q"].score == pytest.approx(1 / 3)


def test_what_was_not_evaluated_is_no_failure():
    cells = tables.matrix([make_score("a", "q1", True)])
    queries = [make_query("q1"), make_query("q2")]
    assert tables.tally(cells, "a", queries) == (1, 1)
    assert tables.Cell(0, 0).verdict == "none"


def test_divides_finds_what_every_method_and_none_passes():
    verdicts = {"q1": (True, True), "q2": (False, False), "q3": (True, False)}
    scores = [
        make_score(label, name, passed)
        for name, pair in verdicts.items()
        for label, passed in zip("ab", pair, strict=True)
    ]
    queries = [make_query(name) for name in verdicts]
    found = tables.divides(tables.matrix(scores), "ab", queries)
    assert [query.name for query in found["every"]] == ["q1"]
    assert [query.name for query in found["none"]] == ["q2"]


def test_types_and_rare_queries_are_counted_apart():
    queries = [make_query("q1", type="topk"), make_query("q2", type="topk", rare=True)]
    scores = [make_score("a", "q1", True), make_score("a", "q2", False)]
    grid = tables.by_type(tables.matrix(scores), ["a"], queries)
    assert grid.rows == (("topk", "2", "1 of 2"), ("about rare events", "1", "0 of 1"))


def test_results_are_joined_on_keys_and_first_rows_win():
    query = make_query(keys=["k"], values={"v": {}})
    (compared,) = tables.compare(
        query,
        {
            "real": [{"k": "x", "v": "1"}, {"k": "x", "v": "2"}, {"k": "y", "v": "3"}],
            "pe": [{"k": "z", "v": "5"}, {"k": "y", "v": "4"}],
        },
    )
    assert compared.names == (("x",), ("y",), ("z",))
    assert compared.series == {"real": ("1", "3", None), "pe": (None, "4", "5")}
    grid = compared.grid(query.keys, limit=2)
    assert grid.columns == ("k", "real", "pe")
    assert grid.rows == (("x", "1", tables.NOTHING), ("y", "3", "4"))
    assert grid.more == 1


def test_keys_are_shown_as_they_are():
    query = make_query(keys=["code"], values={"v": {}})
    (compared,) = tables.compare(query, {"real": [{"code": "1000", "v": "1000"}]})
    assert compared.grid(query.keys, limit=9).rows == (("1000", "1,000"),)


def test_result_without_keys_is_compared_by_row():
    query = make_query(values={"v": {}})
    (compared,) = tables.compare(query, {"real": [{"v": "1"}], "pe": [{"v": "2"}]})
    assert compared.series == {"real": ("1",), "pe": ("2",)}


def make_event(label, value, real, ratio):
    return {
        "label": label, "table": "t", "column": "c", "value": value,
        "real_share": str(real), "synthetic_share": str(real * ratio),
        "ratio": str(ratio),
    }  # fmt: skip


def test_rare_events_are_kept_within_a_factor_of_two_or_lost():
    rows = [make_event("pe", "a", 0.01, 2.0), make_event("pe", "b", 0.02, 0.25)]
    rows += [make_event("pe", "c", 0.03, 0.0)]
    assert tables.rare_summary(rows).rows == (("pe", "3", "1", "1", "0.25"),)
    found = tables.rare_events(rows)
    assert found.columns == ("table", "column", "value", "real", "pe")
    assert found.rows[0] == ("t", "c", "a", "1 %", "2 %")
    assert found.rows[2] == ("t", "c", "c", "3 %", "0 %")
    assert len(tables.rare_events(rows * 2).rows) == 3
