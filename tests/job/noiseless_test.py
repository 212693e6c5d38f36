"""Fits without noise: experiments on simulated data, never released."""

import collections

import pyarrow.parquet as pq
import pytest

from teledp_jax import errors, runs
from teledp_jax.job import noiseless, publish
from teledp_jax.job.dependencies import Stage
from tests.small_jobs import make_job, quiet


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """A small fleet, encoded."""
    folder = tmp_path_factory.mktemp("noiseless") / "run"
    job = make_job(folder, noiseless=True, seed=None, num_devices=300)
    with job.open():
        job.simulate(quiet)
        job.aggregate(quiet)
        job.encode(quiet)
    return job


def test_counts_of_a_fit_without_noise_are_those_of_the_fleet(job):
    noiseless.fit(job.settings, job.suite, job.run, "independent")
    found = []
    for folder in (job.run.real, job.run.noiseless("independent")):
        table = pq.read_table(folder / "system_sysinfo_unique_normalized.parquet")
        found.append(collections.Counter(table["chassistype"].to_pylist()))
    real, drawn = found
    assert real.total() == drawn.total()  # devices are not counted under noise
    # Under the budget each count would be off by a standard deviation of some 10.
    assert all(abs(real[name] - drawn[name]) <= 4 for name in real | drawn)


def test_such_a_run_is_stamped_and_releases_nothing(job):
    config = runs.read_json(job.run.config)
    assert config["noiseless"] is True and "no release" in config["seed_policy"]
    assert job.settings.released == [] and not job.settings.is_graded("independent")
    publish.publish(job.settings, job.suite, job.run)
    assert not (job.run.folder / "release").exists()


def test_a_real_source_is_refused(job, tmp_path):
    with pytest.raises(errors.InputError, match=r"noiseless: .* simulated or public"):
        make_job(tmp_path / "run", source=str(job.run.raw), noiseless=True)


def test_a_fit_without_noise_is_a_stage_of_its_own(job):
    basis = job._setup.dependencies.of(Stage("noiseless", "independent"))
    assert basis.earlier == (Stage("encode"),) and not basis.spends
    assert "config.budget.epsilon" not in basis.inputs
