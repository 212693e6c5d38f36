"""The small run of the report."""

import pytest

from teledp_jax import runs
from teledp_jax.report import run_files
from tests.report import small_run


@pytest.fixture
def suite(tmp_path):
    return small_run.make_suite(tmp_path / "sql" / "laptops")


@pytest.fixture
def inputs(tmp_path, suite):
    run = small_run.make_run(runs.Run(tmp_path / "run"), seeded=True)
    runs.write_json(run.missing_tables, ["crashes"])
    return run_files.read(run, suite.folder)
