"""How results of one query stand side by side."""

from teledp_jax.report import comparisons, run_files, texts


def make_query(name="q", **header):
    return run_files.Query(name=name, workload="w", header=header, statement="SELECT 1")


def test_results_are_joined_on_keys_and_first_rows_win():
    query = make_query(keys=["k"], values={"v": {}})
    (compared,) = comparisons.compare(
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
    assert grid.rows == (("x", "1", texts.NOTHING), ("y", "3", "4"))
    assert grid.more == 1


def test_keys_are_shown_as_they_are():
    query = make_query(keys=["code"], values={"v": {}})
    (compared,) = comparisons.compare(query, {"real": [{"code": "1000", "v": "1000"}]})
    assert compared.grid(query.keys, limit=9).rows == (("1000", "1,000"),)


def test_result_without_keys_is_compared_by_row():
    query = make_query(values={"v": {}})
    (compared,) = comparisons.compare(query, {"real": [{"v": "1"}], "pe": [{"v": "2"}]})
    assert compared.series == {"real": ("1",), "pe": ("2",)}


def test_rows_and_common_keys_are_counted():
    query = make_query(keys=["k"], values={"v": {}})
    results = {"real": [{"k": "x"}, {"k": "y"}], "pe": [{"k": "y"}]}
    assert comparisons.counts(query, results) == (
        "Rows: real 2, pe 1 (1 keys in common)."
    )
