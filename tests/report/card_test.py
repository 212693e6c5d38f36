import shutil

import jsonschema
import pytest

from teledp_jax import runs
from teledp_jax.report import card


def test_card_states_the_promise_and_the_tables(release_run, suite):
    card.write(release_run, "pe", suite.schema)
    found = runs.read_json(release_run.release("pe") / "card.json")
    assert found["method"] == "pe"
    assert found["settings"] == {"num_steps": 100}
    assert found["unit"] == "one device with all its rows in all tables"
    assert found["adjacency"] == "add or remove one device"
    assert (found["epsilon"], found["delta"]) == (3.9871, 1e-5)
    assert [event["stage"] for event in found["events"]] == ["count", "fit"]
    assert found["num_synthetic_devices"] == 400
    table, crashes = found["tables"]
    assert (table["name"], table["num_rows"]) == ("sysinfo", 400)
    assert table["max_rows_per_device"] == 1
    assert crashes["max_rows_per_device"] == 7  # what the ledger says was read
    text = (release_run.release("pe") / "card.md").read_text()
    for part in ("one device with all its rows", "3.9871", "400 synthetic rows"):
        assert part in text


def test_card_states_the_data_set_and_what_leaves_together(release_run, suite):
    path = release_run.release("pe")
    card.write(release_run, "pe", suite.schema)
    assert runs.read_json(path / "card.json")["data_set"] is None
    assert "| Data set | without a name |" in (path / "card.md").read_text()
    state = {
        "data_set": "laptops", "epsilon": 5.5, "delta": 1e-5, "cap_epsilon": 9.0,
        "num_releases": 3,
    }  # fmt: skip
    runs.write_json(release_run.book, state)
    together = {"labels": ["pe", "chain"], "epsilon": 3.25, "delta": 1e-5}
    card.write(release_run, "pe", suite.schema, together=together)
    found = runs.read_json(path / "card.json")
    assert (found["data_set"], found["together"]) == (state, together)
    assert found["delta_times_devices"] > 0
    text = (path / "card.md").read_text()
    assert "| Data set | laptops |" in text
    assert "read of it so far | epsilon 5.5000 at delta 1e-05, of 9 |" in text
    assert "| Released together | pe, chain: epsilon 3.2500 at delta 1e-05 |" in text


def test_card_tells_of_each_column_its_meaning_unit_and_domain(release_run, suite):
    card.write(release_run, "pe", suite.schema)
    found = runs.read_json(release_run.release("pe") / "card.json")
    device, vendor, ram = found["tables"][0]["columns"]
    assert (device["name"], device["kind"], device["domain"]) == ("guid", "id", {})
    assert vendor["meaning"] == "Maker of the laptop"
    assert vendor["domain"]["other"] == "Other" and vendor["domain"]["num_values"] == 5
    assert (ram["type"], ram["unit"], ram["domain_from"]) == ("int64", "GB", "stated")
    assert ram["domain"] == {"low": 1, "high": 64, "num_bins": 8, "zero": True}
    text = (release_run.release("pe") / "card.md").read_text()
    assert "| ram | int64 |  | GB | 1 to 64, zero apart | public file |" in text


def test_a_domain_that_was_learnt_says_so(release_run, suite):
    config = runs.read_json(release_run.config)
    config["config"]["domains"] = {"private": ["sysinfo.ram"]}
    runs.write_json(release_run.config, config)
    cost = {"share": 0.25, "epsilon": 0.999, "delta": 2.5e-6}
    learnt = {"vocabularies": {"sysinfo.app": ["a", "b", "c"]}}
    runs.write_json(
        release_run.domains,
        {**cost, "sizes": {"sysinfo.ram": {}}, "domain": learnt},
    )
    card.write(release_run, "pe", suite.schema)
    found = runs.read_json(release_run.release("pe") / "card.json")
    assert found["learnt"] == {"num_columns": 1, "num_texts": 3, **cost}
    text = (release_run.release("pe") / "card.md").read_text()
    assert "of 1 columns, 3 texts beside the public ones" in text
    origins = {one["name"]: one["domain_from"] for one in found["tables"][0]["columns"]}
    assert origins == {"guid": "", "vendor": "stated", "ram": "learnt"}


def test_card_tells_window_versions_use_limits_and_choice(release_run, suite):
    config = runs.read_json(release_run.config)
    config["config"] |= {"window": ["2020-01-01", ""], "release": ["pe"]}
    runs.write_json(release_run.config, config)
    card.write(release_run, "pe", suite.schema)
    found = runs.read_json(release_run.release("pe") / "card.json")
    assert found["window"] == {"first": "2020-01-01", "last": ""}
    assert found["chosen"] == "The config names it for release."
    assert found["versions"]["jax"] == "0.10.2"
    text = (release_run.release("pe") / "card.md").read_text()
    assert "2020-01-01 to the last day" in text
    for part in (*found["intended_use"], *found["limits"]):
        assert f"- {part}" in text


def test_card_keeps_its_published_schema(release_run, suite, audit):
    schema = runs.read_json(card.SCHEMA)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    path = release_run.release("pe") / "card.json"
    card.write(release_run, "pe", suite.schema)
    validator.validate(runs.read_json(path))
    runs.write_json(release_run.audit, audit)
    card.write(release_run, "pe", suite.schema)
    found = runs.read_json(path)
    validator.validate(found)
    assert set(found) <= set(schema["properties"])  # every key is documented
    for fault in ({"epsilon": None}, {"card_version": 2}, {"tables": [{}]}):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(found | fault)


def test_nothing_exact_reaches_the_card(release_run, suite):
    card.write(release_run, "pe", suite.schema)
    files = [release_run.release("pe") / name for name in ("card.json", "card.md")]
    before = [path.read_text() for path in files]
    for path in (
        release_run.scores, release_run.summary, release_run.statistics,
        release_run.rare_events, release_run.downstream, release_run.quality,
    ):  # fmt: skip
        path.unlink()
    for folder in ("real", "results", "costs", "private"):
        shutil.rmtree(release_run.folder / folder)
    card.write(release_run, "pe", suite.schema)
    assert [path.read_text() for path in files] == before


def test_card_states_what_audits_of_its_method_measured(release_run, suite, audit):
    card.write(release_run, "pe", suite.schema)
    path = release_run.release("pe")
    assert runs.read_json(path / "card.json")["audit"] is None
    assert "No audit was run" in (path / "card.md").read_text()
    runs.write_json(release_run.audit, audit)
    card.write(release_run, "pe", suite.schema)
    found = runs.read_json(path / "card.json")["audit"]
    assert [row["method"] for row in found["findings"]] == [
        "pe",
        "pe, counts of sigma 3",
        "RDP against PLD",
    ]
    assert (found["controls_planted"], found["controls_caught"]) == (2, 1)
    text = (path / "card.md").read_text()
    assert r"| metadata | pe | the same \| all | same | holds |" in text
    assert "Of 2 faults\nplanted on purpose, 1 were caught" in text
    assert "float32" not in text  # that is said of trained methods


@pytest.mark.parametrize(("method", "says"), [("dpsgd_vae", True), ("pe", False)])
def test_card_of_a_trained_label_says_how_its_noise_was_drawn(
    release_run, suite, method, says
):
    config = runs.read_json(release_run.config)
    config["config"]["methods"]["pe"]["method"] = method
    runs.write_json(release_run.config, config)
    card.write(release_run, "pe", suite.schema)
    text = (release_run.release("pe") / "card.md").read_text()
    assert ("drawn as whole numbers on a public grid" in text) == says


def test_seeded_run_gets_no_card(run, suite):
    with pytest.raises(ValueError, match="without a seed"):
        card.write(run, "pe", suite.schema)
    assert not run.release("pe").exists()


@pytest.mark.parametrize(
    "fields", [{"within_budget": False}, {"claimed": {"epsilon": 4.0}}]
)
def test_what_exceeds_its_budget_or_only_claims_to_meet_it_gets_no_card(
    release_run, suite, fields
):
    ledger = runs.read_json(release_run.ledger)
    ledger["pe"] |= fields
    runs.write_json(release_run.ledger, ledger)
    with pytest.raises(ValueError, match="within its budget"):
        card.write(release_run, "pe", suite.schema)
    assert not release_run.release("pe").exists()


def test_bars_in_texts_do_not_split_the_tables_of_the_card(release_run, suite):
    ledger = runs.read_json(release_run.ledger)
    ledger["pe"]["events"][0]["text"] = "a | b"
    runs.write_json(release_run.ledger, ledger)
    card.write(release_run, "pe", suite.schema)
    assert r"a \| b" in (release_run.release("pe") / "card.md").read_text()
