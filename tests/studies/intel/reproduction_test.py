"""The published tables beside those of a run that is made here."""

import pytest

from teledp_jax import errors, runs
from teledp_jax.report import run_files
from teledp_jax.studies.intel import published, reproduction

ENTRY = {"budget": {"epsilon": 4.0, "delta": 1e-5}, "epsilon_pld": 3.9}
CLAIM = {"epsilon": 4.0, "delta": 1e-5, "num_parts": 20, "total_epsilon": 80.0}


def score(label, codename, column, metric, value, passed, error=""):
    return {
        "label": label, "codename": codename, "column": column, "metric": metric,
        "value": str(value), "passed": str(passed), "normalized_error": str(error),
    }  # fmt: skip


SCORES = [
    score("paper_mst", "VendorAgg", "share", "total_variation", 0.2, False, 4.0),
    score("paper_mst", "RamHist", "n", "total_variation", 0.1, True, 2.0),
    score("paper_mst", "RamHist", "used", "relative_error", "inf", False),
    score("paper_mst_claimed", "VendorAgg", "share", "total_variation", 0.01, True),
    score("paper_dpsgd_vae", "VendorAgg", "share", "total_variation", 0.9, False),
    score("paper_dpsgd_vae", "RamHist", "n", "total_variation", 0.2, False),
    score("half_sample", "RamHist", "n", "total_variation", 0.01, True, 1.0),
]


def make_inputs(tmp_path, scores=SCORES):
    left_out = {"method": "dpsgd_vae", "leave_out": ["vendors"]}
    labels = ("paper_mst", "paper_mst_claimed", "paper_dpsgd_vae")
    vendors = {"codename": "VendorAgg", "tables": ["vendors"]}
    return run_files.read(runs.Run(tmp_path), tmp_path)._replace(
        config={"config": {"methods": {"paper_dpsgd_vae": left_out}}},
        ledger={
            "paper_mst": ENTRY,
            "paper_mst_claimed": ENTRY | {"epsilon_pld": 900.0, "claimed": CLAIM},
        },
        summary={"paper_mst": {"passed_corrected": 0, "mean_score_corrected": 0.25}},
        scores=scores,
        costs={"paper_mst": {"fit_seconds": 90.0, "sample_seconds": 30.0}},
        queries=(run_files.Query("vendors", "intel", vendors, ""),),
        labels=labels,
    )


@pytest.fixture
def found(tmp_path):
    return {table.name: table for table in reproduction.make(make_inputs(tmp_path))}


def test_a_cell_is_published_claimed_and_honest(found):
    scores = found["query_scores"].cells
    assert scores["VendorAgg", "mst"] == (1.0, 1.0, 0.0)
    assert scores["RamHist", "mst"] == (0.0, None, 0.5)
    assert scores["RamHist", "half"] == (1.0, None, 1.0)
    comparison = found["method_comparison"].cells
    assert comparison["passed", "mst"] == (6, 1, 1)
    assert comparison["average score, corrected", "mst"] == (None, None, 0.25)
    assert comparison["average score", "pe"][0] == pytest.approx(0.137, abs=5e-4)


def test_a_wide_model_is_one_fit_in_both_books_and_knows_its_own_tables(found):
    scores = found["query_scores"].cells
    assert scores["RamHist", "wide"] == (0.0, 0.0, 0.0)
    assert ("VendorAgg", "wide") not in scores  # not evaluated, as published


def test_means_leave_infinite_values_out_and_thresholds_move(found):
    assert found["continuous_metrics"].cells["histogram", "mst"][2] == 0.1
    rates = found["threshold_total_variation"].cells
    assert rates["0.15", "mst"] == (28.6, 100.0, 50.0)
    assert rates["0.2", "mst"] == (28.6, 100.0, 100.0)
    errors_of = found["normalized_errors"].cells
    assert [errors_of[row, "mst"][2] for row in ("mean", "count")] == [3.0, 2]


def test_what_is_claimed_stands_beside_what_it_costs(found):
    privacy = found["privacy_parameters"].cells
    assert privacy["total_epsilon", "mst"] == (76.0, 80.0, 4.0)
    assert privacy["epsilon of a device, by PLD", "mst"] == (None, 900.0, 3.9)
    assert found["runtimes"].cells["minutes", "mst"] == (90, None, 2.0)


def test_every_table_is_a_file_and_a_section(found, tmp_path):
    page = reproduction.write(
        tmp_path / "out", list(found.values()), make_inputs(tmp_path)
    )
    text = page.read_text()
    for name, table in found.items():
        assert f'id="{name}"' in text
        rows = runs.read_csv(tmp_path / "out" / f"{name}.csv")
        assert len(rows) == len(table.cells)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert set(published.facts()["queries"]) <= set(found["query_scores"].rows)


def test_a_run_without_the_study_s_queries_is_refused(tmp_path):
    with pytest.raises(errors.InputError, match="run a config with workload intel"):
        reproduction.make(make_inputs(tmp_path, scores=[]))
