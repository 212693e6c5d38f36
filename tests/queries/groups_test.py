import pytest

from teledp_jax import errors
from teledp_jax.queries import catalog, dry_run, groups, run
from tests.queries import fleet

CONTRIBUTIONS = """contributions:
  select: SELECT guid, app, hangs FROM apps
  keys: {app: [a, b, c]}
  amounts: {hangs: 10}
  values: {hangs: hangs}
"""
STATED = "devices: SELECT guid, app FROM apps\n"


def count(tmp_path, text):
    suite = fleet.suite(tmp_path / "suite", query=text)
    (query,) = catalog.load(suite.folder / "queries")["stability"]
    dry_run.check([query], fleet.SCHEMA)
    fleet.write_usual(tmp_path / "tables")
    results = run.run_queries(
        tmp_path / "tables", [query], tmp_path / "results", advance=lambda: None
    )
    result = results[query.name]
    return groups.count(tmp_path / "tables", query, result)


def test_devices_are_counted_once_a_group_from_the_select_of_the_header(tmp_path):
    # Devices 0 and 1 have app a, 0 has b, 3 has c.
    assert count(tmp_path, fleet.TOP_APPS) == {("a",): 2, ("b",): 1, ("c",): 1, (): 3}


def test_contributions_say_it_as_well(tmp_path):
    text = fleet.TOP_APPS.replace(STATED, CONTRIBUTIONS)
    assert count(tmp_path, text) == {("a",): 2, ("b",): 1, ("c",): 1, (): 3}


def test_a_named_column_counts_the_devices(tmp_path):
    assert count(tmp_path, fleet.BY_COUNTRY) == {("DE",): 2, ("US",): 1, (): 2}


def test_without_a_statement_the_number_is_not_known(tmp_path):
    assert count(tmp_path, fleet.TOP_APPS.replace(STATED, "")) is None


@pytest.mark.parametrize(
    ("stated", "match"),
    [
        ("devices: guid", "neither a SELECT of device id and keys nor a column"),
        ("devices: SELECT app, guid FROM apps", r"expected \['guid', 'app'\]"),
        ("devices: SELECT guid FROM apps", r"expected \['guid', 'app'\]"),
        ("devices: SELECT guid, app FROM fans", "devices does not run"),
        ("devices: 3", "devices must be a SELECT"),
    ],
)
def test_a_faulty_statement_is_one_line_that_names_the_file(tmp_path, stated, match):
    with pytest.raises(errors.InputError, match=match) as caught:
        count(tmp_path, fleet.TOP_APPS.replace(STATED, f"{stated}\n"))
    assert "query.sql" in str(caught.value)
