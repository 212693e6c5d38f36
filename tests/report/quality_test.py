from teledp_jax.report import quality


def count(table: str, rule: str, number: int) -> dict[str, str]:
    return {"table": table, "column": "guid", "rule": rule, "count": str(number)}


def test_what_became_of_raw_rows_is_shown_with_shares():
    found = quality.raw_rows(
        [
            count("crashes", "raw_rows", 2000),
            count("crashes", "raw_orphan", 500),
            count("crashes", "raw_used", 1500),
            count("crashes", "clamped_high", 7),
        ]
    )
    assert found.rows == (
        (
            "crashes",
            "2,000",
            "1,500 (75.00%)",
            "0 (0.00%)",
            "0 (0.00%)",
            "500 (25.00%)",
        ),
    )
    assert found.columns[-1] == "of devices that the anchor lacks"


def test_a_run_that_counted_no_raw_rows_shows_none():
    assert quality.raw_rows([count("crashes", "orphan", 7)]).rows == ()
