"""What is asked of private domains follows from headers and settings."""

import dataclasses

import pytest

from teledp_jax import errors
from teledp_jax.data import headers, shipped
from teledp_jax.job import learn as domains
from teledp_jax.job import pipeline
from tests.job.learn_test import ERRORS, asking, make_job, with_column


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> pipeline.Job:
    """A job that has read nothing."""
    return make_job(tmp_path_factory.mktemp("job") / "run")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"private": ("nothing",)}, "of no table of these workloads; known: sys"),
        ({"private": (f"{ERRORS}.nothing",)}, "has no column 'nothing'; known: app"),
        ({"private": ("system_userwait",)}, "of no table of these workloads"),
        ({"share": 1.0}, "expected a share"),
        ({"num_levels": 11}, r"num_levels: .*at most 10, got 11"),
        ({"max_texts": 0}, "max_texts: .*at least 1"),
        ({"max_size": 10_001}, "max_size: .*at most 10000"),
    ],
)
def test_what_cannot_be_asked_is_named(job, change, text):
    asked = dataclasses.replace(job.settings.domains, **change)
    settings = dataclasses.replace(job.settings, domains=asked)
    with pytest.raises(errors.InputError, match=text):
        domains.inquire(settings, job.suite.schema)


def test_public_domains_ask_nothing(job):
    asked = dataclasses.replace(job.settings.domains, private=())
    settings = dataclasses.replace(job.settings, domains=asked)
    assert domains.inquire(settings, job.suite.schema) is None


def test_names_of_entity_tables_are_learnt_by_default(job):
    schema = headers.read_schema(shipped.suite("dca"))
    inquiry = domains.inquire(asking(job), schema)
    names = {
        f"{table}.{column}"
        for table, own in {
            "system_display_devices": ("connection_type", "resolution"),
            "system_display_vendors": ("vendor_name",),
            "system_frgnd_apps_types": ("app_type", "exe_name"),
            "system_mods_blockers_by_os": ("os_version",),
            "system_mods_power_consumption": ("app_id",),
            "system_mods_top_blocker_hist": ("os_version", "blocker"),
            "system_userwait": ("proc_name",),
        }.items()
        for column in own
    }
    assert set(inquiry.questions.vocabularies) == names
    assert not inquiry.questions.numbers and not inquiry.questions.presences
    apps = "system_frgnd_apps_types.exe_name"
    public = schema.table("system_frgnd_apps_types").column("exe_name").categories
    assert inquiry.questions.vocabularies[apps] == public
    # A private column has no public text.
    inquiry = domains.inquire(asking(job, private=(apps,)), schema)
    assert set(inquiry.questions.vocabularies) == names
    assert inquiry.questions.vocabularies[apps] == ()
    assert domains.inquire(asking(job, learnt=False), schema) is None


def test_bins_are_learnt_where_a_header_asks(job):
    fields = {
        "kind": "integer", "low": 1, "high": 99, "bins": 4, "learnt": True
    }  # fmt: skip
    column = headers.column("num_errors", fields, {})
    schema = with_column(job, column)
    inquiry = domains.inquire(asking(job), schema)
    assert inquiry.questions.numbers == {f"{ERRORS}.num_errors": column}
    assert domains.facts(asking(job), inquiry)["devices"] == {}
