"""What was assumed, and how a run is repeated."""

from teledp_jax.report import origin, run_files, texts

RATES = """
window: {source: assumed, days: 91, about: a season}
attributes:
  ram: {source: published, shares: {4: 1}}
  os: {source: assumed, shares: {Win10: 1}}
"""


def test_assumed_columns_and_rates_are_listed(run, suite, tmp_path):
    rates = tmp_path / "rates.yaml"
    rates.write_text(RATES)
    found = origin.assumed(run_files.read(run, suite.folder), suite, [rates])
    assert found["simulated"]
    assert found["grid"].rows == (("sysinfo", "ram", "BIGINT", "memory"),)
    assert found["rates"].rows == (
        ("window", "a season"),
        ("attributes.os", texts.NOTHING),
    )


def test_a_run_tells_how_to_repeat_it(run, suite):
    found = origin.reproduce(run_files.read(run, suite.folder))
    assert found["command"].startswith("run_benchmark.py")
    assert found["versions"] == "python 3.11.9, jax 0.10.2"
    assert '"epsilon": 4.0' in found["config"]


def test_an_empty_run_folder_repeats_nothing(tmp_path, run, suite):
    run.config.unlink()
    found = origin.reproduce(run_files.read(run, suite.folder))
    assert (found["command"], found["config"], found["versions"]) == (None, "", "")
