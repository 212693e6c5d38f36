import numpy as np
import pytest

from teledp_jax import schemas
from teledp_jax.pe import records
from tests import paths, toys
from tests.pe import chat_server

NAMES = ("base", "rare", "apps")


def column(**fields) -> schemas.Column:
    return schemas.Column(**({"name": "x", "kind": "integer"} | fields))


def test_a_device_is_read_in_public_units(schema):
    # `size` has bins 0 to 1, 1 to 2, ... 4 to 5 and a code for absent.
    record = {
        "base": {"kind": "b", "size": 2.5},
        "rare": {"size": 0},
        "apps": [{"kind": "c", "size": 1}, {"size": 4.99}],
    }
    expected = [
        2, 3,  # base
        1, 1,  # rare: one row
        2, 0, 5, 3, 2, 0, 0,  # apps: two rows, the largest size first
    ]  # fmt: skip
    np.testing.assert_array_equal(records.read(schema, record), expected)


def test_what_a_record_leaves_out_is_absent(schema):
    for record in ({"base": {}}, {"base": {"kind": None}, "rare": None, "apps": []}):
        np.testing.assert_array_equal(records.read(schema, record), [0] * 11)


def test_what_is_written_is_read_again(schema):
    generator = np.random.default_rng(0)
    form = records.json_schema(schema, NAMES, 1)["properties"]["devices"]["items"]
    for _ in range(200):
        codes = records.read(schema, chat_server.fill(generator, form))
        written = records.write(schema, codes)
        np.testing.assert_array_equal(records.read(schema, written), codes)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([], "shape"),
        (None, "shape"),
        ({"base": 3}, "shape"),
        ({"base": {}, "apps": {"kind": "a"}}, "shape"),
        ({"base": {}, "apps": ["a"]}, "shape"),
        ({}, "name"),
        ({"base": None}, "name"),
        ({"base": {}, "other": {}}, "name"),
        ({"base": {"colour": "a"}}, "name"),
        ({"base": {"kind": "d"}}, "category"),
        ({"base": {"kind": 1}}, "category"),
        ({"base": {"kind": ["a"]}}, "category"),
        ({"base": {"size": 5.1}}, "number"),
        ({"base": {"size": -1}}, "number"),
        ({"base": {"size": "2"}}, "number"),
        ({"base": {"size": True}}, "number"),
        ({"base": {"size": float("nan")}}, "number"),
        ({"base": {"size": 10**400}}, "number"),
        ({"base": {}, "apps": [{}] * 4}, "rows"),
    ],
)
def test_a_record_outside_of_the_schema_is_told_from_others(schema, record, reason):
    with pytest.raises(records.RecordError, match=f"^{reason}$"):
        records.read(schema, record)


def test_text_outside_of_a_vocabulary_is_its_other():
    anchor = column(kind="category", categories=("a", "b", "rest"), other="rest")
    schema = toys.schema(toys.anchor("t", anchor))
    assert records.read(schema, {"t": {"x": "b"}}) == [2]
    assert records.read(schema, {"t": {"x": "zzz"}}) == [3]


def test_whole_numbers_may_be_zero_below_the_first_bin():
    whole = column(edges=(1.0, 3.0, 9.0), scale="log", has_zero=True)
    schema = toys.schema(toys.anchor("t", whole))
    read = [records.read(schema, {"t": {"x": x}})[0] for x in (0, 1, 2.0, 3, 8)]
    assert read == [1, 2, 2, 3, 3]
    for wrong in (9, 2.5):
        with pytest.raises(records.RecordError, match="number"):
            records.read(schema, {"t": {"x": wrong}})


def test_a_bin_shows_as_a_short_number_inside():
    log = column(kind="double", edges=(0.01, 0.1, 100.0), scale="log", has_zero=True)
    assert [records.value_of(log, code) for code in range(4)] == [None, 0, 0.032, 3.2]
    narrow = column(kind="double", edges=(1000.0, 1000.5, 1001.0))
    assert [records.value_of(narrow, code) for code in (1, 2)] == [1000.0, 1000.8]
    whole = column(edges=(0.0, 1.0, 2.0, 100.0), has_zero=True)
    assert [records.value_of(whole, code) for code in (1, 3, 4)] == [0, 1, 51]


@pytest.mark.parametrize("name", ["dca", "eventlog", "flights"])
def test_every_code_of_the_suites_has_a_value_of_its_own(name):
    for table in paths.suite(name).schema.tables:
        for held in table.columns:
            codes = range(schemas.ABSENT, held.num_codes)
            again = [held.code_of(records.value_of(held, code)) for code in codes]
            assert again == list(codes), (table.name, held.name)


@pytest.mark.parametrize("name", ["dca", "eventlog", "flights"])
def test_what_keeps_to_the_json_schema_of_a_suite_is_valid(name):
    schema = paths.suite(name).schema.narrowed()
    tables = [table.name for table in schema.tables]
    form = records.json_schema(schema, tables, 2)
    short = [
        held.name
        for table in schema.tables
        for held in table.columns
        if len(held.categories) > records.MOST_LISTED and held.other is None
    ]
    assert not short, "a text that no schema can hold a model to"
    for seed in range(5):
        filled = chat_server.fill(np.random.default_rng(seed), form)
        assert len(filled["devices"]) == 2
        for record in filled["devices"]:
            codes = records.read(schema, record)
            limits = np.array([head.num_codes for head in schema.heads])
            assert (codes < limits).all()


def test_a_description_holds_what_is_public(schema):
    text = records.describe(np.random.default_rng(0), schema, NAMES)
    assert "base: an object, always there. a device" in text
    assert "rare: an object, or null if the device reports none" in text
    assert "apps: a list of at most 3 objects. a device and a thing" in text
    assert '  kind: one of "a", "b", "c", or null' in text
    assert "  size: number, 0 to 5, or null" in text
    assert "rare" not in records.describe(np.random.default_rng(0), schema, ("base",))


def test_of_a_long_vocabulary_some_values_are_shown():
    many = column(kind="category", categories=tuple(f"v{i}" for i in range(200)))
    schema = toys.schema(toys.anchor("t", many))
    texts = [
        records.describe(np.random.default_rng(seed), schema, ("t",)) for seed in (0, 1)
    ]
    assert texts[0] != texts[1]
    assert all(text.count('"') == 2 * records.MOST_LISTED for text in texts)
    held = records.json_schema(schema, ("t",), 1)["properties"]["devices"]["items"]
    assert held["properties"]["t"]["properties"]["x"] == {"type": ["string", "null"]}
