"""The part of one query."""

import shutil

from teledp_jax.report import queries, run_files


def test_a_query_without_results_keeps_its_checks(run, suite, draw):
    shutil.rmtree(run.folder / "results")
    parts = queries.section(run_files.read(run, suite.folder), draw)
    assert [part["query"].name for part in parts] == [
        "crash_by_vendor", "ram_hist", "rare_vendor",
    ]  # fmt: skip
    assert parts[0]["checks"].rows
    assert parts[0]["counts"] == "" and parts[0]["figure"] is None


def test_a_query_with_results_has_a_grid_per_value_column(run, suite, draw):
    part = queries.section(run_files.read(run, suite.folder), draw)[0]
    assert [name for name, _ in part["grids"]] == ["num_devices", "mean_crashes"]
    assert part["figure"].svg == "query_crash_by_vendor"
    assert "half_sample" not in part["checks"].columns
