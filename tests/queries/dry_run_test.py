import pytest

from teledp_jax import errors
from teledp_jax.queries import catalog, dry_run
from tests.queries import fleet

TYPED = """/*
question: anything
codename: Any
type: aggregate
tables: [devices]
keys: [{key}]
values: {{v: {{metric: {metric}, threshold: 0.2}}}}
*/
SELECT {select} FROM devices GROUP BY ALL
"""


def load(folder, text):
    suite = fleet.suite(folder, crashes_by_country=text)
    return catalog.load(suite.folder / "queries")["stability"]


@pytest.mark.parametrize(
    "old, new, match",
    [
        ("GROUP BY", "GRUOP BY", "does not run"),
        ("avg(num_crashes)", "avg(crashes_n)", "crashes_n"),
        ("JOIN crashes", "JOIN apps", "apps"),
        ("tables: [devices,", "tables: [devices, fans,", r"\['fans'\] are no device"),
        ("AS mean_crashes", "AS crashes_mean", r"lacks \['mean_crashes'\]"),
        ("SELECT country", "SELECT 1; SELECT country", "expected one SELECT"),
        ("SELECT country", "CREATE TABLE x AS SELECT country", "expected one SELECT"),
        ("FROM devices", "FROM 'other.parquet' AS devices", "does not run"),
    ],
)
def test_a_faulty_statement_is_found_over_empty_tables(tmp_path, old, new, match):
    queries = load(tmp_path, fleet.BY_COUNTRY.replace(old, new))
    with pytest.raises(errors.InputError, match=match) as caught:
        dry_run.check(queries, fleet.SCHEMA)
    assert "crashes_by_country.sql" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_good_queries_pass_over_empty_tables(tmp_path):
    suite = fleet.suite(tmp_path)
    queries = catalog.load(suite.folder / "queries")["stability"]
    dry_run.check(queries, fleet.SCHEMA)


@pytest.mark.parametrize(
    ("key", "metric", "select", "match"),
    [
        ("country", "relative_error", "country, max(guid) AS v", "value v is VARCHAR"),
        ("country", "spearman", "country, date '2024-05-01' AS v", "v is DATE"),
        (
            "country",
            "total_variation",
            "country, to_seconds(count(*)) AS v",
            "v is INTERVAL",
        ),
        ("country", "agreement", "country, [guid] AS v", r"v is VARCHAR\[\]"),
        (
            "many",
            "relative_error",
            "list(DISTINCT country) AS many, count(*) AS v",
            r"key many is VARCHAR\[\]",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_file(
    tmp_path, key, metric, select, match
):
    queries = load(tmp_path, TYPED.format(key=key, metric=metric, select=select))
    with pytest.raises(errors.InputError, match=match) as caught:
        dry_run.check(queries, fleet.SCHEMA)
    assert "crashes_by_country.sql" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("agreement", "max(guid)"),
        ("share_variation", "date '2024-05-01'"),
        ("relative_error", "count(*) / 2"),
        ("relative_error", "sum(1.5)"),
        ("relative_error", "bool_or(true)"),
    ],
)
def test_what_can_be_compared_passes(tmp_path, metric, value):
    text = TYPED.format(key="country", metric=metric, select=f"country, {value} AS v")
    dry_run.check(load(tmp_path, text), fleet.SCHEMA)
