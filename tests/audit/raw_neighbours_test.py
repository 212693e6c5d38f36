"""Raw rows of one device, in or out: only mechanisms pass them on to the release.

The real job runs from raw files to the folder that may leave, on a tiny suite.
"""

import dataclasses

import pytest

from teledp_jax import runs
from teledp_jax.audit import replay, suite
from teledp_jax.cli import audit, raw_audit
from teledp_jax.job import pipeline, settings
from teledp_jax.methods import independent
from tests.data import conftest as tiny

QUERY = """/*
question: How many machines crashed, per vendor?
codename: CrashByVendor
type: aggregate
tables: [machines, crashes]
keys: [vendor]
values: {num_devices: {metric: relative_error, threshold: 0.25}}
contributions:
  select: >-
    SELECT guid, vendor, num_crashes FROM machines JOIN crashes USING (guid)
  keys: {vendor: private}
  amounts: {num_crashes: 7}
  values: {num_devices: devices}
*/
SELECT vendor, count(*) AS num_devices FROM machines JOIN crashes USING (guid)
GROUP BY vendor ORDER BY vendor
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A config of a tiny suite with one query, and its raw files."""
    folder = tmp_path_factory.mktemp("world")
    query = tiny.write_suite(folder / "tiny") / "queries/basic/by_vendor.sql"
    query.parent.mkdir(parents=True)
    query.write_text(QUERY)
    config = settings.default(str(folder / "tiny"))
    config.budget.epsilon, config.budget.delta = 4.0, 1e-5
    config.trust.num_refits = 0
    config.domains.private = ("machines.vendor", "crashes.num_crashes")
    config.domains.learnt, config.domains.presence = True, True
    config.query_answers = True
    config.methods.independent = settings.entry(independent.Config())
    return config, tiny.write_source(folder)


def test_no_byte_of_a_release_differs_but_through_a_mechanism(world, tmp_path):
    config, source = world
    target = raw_audit.Target(device="\t first", num_rows=200)
    rows = raw_audit.check(
        config, "independent", source, tmp_path / "audit", targets=[target]
    )
    assert not [row for row in rows if row.is_bad]
    found = {row.audit: row.measured for row in rows}
    # Devices, 14 edges, names, presences, and those of the fit and the answers.
    assert found[replay.FLOW] == "same 21 questions"
    assert found[replay.METADATA] == "bit for bit the same"
    assert found[replay.KEYS] == "a key serves 1 of 21 draws of noise"
    changed = [row.measured for row in rows if row.audit == replay.SENSITIVITY]
    assert changed[-1] == "a score by 1, in 4 choices"
    own = next(row for row in rows if row.audit == replay.CELLS)
    assert float(own.measured.split()[-1]) > 1e-7, "its names may show, by chance"


def test_a_suite_without_a_simulator_is_audited_on_its_schema(world, tmp_path):
    config, source = world
    config = config.copy_and_resolve_references()
    config.source = str(source)
    job = pipeline.Job(settings.resolve(config), runs.Run(tmp_path / "run"))
    sizes = dataclasses.replace(
        suite.QUICK, fleet_sizes=(3,), num_draws=100, num_members=30
    )
    ((label, run),) = audit.of_schema(job, sizes)
    assert label == "independent"
    rows = run()
    assert len(rows) >= 5 and not [row for row in rows if row.is_bad]
    assert not job.run.folder.exists(), "nothing is read or written"
