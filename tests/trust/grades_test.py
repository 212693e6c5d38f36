import pyarrow.parquet as pq
import pytest

from teledp_jax.queries import catalog, groups, run
from teledp_jax.trust import grades, ties
from tests.queries import fleet

COLUMNS = {"devices": ["country", "ram_gb"], "apps": ["app", "hangs"]}
DEVICES = {("DE",): 100, ("US",): 20, groups.WHOLE: 120}


def query(tmp_path, old="", new=""):
    suite = fleet.suite(tmp_path, crashes_by_country=fleet.BY_COUNTRY.replace(old, new))
    (found,) = catalog.load(suite.folder / "queries")["stability"]
    return found


def result(*rows):
    return run.Result(("country", "num_devices", "mean_crashes"), rows)


def graded(one, released, refits, **options):
    fields = {"devices": DEVICES, "min_devices": 50, "ties_kept": True} | options
    rows = grades.rows(one, released, refits, **fields)
    return {(row["column"], row["group_key"]): row for row in rows}


RELEASED = result(("DE", 100, 2.0), ("US", 20, 1.0))


def test_each_answer_has_an_interval_and_a_grade(tmp_path):
    refits = [result(("DE", 101, 4.0), ("US", 20, 1.0)), result(("DE", 99, 0.1))] * 2
    rows = graded(query(tmp_path), RELEASED, refits)
    count = rows["num_devices", '{"country": "DE"}']
    assert count["low"] < 100 < count["high"] and count["value"] == 100.0
    assert (count["grade"], count["reason"], count["devices"]) == ("use", None, 100)
    mean = rows["mean_crashes", '{"country": "DE"}']
    assert (mean["grade"], mean["reason"]) == ("avoid", grades.WIDE)
    small = rows["num_devices", '{"country": "US"}']
    assert (small["grade"], small["reason"]) == ("avoid", "fewer than 50 devices")


def test_a_group_that_refits_lose_is_used_with_care_at_best(tmp_path):
    refits = [result(("DE", 100, 2.0)), result(("DE", 100, 2.0)), result(), None]
    rows = graded(query(tmp_path), RELEASED, refits)
    found = rows["num_devices", '{"country": "DE"}']
    assert found["grade"] == "care" and found["low"] == found["high"] == 100.0
    assert found["reason"] == "the group is missing in 2 of 4 refits"
    found = graded(query(tmp_path / "b"), RELEASED, [result(), refits[0]])
    assert found["num_devices", '{"country": "DE"}']["grade"] == "avoid"


def test_no_interval_helps_where_the_method_drops_the_tie(tmp_path):
    rows = graded(query(tmp_path), RELEASED, [RELEASED] * 2, ties_kept=False)
    assert {row["grade"] for row in rows.values()} == {"avoid"}
    assert rows["num_devices", '{"country": "DE"}']["reason"] == grades.TIES


def test_a_text_is_graded_by_the_refits_that_agree(tmp_path):
    one = query(tmp_path, "relative_error, threshold: 0.25", "agreement, threshold: 1")
    rows = graded(one, RELEASED, [RELEASED] * 2)
    assert rows["mean_crashes", '{"country": "DE"}']["grade"] == "use"
    rows = graded(one, RELEASED, [RELEASED, result(("DE", 1, 1.0), ("US", 1, 1))])
    found = rows["mean_crashes", '{"country": "DE"}']
    assert (found["grade"], found["text"]) == ("avoid", "2.0")
    assert found["reason"] == "1 of 2 refits give the same text"


def test_an_answer_that_fails_on_the_release_has_no_rows(tmp_path):
    assert graded(query(tmp_path), None, [RELEASED] * 2) == {}


def test_the_file_and_its_summary(tmp_path):
    one = query(tmp_path)
    rows = list(graded(one, RELEASED, [RELEASED] * 2).values())
    grades.write(tmp_path / "trust.parquet", rows)
    assert pq.read_table(tmp_path / "trust.parquet").to_pylist() == rows
    summary = grades.summarize(rows, [one])
    assert summary["answers"] == {"use": 2, "care": 0, "avoid": 2}
    assert summary["queries"] == {"crashes_by_country": "avoid"}


@pytest.mark.parametrize(
    ("found", "grade"),
    [
        (["use"] * 9 + ["avoid"], "use"),
        (["use"] * 8 + ["care"] * 2, "care"),
        (["use"] * 8 + ["avoid"] * 2, "avoid"),
        ([], "avoid"),
    ],
)
def test_a_query_is_graded_by_nine_of_ten_answers(found, grade):
    assert grades.grade_query(found) == grade


@pytest.mark.parametrize(
    ("method", "statement", "kept"),
    [
        ("independent", "SELECT country, count(*) FROM devices GROUP BY country", True),
        ("independent", "SELECT country, avg(ram_gb) FROM devices GROUP BY 1", False),
        ("independent", "SELECT app FROM devices JOIN apps USING (guid)", False),
        ("independent", "SELECT app, count(*) FROM apps GROUP BY app", False),
        ("independent", "SELECT country, 'ram_gb' FROM devices -- apps", True),
        ("pe", "SELECT app, avg(ram_gb) FROM devices JOIN apps USING (guid)", True),
    ],
)
def test_independent_columns_answer_one_column_of_one_row(method, statement, kept):
    found = ties.are_kept(method, statement, COLUMNS, many_rows={"apps"})
    assert found == kept
