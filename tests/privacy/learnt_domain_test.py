"""The schema with bins and vocabularies as they were learnt."""

import json

from teledp_jax import schemas
from teledp_jax.privacy import learnt_domain

HOURS = schemas.Column(
    name="hours", kind="double", edges=(0.1, 10000.0), scale="log", has_zero=True
)
CORES = schemas.Column(name="cores", kind="integer", edges=(1.0, 9.0))


def test_a_schema_takes_what_was_learnt():
    table = schemas.Table(
        name="use",
        role="anchor",
        grain="a device",
        columns=(
            HOURS,
            schemas.Column(name="vendor", kind="category", categories=("x",)),
            CORES,
        ),
    )
    stated = schemas.Schema(suite="tiny", device="guid", tables=(table,))
    learnt = learnt_domain.Domain(
        {"use.hours": (0.1, 5.0, 10000.0)},
        {"use.vendor": ("Acme", "Other")},
        frozenset(),
        {},
    )
    hours, vendor, cores = learnt_domain.apply(stated, learnt).anchor.columns
    assert hours.edges == (0.1, 5.0, 10000.0) and hours.has_zero
    assert vendor.categories == ("Acme", "Other") and vendor.other == "Other"
    assert cores == CORES
    assert (
        learnt_domain.from_json(json.loads(json.dumps(learnt_domain.to_json(learnt))))
        == learnt
    )


def test_the_most_common_text_has_the_largest_code_where_it_caps_a_table():
    app = schemas.Column(
        name="app", kind="category", categories=("x", "n/a"), other="n/a"
    )
    device = schemas.Table(name="d", role="anchor", grain="a device", columns=(CORES,))
    apps = schemas.Table(
        name="apps", role="entity", grain="an app", columns=(app,), cap_by="app"
    )
    stated = schemas.Schema(suite="tiny", device="guid", tables=(device, apps))
    texts = {"apps.app": ("common", "rare")}
    learnt = learnt_domain.Domain({}, texts, frozenset(), {})
    found = learnt_domain.apply(stated, learnt).table("apps").column("app")
    assert found.categories == ("n/a", "rare", "common") and found.other == "n/a"
    # Of an open vocabulary the listed texts stay, and count as more common.
    learnt = learnt._replace(open=frozenset(texts))
    found = learnt_domain.apply(stated, learnt).table("apps").column("app")
    assert found.categories == ("n/a", "rare", "common", "x")


def open_vendor(listed, found) -> schemas.Column:
    """An open vocabulary of an anchor, as it was learnt."""
    vendor = schemas.Column(
        name="vendor", kind="category", categories=listed, other="Other"
    )
    anchor = schemas.Table(name="d", role="anchor", grain="a", columns=(vendor,))
    stated = schemas.Schema(suite="tiny", device="guid", tables=(anchor,))
    learnt = learnt_domain.Domain({}, {"d.vendor": found}, frozenset(["d.vendor"]), {})
    return learnt_domain.apply(stated, learnt).anchor.columns[0]


def test_listed_texts_stay_with_what_was_learnt_beside_them():
    column = open_vendor(("HP", "Other", "Dell"), ("Acme", "HP", ""))
    assert column.categories == ("HP", "Dell", "Acme", "", "Other")
    assert column.code_of("") == 4 and column.code_of("else") == 5


def test_noise_may_leave_a_vocabulary_empty():
    assert open_vendor(("Other",), ()).categories == ("Other",)


def test_no_number_of_learnt_texts_is_too_large_for_a_column():
    listed = (*(f"name{number}" for number in range(schemas.MOST_CODES - 3)), "Other")
    column = open_vendor(listed, ("Acme", "Asus"))
    assert column.num_codes == schemas.MOST_CODES
    assert column.categories[-2:] == ("Acme", "Other")
