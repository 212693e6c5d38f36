"""Public domains from plain mappings, and from the headers of a suite."""

import pytest

from teledp_jax import errors, schemas
from teledp_jax.data import headers, shipped, suite


def parse(**fields):
    return headers.column("x", fields, {"letters": ["a", "b"]})


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"kind": "text"}, "none of category"),
        ({"kind": "category"}, "expected values"),
        ({"kind": "category", "values": ["a", "a"]}, "each once"),
        ({"kind": "category", "values": "nothing"}, "vocabularies"),
        ({"kind": "category", "values": ["a"], "other": "b"}, "none of its values"),
        ({"kind": "double"}, "low, high and bins"),
        ({"kind": "double", "low": 2, "high": 1, "bins": 3}, "low < high"),
        ({"kind": "double", "low": 0, "high": 1, "bins": 3, "scale": "log"}, "low > 0"),
        ({"kind": "double", "edges": [1, 1]}, "increasing"),
        ({"kind": "double", "edges": [0, 1], "scale": "log"}, "positive"),
        ({"kind": "double", "edges": [0, float("inf")]}, "finite"),
        ({"kind": "double", "edges": [0, 1], "wrong": 1}, "unknown"),
        ({"kind": "double", "edges": [0, 1], "scale": "cubic"}, "neither"),
        ({"kind": "double", "edges": [0, 1], "zero": "no"}, "true or false"),
        ({"kind": "double", "edges": [0, 1], "absent": 0}, "true or false"),
        ({"kind": "double", "low": float("nan"), "high": 1, "bins": 3}, "low < high"),
        ({"kind": "category", "values": [False]}, "False in values is no text"),
        ({"kind": "category", "values": [7, "b"]}, "7 in values is no text; quote"),
        ({"kind": "category", "values": {"a": 1}}, "a list of texts"),
        ({"kind": "category", "values": ["a"], "absent": "no"}, "true or false"),
    ],
)
def test_a_faulty_column_is_named(fields, text):
    with pytest.raises(errors.InputError, match=text):
        parse(**fields)


def test_a_column_may_say_that_it_is_never_absent():
    assert parse(kind="double", edges=[0, 1]).may_be_absent
    assert not parse(kind="double", edges=[0, 1], absent=False).may_be_absent
    assert not parse(kind="category", values="letters", absent=False).may_be_absent


@pytest.mark.parametrize("name", ["", "a.b", 'a"b', "it's", "a/b", "a\nb"])
def test_a_name_that_is_none_of_a_table_is_refused(name):
    with pytest.raises(errors.InputError, match="no dot, quote or slash"):
        headers.table(name, TABLE, {})


@pytest.mark.parametrize("unique", ["n", 5, {"n": 1}, [1]])
def test_unique_is_a_list_of_names(unique):
    with pytest.raises(errors.InputError, match="unique must be a list"):
        headers.table("apps", {**TABLE, "unique": unique}, {})


COUNT = {"kind": "integer", "low": 1, "high": 8, "bins": 3, "scale": "log"}
TABLE = {"role": "entity", "columns": {"n": COUNT}, "max_rows": 2, "cap_by": "n"}


def test_a_mapping_becomes_a_table():
    made = headers.table("apps", {**TABLE, "grain": "One row per app."}, {})
    assert made == schemas.Table(
        name="apps",
        role="entity",
        grain="One row per app.",
        max_rows=2,
        cap_by="n",
        columns=(
            schemas.Column(
                name="n",
                kind="integer",
                edges=(1.0, 2.0, 4.0, 9.0),
                scale="log",
                has_zero=True,
            ),
        ),
    )


def test_the_fields_of_an_entity_count_for_no_other_role():
    made = headers.table("apps", {**TABLE, "role": "group"}, {})
    assert (made.max_rows, made.cap_by) == (1, None)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"role": "owner"}, "none of anchor"),
        ({"max_rows": "two"}, "max_rows='two'"),
        ({"max_rows": True}, "max_rows=True"),
        ({"cap_by": "m"}, "cap_by"),
        ({"unique": "n"}, "list of names"),
        ({"unique": ["m"]}, "none of its columns"),
        ({"columns": ["n"]}, "mapping by name"),
        ({"columns": {"n": "integer"}}, "n: expected a mapping"),
        ({"columns": {}}, "expected columns"),
    ],
)
def test_a_faulty_table_is_named(change, text):
    with pytest.raises(errors.InputError, match=text):
        headers.table("apps", {**TABLE, **change}, {})


@pytest.mark.parametrize("name", ["dca", "eventlog", "flights", "purchases"])
def test_headers_say_what_the_whole_suite_says(name):
    folder = shipped.suite(name)
    assert headers.read_schema(folder) == suite.load(folder).schema


def test_a_folder_without_device_tables_is_refused(tmp_path):
    with pytest.raises(errors.InputError, match="expected device"):
        headers.read_schema(tmp_path)


def test_one_id_column_for_all_tables(suite_folder):
    path = suite_folder / "device" / "apps.sql"
    path.write_text(path.read_text().replace("device: guid", "device: id"))
    with pytest.raises(errors.InputError, match=r"found \['guid', 'id'\]"):
        headers.read_schema(suite_folder)
