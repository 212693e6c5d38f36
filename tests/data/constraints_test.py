"""Constraints of headers: what is read, and what is refused in one line."""

import pytest

from teledp_jax import errors, schemas
from teledp_jax.data import constraints, headers

COLUMNS = (
    schemas.Column(name="a", kind="integer", edges=(0, 2, 5)),
    schemas.Column(name="b", kind="integer", edges=(0, 3, 9)),
    schemas.Column(name="x", kind="double", edges=(0, 50, 100)),
    schemas.Column(name="y", kind="double", edges=(0, 50, 100)),
    schemas.Column(name="os", kind="category", categories=("w10", "w11")),
    schemas.Column(name="release", kind="category", categories=("r1", "r2")),
)


def test_each_kind_is_read():
    found = constraints.parse(
        "t",
        [
            {"at_most": ["a", "b"]},
            {"sum": {"columns": ["x", "y"], "total": 100}},
            {"combinations": {"columns": ["os", "release"], "values": [["w10", "r1"]]}},
        ],
        COLUMNS,
    )
    assert [one.kind for one in found] == ["at_most", "sum", "combinations"]
    assert found[1].total == 100.0 and found[1].names == ("x", "y")
    assert found[2].values == (("w10", "r1"),)
    (one,) = constraints.parse("t", [{"determines": ["os", "release"]}], COLUMNS)
    assert one.columns == ("os", "release")
    (one,) = constraints.parse(
        "t", [{"sum": {"columns": ["x", "y"], "total": "b"}}], COLUMNS
    )
    assert one.names == ("x", "y", "b")
    assert constraints.parse("t", None, COLUMNS) == ()


@pytest.mark.parametrize(
    ("stated", "text"),
    [
        ("at_most", "a list of mappings"),
        ([{"at_least": ["a", "b"]}], "expected one of"),
        ([{"at_most": ["a", "b"], "sum": {}}], "expected one of"),
        ([{"at_most": ["a"]}], "two or more names"),
        ([{"at_most": ["a", "b", "x"]}], "ties two columns"),
        ([{"at_most": ["a", "a"]}], "names a column twice"),
        ([{"at_most": ["a", "lost"]}], "names .'lost'., none of its columns"),
        ([{"at_most": ["a", "os"]}], "ties numbers; os is none"),
        ([{"determines": ["os", "a"]}], "ties categories; a is none"),
        ([{"sum": ["x", "y"]}], "sum takes"),
        ([{"sum": {"columns": ["x", "y"], "total": 0}}], "above 0"),
        ([{"sum": {"columns": ["x", "y"], "total": float("nan")}}], "above 0"),
        ([{"sum": {"columns": ["x", "y"], "total": True}}], "no number"),
        ([{"sum": {"columns": ["a", "b"], "total": 9}}], "make it double"),
        (
            [{"combinations": {"columns": ["os", "release"], "values": [["w10"]]}}],
            "no value per column",
        ),
        (
            [{"combinations": {"columns": ["os", "release"], "values": []}}],
            "must list combinations",
        ),
        (
            [
                {
                    "combinations": {
                        "columns": ["os", "release"],
                        "values": [["w9", "r1"]],
                    }
                }
            ],
            "'w9' is none of the values of os",
        ),
        (
            [
                {"at_most": ["x", "y"]},
                {"sum": {"columns": ["x", "y"], "total": 100}},
            ],
            "stand in two",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(stated, text):
    with pytest.raises(errors.InputError, match=text) as caught:
        constraints.parse("t", stated, COLUMNS)
    assert str(caught.value).startswith("Table t: constraints:")


def test_a_header_states_them():
    made = headers.table(
        "t",
        {
            "role": "group",
            "columns": {
                "few": {"kind": "integer", "low": 0, "high": 9, "bins": 3},
                "many": {"kind": "integer", "low": 0, "high": 9, "bins": 3},
            },
            "constraints": [{"at_most": ["few", "many"]}],
        },
        {},
    )
    assert made.constraints[0].columns == ("few", "many")
