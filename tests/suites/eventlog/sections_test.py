"""The page's part on an event log, from files written by hand."""

import pytest

from teledp_jax import runs
from teledp_jax.answers import releases
from teledp_jax.report import run_files
from teledp_jax.suites import hooks
from teledp_jax.suites.eventlog import comparison as evaluation
from teledp_jax.suites.eventlog import sections
from tests import paths

SUITE = paths.SQL / "eventlog"


def facts(rate: float, *, points: float = 0.0, met: int = 1) -> dict:
    """One log of a single product, as `eventlog.compare` describes it."""
    return {
        "num_events": 1000,
        "product_max_points": points,
        "event_type_max_points": points,
        "error_rate_within_target": met,
        "average_error_rate": rate,
        "zscore_linf": 0.0,
        "zscore_iou": 1.0,
        "time_ks": 0.01,
        "accuracy": 0.38,
        "error_rate": {"A": rate},
        "zscore": {"A": 0.0},
        "product_points": {"A": points},
        "event_type_points": {"open": -points},
    }


@pytest.fixture
def found(tmp_path):
    """Inputs of a run whose logs were compared."""
    run = runs.Run(tmp_path)
    compared = {
        "real": facts(0.02),
        "second_draw": facts(0.021),
        "pe_1": facts(0.03, points=2.0, met=0),
    }
    runs.write_json(
        evaluation.path(run),
        {
            "logs": compared,
            "second_draw": "so and so",
            "published_dp_vae": {"time_ks": 0.137},
        },
    )
    methods = {"pe_1": {"method": "pe"}}
    runs.write_json(run.config, {"config": {"suite": "eventlog", "methods": methods}})
    return run_files.read(run, SUITE)


def draw(name, svg, alt):
    return svg


def test_only_this_suite_adds_the_part():
    assert hooks.of("eventlog").additions == (sections.addition,)
    assert hooks.of("dca").additions == hooks.of("unknown").additions == ()


def test_logs_stand_beside_the_published_one(found):
    part = sections.section(found, draw)
    labels = [row[0] for row in part["compared"].rows]
    assert labels == ["real", "second draw", "pe_1", "published DP-VAE"]
    assert part["compared"].rows[-1][-2:] == ("0.137", "\N{EN DASH}")
    assert part["rates"].rows == (("A", "2.000", "2.100", "3.000"),)
    assert part["shares"][1].rows == (("open", "0.00", "-2.00"),)
    assert part["figure"].startswith("<svg")


def test_targets_say_which_are_met(found):
    targets = sections.section(found, draw)["targets"]
    assert targets.columns == ("target", "pe_1")
    assert [row[1] for row in targets.rows] == ["✗ 2", "✗ 2", "✓ 0.01", "✗ 0 of 1"]


def test_accounting_is_checked_without_any_release(found):
    part = sections.section(found, draw)
    assert any("spends epsilon 1.65" in line for line in part["accounting"])
    assert part["answers_ledger"] is None
    releases.spend(releases.ledger_path(found.run.folder), epsilon=2.0, delta=1e-6)
    entry = sections.section(found, draw)["answers_ledger"]["entry"]
    assert entry["epsilon_pld"] == pytest.approx(2.0, abs=1e-4)


def test_a_run_without_comparison_says_so(found):
    evaluation.path(found.run).unlink()
    assert not sections.section(found, draw)["compared"].rows
