"""Schemas stated in Python."""

import pytest

import teledp_jax as teledp
from teledp_jax import schemas
from teledp_jax.data import headers, shipped

OS = teledp.category(["Windows", "macOS"])
COUNT = teledp.integer(low=1, high=8, bins=3, scale="log")


def make(**changes):
    fields = {"max_rows": 2, "cap_by": "count", **changes}
    return teledp.entity("crashes", {"count": COUNT}, **fields)


def test_a_stated_schema_is_that_of_headers():
    stated = teledp.schema(
        make(about="One row per app."),
        teledp.anchor("devices", {"os": OS}),
        teledp.group("power", {"watts": teledp.double(edges=[0, 1, 10], unit="W")}),
        device="guid",
        name="laptops",
    )
    assert stated == schemas.Schema(
        suite="laptops",
        device="guid",
        tables=(
            headers.table("devices", {"role": "anchor", "columns": {"os": OS}}, {}),
            headers.table(
                "crashes",
                {
                    "role": "entity",
                    "grain": "One row per app.",
                    "columns": {"count": COUNT},
                    "max_rows": 2,
                    "cap_by": "count",
                },
                {},
            ),
            schemas.Table(
                name="power",
                role="group",
                grain="",
                columns=(
                    schemas.Column(
                        name="watts",
                        kind="double",
                        unit="W",
                        edges=(0.0, 1.0, 10.0),
                        has_zero=True,
                    ),
                ),
            ),
        ),
    )


def test_zero_and_other_are_stated_or_left_to_the_rules():
    table = teledp.anchor(
        "devices",
        {
            "with": teledp.double(low=0, high=1, bins=2),
            "without": teledp.double(low=0, high=1, bins=2, zero=False),
            "closed": teledp.category(["a"]),
            "open": teledp.category(["a", "b"], other="b"),
        },
    )
    assert table.column("with").has_zero
    assert not table.column("without").has_zero
    assert table.column("closed").other is None
    assert table.column("open").other == "b"


ANCHOR = teledp.anchor("devices", {"os": OS})


@pytest.mark.parametrize(
    ("state", "match"),
    [
        (lambda: teledp.category("Windows"), "expected a list of texts"),
        (lambda: teledp.anchor("devices", {}), "Table devices: expected columns"),
        (lambda: teledp.anchor("devices", {"n": teledp.integer()}), "low, high and b"),
        (
            lambda: teledp.group("p", {"n": teledp.double(low=2, high=1, bins=3)}),
            "Table p: Column n: expected low < high",
        ),
        (lambda: make(max_rows=0), "max_rows in 1..65535"),
        (lambda: make(cap_by="app"), "cap_by"),
        (lambda: teledp.schema(make(), device="guid"), "role anchor"),
        (lambda: teledp.schema(ANCHOR, make(), make(), device="guid"), "same name"),
        (lambda: teledp.schema(ANCHOR, device="os"), "os is the id column"),
    ],
)
def test_a_fault_is_one_line(state, match):
    with pytest.raises(teledp.InputError, match=match) as caught:
        state()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["dca", "flights"])
def test_a_suite_is_loaded_by_name_or_by_path(name):
    folder = shipped.suite(name)
    assert teledp.load_suite(name) == teledp.load_suite(folder)
    assert teledp.load_suite(name).suite == name


def test_an_unknown_suite_lists_the_known():
    with pytest.raises(teledp.InputError, match="known: dca, eventlog, flights"):
        teledp.load_suite("laptops")
