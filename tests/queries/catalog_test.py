import pytest

from teledp_jax import errors
from teledp_jax.queries import catalog
from tests.queries import fleet


def load(tmp_path, text, name="crashes_by_country"):
    suite = fleet.suite(tmp_path, **{name: text})
    return catalog.load(suite.folder / "queries")["stability"]


def test_a_header_becomes_a_query(tmp_path):
    suite = fleet.suite(tmp_path)
    by_country, top_apps = catalog.load(suite.folder / "queries")["stability"]
    assert by_country.name == "crashes_by_country"
    assert by_country.tables == ("devices", "crashes")
    assert [value.metric for value in by_country.values] == ["relative_error"] * 2
    assert not by_country.rare and top_apps.rare
    assert top_apps.statement.lstrip().startswith("SELECT app")


def test_coverage_follows_the_published_scorer_where_it_is_not_stated(tmp_path):
    suite = fleet.suite(tmp_path)
    by_country, top_apps = catalog.load(suite.folder / "queries")["stability"]
    assert (by_country.coverage, top_apps.coverage) == (0.5, 0.3)


def test_distributions_and_single_rows_have_no_coverage(tmp_path):
    shares = fleet.BY_COUNTRY.replace(
        "relative_error, threshold: 0.25", "total_variation, threshold: 0.15"
    )
    assert load(tmp_path / "shares", shares)[0].coverage is None
    single = fleet.BY_COUNTRY.replace("keys: [country]", "keys: []")
    assert load(tmp_path / "single", single)[0].coverage is None


@pytest.mark.parametrize(
    "old, new, match",
    [
        ("codename: CrashGeo\n", "", "lacks 'codename'"),
        ("type: geographic", "type: map", "type='map' is none of"),
        ("keys: [country]", "keys: country", "keys must be a list"),
        ("keys: [country]", "keys: [country]\nwithin: [os]", "within must be a subset"),
        (
            "keys: [country]",
            "keys: [country]\nwidth: 3",
            r"unknown header keys \['width",
        ),
        ("keys: [country]", "keys: [country]\nrare: often", "rare='often'"),
        ("keys: [country]", "keys: [country]\ncoverage: x", "coverage='x' must be"),
        ("metric: relative_error", "metric: rmse", "metric='rmse' is none of"),
        ("threshold: 0.25", "threshold: low", "threshold='low' must be"),
        ("threshold: 0.25", "limit: 0.25", "values.num_devices must be"),
        ("tables: [devices, crashes]", "tables: []", "tables must name"),
    ],
)
def test_a_faulty_header_is_one_line_that_names_the_file(tmp_path, old, new, match):
    with pytest.raises(errors.InputError, match=match) as caught:
        load(tmp_path, fleet.BY_COUNTRY.replace(old, new))
    assert "crashes_by_country.sql" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_queries_of_one_name_are_refused(tmp_path):
    suite = fleet.suite(tmp_path)
    other = suite.folder / "queries" / "web"
    other.mkdir()
    (other / "top_apps.sql").write_text(fleet.TOP_APPS)
    with pytest.raises(errors.InputError, match="same name"):
        catalog.load(suite.folder / "queries")


def test_an_unknown_workload_lists_the_known(tmp_path):
    queries = catalog.load(fleet.suite(tmp_path).folder / "queries")
    with pytest.raises(errors.InputError, match=r"'web'; known: \['stability'\]"):
        catalog.select(queries, ["web"])
