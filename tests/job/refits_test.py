"""Refits of a label on its own release, and what of them leaves."""

import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from teledp_jax import runs
from teledp_jax.job import publish, refits
from teledp_jax.trust import release
from tests.small_jobs import make_job, quiet


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """A job whose label is fitted and graded, and whose fleet is gone by then."""
    folder = tmp_path_factory.mktemp("graded") / "run"
    overrides = {"seed": None, "num_devices": 200, "trust.num_refits": 2}
    job = make_job(folder, min_devices=20, **overrides)
    with job.open():
        job.simulate(quiet)
        job.aggregate(quiet)
        job.encode(quiet)
        job.synthesize("independent", quiet)
        # Grades follow only from the release, so nothing private need be there.
        for private in (job.run.real, job.run.arrays, job.run.ceiling, job.run.raw):
            shutil.rmtree(private)
        assert not job.is_graded("independent")
        job.grade("independent", quiet)
        assert job.is_graded("independent")
    return job


def test_grades_follow_from_the_release_and_go_with_it(job):
    publish.publish_label(job.suite, job.run, "independent")
    folder = job.run.release("independent")
    rows = pq.read_table(folder / "trust.parquet").to_pylist()
    graded = {row["grade"] for row in rows}
    assert graded <= {"use", "care", "avoid"} and "avoid" in graded
    card = runs.read_json(folder / "card.json")
    assert card["trust"]["num_refits"] == 2 and card["trust"]["min_devices"] == 20
    assert sum(card["trust"]["answers"].values()) == len(rows) > 0
    assert "are to use" in (folder / "card.md").read_text()
    assert release.read(folder).many_rows <= {t.name for t in job.suite.schema.tables}


def test_a_refit_has_the_fleet_of_the_release_and_new_noise(job):
    made = [job.run.trust("independent") / release.REFITS / str(n) for n in (1, 2)]
    table = "system_sysinfo_unique_normalized.parquet"
    sizes = [
        pq.read_metadata(folder / table).num_rows
        for folder in (job.run.synthetic("independent"), *made)
    ]
    # The number of devices is counted anew, under noise of 20 devices.
    assert np.abs(np.diff(sizes)).max() < 200 and len(set(sizes)) > 1


def test_a_label_that_is_not_released_is_not_graded(tmp_path):
    for overrides in ({"trust.num_refits": 0, "seed": None}, {"trust.num_refits": 2}):
        job = make_job(tmp_path / "run", **overrides)
        assert not job.settings.is_graded("independent")
        assert job.is_graded("independent")  # there is nothing to do
        job.grade("independent", quiet)
        assert not job.run.folder.exists()


def test_a_seeded_refit_can_be_repeated(job, tmp_path):
    seeded = make_job(job.run.folder, num_devices=200)
    for name in ("a", "b"):
        refits.refit(
            seeded.settings, seeded.suite, "independent",
            job.run.synthetic("independent"), tmp_path / name, shared=[], number=1,
        )  # fmt: skip
    one, two = (
        {path.name: pq.read_table(path) for path in (tmp_path / name).glob("*.parquet")}
        for name in ("a", "b")
    )
    assert one == two and len(one) == 8
