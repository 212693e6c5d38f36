"""What is read of a run folder."""

import pytest

from teledp_jax import errors, runs
from teledp_jax.report import run_files


def test_labels_and_references_are_told_apart(run, suite):
    inputs = run_files.read(run, suite.folder)
    assert inputs.labels == ("dpsgd_vae", "pe", "independent")
    assert inputs.references == ("ceiling", "half_sample")
    assert inputs.method("pe") == "pe"


def test_only_labels_with_tables_and_within_budget_can_win(run, suite):
    inputs = run_files.read(run, suite.folder)
    inputs = inputs._replace(labels=(*inputs.labels, runs.QUERY_ANSWERS))
    inputs.ledger["pe"]["claimed"] = {"epsilon": 4.0}
    assert inputs.honest == ("dpsgd_vae", "independent", runs.QUERY_ANSWERS)
    assert inputs.synthesizers == ("dpsgd_vae", "independent")


def test_an_empty_folder_reads_as_nothing(tmp_path, suite):
    inputs = run_files.read(runs.Run(tmp_path / "empty"), suite.folder)
    assert inputs.labels == () and inputs.scores == [] and inputs.ledger == {}
    assert len(inputs.queries) == 3  # those of the suite


def test_a_damaged_file_is_named(run, suite):
    run.ledger.write_text("{")
    with pytest.raises(errors.InputError, match=r"ledger\.json"):
        run_files.read(run, suite.folder)


def test_a_column_that_is_not_there_is_none(run):
    path = run.real / "sysinfo.parquet"
    assert len(run_files.column(path, "ram")) == 400
    assert run_files.column(path, "absent") is None
    assert run_files.column(run.real / "absent.parquet", "ram") is None
