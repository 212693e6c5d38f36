"""The quick audit, at a size for tests: claims hold, planted faults are caught."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from teledp_jax import keys
from teledp_jax.audit import (
    canaries,
    controls,
    fleets,
    floats,
    plain_model,
    replay,
    suite,
    trainings,
    transcript,
    whitebox,
)
from teledp_jax.privacy import findings
from tests.pe import chat_server

FAULTS = (
    "noise halved",
    "clip skipped",
    "one table left out of the clip",
    "votes normalised per table",
    "shuffling accounted as Poisson",
    "division by the drawn batch",
    "noise drawn as floats",
    "a bound from the data",
    "a reused noise key",
    "counts of a device left as long as they are",
)
FAST = ("histogram", "independent", "pe", "pe_llm")


@pytest.fixture(scope="module")
def planted() -> dict[str, controls.Control]:
    found = controls.controls(suite.control_cases(), num_draws=2000)
    return {control.name: control for control in found}


def test_every_fault_of_the_list_is_planted(planted):
    assert tuple(planted) == FAULTS


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_caught(planted, name):
    (row,) = controls.check([planted[name]])
    assert row.verdict == findings.CAUGHT, row


@pytest.fixture(autouse=True, scope="module")
def endpoint():
    """What `pe_llm` asks."""
    with chat_server.in_environment():
        yield


@pytest.mark.parametrize("name", FAST)
def test_a_method_keeps_its_claims(name):
    case = fleets.case(name)
    pairs = replay.pairs(case, fleet_sizes=(0, 6))
    rows = replay.check(case, pairs)
    rows += whitebox.integers(case, pairs, num_draws=4000)
    rows += suite._attacks(case, 100)
    assert len(rows) >= 5
    assert not [row for row in rows if row.is_bad]


def test_a_method_whose_endpoint_no_one_names_is_not_run_and_not_passed(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL")
    (row,) = suite._method("pe_llm", suite.QUICK)
    assert row.verdict == findings.SKIPPED and "OPENAI_BASE_URL" in row.measured


def test_without_a_fault_the_step_of_the_controls_keeps_its_bound():
    step = plain_model.line(
        num_heads=len(fleets.SCHEMA.narrowed().heads),
        sampling_prob=0.5,
        noise_multiplier=1.0,
    )
    row = controls.step_reach(step, fleets.SCHEMA.narrowed())
    assert row.verdict == findings.HOLDS
    assert row.measured == "L2 1.0000"


def trainings_of(*fleets_codes):
    """Trainings of a model that draws noise for each device, by its place."""
    step = plain_model.line(num_heads=3, sampling_prob=0.5, noise_multiplier=1.0)
    model = step.model._replace(
        inputs=lambda codes, key: (
            codes.astype(jnp.float32) + jax.random.normal(key, codes.shape, jnp.float32)
        )
    )
    streams = keys.split(*jax.random.split(jax.random.key(0)))
    params = model.init(jax.random.key(0))
    return [
        transcript.Training(model, step.recipe, streams, codes.astype(np.uint8), params)
        for codes in fleets_codes
    ]


@pytest.mark.parametrize("place", [0, 2, 5])
def test_a_device_that_joins_anywhere_changes_a_step_by_its_own_part(place):
    codes = np.arange(15).reshape(5, 3)
    joined = np.insert(codes, place, [50, 60, 70], axis=0)
    before, after = trainings_of(codes, joined)
    assert trainings.reach(before, after, method="").verdict == findings.HOLDS
    assert trainings.reach(after, before, method="").verdict == findings.HOLDS


def test_a_device_that_joins_nobody_changes_a_step_by_its_own_part():
    nobody, one = trainings_of(np.zeros((0, 3)), np.array([[50, 60, 70]]))
    assert trainings.reach(nobody, one, method="").verdict == findings.HOLDS


def test_a_device_that_changes_the_codes_of_another_is_found():
    codes = np.arange(15).reshape(5, 3)
    joined = np.insert(codes, 0, [200, 0, 0], axis=0)
    joined[4] = [200, 0, 0]
    before, after = trainings_of(codes, joined)
    assert trainings.reach(before, after, method="").verdict == findings.FAILS


def test_steps_epochs_and_trainings_keep_their_claims():
    rows = [
        *whitebox.step(num_draws=2000),
        whitebox.epoch(num_draws=2000),
        floats.low_bits(num_draws=100),
        canaries.linear(num_canaries=100, num_steps=8, l2_clip_norm=0.1),
    ]
    assert not [row for row in rows if row.is_bad]
    assert float(rows[0].measured.split()[-1]) > 0.8, "an audit that sees something"
    assert "at best" in rows[-1].measured


def test_findings_are_written_as_text_json_and_markdown(tmp_path):
    found = [
        findings.Finding("a", "b", "1 | 2", "3", findings.HOLDS),
        findings.Finding("control", "fault", "4", "3", findings.MISSED),
    ]
    findings.write(tmp_path, found, {"command": "audit_privacy.py"})
    content = json.loads((tmp_path / "audit.json").read_text())
    assert content["passed"] is False
    assert content["command"] == "audit_privacy.py"
    assert content["findings"][0]["measured"] == "1 | 2"
    assert "1 \\| 2" in (tmp_path / "audit.md").read_text()
    text = (tmp_path / "audit.txt").read_text()
    assert "1 negative controls" not in text.splitlines()[0]
    assert "0 negative controls caught, 1 not caught" in text
