"""The first screen."""

import pytest

from teledp_jax import runs
from teledp_jax.report import overview, run_files


@pytest.fixture
def inputs(run, suite):
    return run_files.read(run, suite.folder)


@pytest.mark.parametrize(
    ("epsilon", "factor"), [(0.0, "1.00"), (1.0, "2.72"), (4.0, "54.6"), (8.0, "2,981")]
)
def test_the_promise_is_one_sentence_and_its_factor_is_never_too_small(epsilon, factor):
    entry = {"unit": "one device", "epsilon_pld": epsilon, "delta": 1e-5}
    text = overview.sentence(entry)
    assert f"at most {factor} times as likely" in text
    assert "with or without one device," in text and "1e-05 (delta)" in text


def test_the_sentence_is_about_the_costliest_method(inputs):
    inputs.ledger["pe"]["epsilon_pld"] = 5.0
    assert "epsilon 5.0000" in overview.section(inputs)["promise"]


def test_the_total_of_the_data_set_stands_before_that_of_the_run(inputs):
    assert "epsilon 7.2500" in overview.section(inputs)["total"]
    book = {"data_set": "fleet", "epsilon": 2.5, "cap_epsilon": 8.0, "delta": 1e-5}
    told = overview.section(inputs._replace(book=book))["total"]
    assert "All releases of fleet so far: epsilon 2.5000 of at most 8" in told


def test_a_seeded_run_releases_nothing_and_says_why(inputs):
    found = overview.section(inputs)
    assert found["released"] == [] and "experiment" in found["no_release"]


def test_released_labels_stand_first(release_run, suite):
    inputs = run_files.read(release_run, suite.folder)
    assert list(overview.section(inputs)["lists"]) == ["pe", "independent", "dpsgd_vae"]
    runs.write_json(release_run.release("dpsgd_vae") / "card.json", {})
    found = overview.section(inputs)
    assert found["released"] == ["dpsgd_vae"] and found["no_release"] == ""
    assert next(iter(found["lists"])) == "dpsgd_vae"


def test_what_leaves_together_stands_with_what_it_costs(release_run, suite):
    inputs = run_files.read(release_run, suite.folder)
    assert overview.section(inputs)["together"] == ""
    inputs.ledger["independent"]["epsilon_pld"] = 3.0
    inputs.ledger["dpsgd_vae"]["epsilon_pld"] = 9.0
    together = {"labels": ["pe", "independent"], "epsilon": 3.75, "delta": 1e-5}
    for label in together["labels"]:
        path = release_run.release(label) / "card.json"
        runs.write_json(path, {"together": together})
    found = overview.section(inputs)
    assert (
        "pe, independent, which are released together: epsilon 3.7500"
        in (found["together"])
    )
    assert "epsilon 3.9871" in found["promise"]  # not of what stays


def test_a_release_that_lacks_a_file_is_named(release_run, suite):
    folder = release_run.release("pe")
    for name in ("card.json", "card.md", "crashes.parquet"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    inputs = run_files.read(release_run, suite.folder)
    told = " ".join(overview.section(inputs)["left_out"])
    assert "release/pe/ lacks sysinfo.parquet: write the report again" in told
    (folder / "sysinfo.parquet").write_text("")
    assert "lacks sysinfo" not in " ".join(overview.section(inputs)["left_out"])


def test_what_was_left_out_is_told(inputs):
    inputs.ledger["pe"]["claimed"] = {"epsilon": 4.0}
    told = " ".join(
        overview.section(inputs._replace(missing_tables=("crashlog",)))["left_out"]
    )
    for part in (
        "Tables that the source lacks",
        "which are not released: crashlog",
        "Questions that cannot be judged: 1",
        "Groups of devices that pe lost: 2",
        "No release of pe",
    ):
        assert part in told
