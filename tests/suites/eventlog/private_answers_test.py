"""The mechanisms' tables and summaries, as published and as read back."""

import csv

import numpy as np
import pytest

from teledp_jax import runs
from teledp_jax.answers import releases
from teledp_jax.suites.eventlog import private_answers

COUNTS = releases.Counts(users=np.array([500, 400]), error_users=np.array([100, 10]))


def test_every_mechanism_gets_its_files(tmp_path):
    assert private_answers.read(tmp_path) == {}
    facts = private_answers.evaluate(
        tmp_path, ["A", "B"], COUNTS, epsilon=2.0, delta=1e-6, num_runs=3, seed=0
    )
    assert tuple(facts) == private_answers.MECHANISMS
    assert private_answers.read(tmp_path) == facts
    for name, found in facts.items():
        assert found["num_sets_right"] == 3
        assert ("delta" in found) == name.startswith("gaussian")
        path = tmp_path / f"dp_user_level_counts_and_zscores_{name}.csv"
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == [
            "Product Type", "U_total", "U_error", "error_rate_true", "z_true",
            "U_total_noisy", "U_error_noisy", "error_rate_dp", "z_dp",
        ]  # fmt: skip
        assert [row["U_total"] for row in rows] == ["500", "400"]


def test_releases_of_one_log_add_up_in_their_ledger(tmp_path):
    path = releases.ledger_path(tmp_path)
    releases.spend(path, epsilon=2.0, delta=1e-6)
    first = runs.read_json(path)
    assert first["epsilon_pld"] == pytest.approx(2.0, abs=1e-4)
    assert first["delta_times_devices"] == 0
    entry = releases.state(path, num_users=1000)
    assert entry["delta_times_devices"] == pytest.approx(1e-3)
    releases.spend(path, epsilon=1.0, delta=1e-6)
    both = runs.read_json(path)
    assert both["epsilon_pld"] == pytest.approx(3.0, abs=1e-3)
    assert len(both["events"]) == 2
