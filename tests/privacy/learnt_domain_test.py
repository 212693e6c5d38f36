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
        {"use.hours": (0.1, 5.0, 10000.0)}, {"use.vendor": ("Acme", "Other")}, {}
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
    learnt = learnt_domain.Domain({}, {"apps.app": ("common", "rare")}, {})
    found = learnt_domain.apply(stated, learnt).table("apps").column("app")
    assert found.categories == ("n/a", "rare", "common") and found.other == "n/a"
