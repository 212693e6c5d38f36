"""The job that flags name."""

import pytest
from absl import flags

from teledp_jax import errors
from teledp_jax.cli import job_flags
from tests.cli.commands import call

TWO = """
from teledp_jax import settings
from teledp_jax.methods import histogram, independent
def get_config():
    config = settings.default("dca")
    config.workloads = ("stability",)
    config.budget.epsilon, config.budget.delta = 4.0, 1e-5
    config.methods.one = settings.entry(independent.Config())
    config.methods.two = settings.entry(histogram.Config())
    return config.lock()
"""


@pytest.fixture
def parse(tmp_path, monkeypatch):
    """Reads flags as a command would, with a config of two labels in any folder."""
    (tmp_path / "two.py").write_text(TWO)
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")

    def parsed(*arguments) -> flags.FlagValues:
        values = flags.FlagValues()
        job_flags.define(values, fits=True, spends=True)
        own = ["--config=../two.py", f"--workdir={tmp_path / 'run'}"]
        argv = ["teledp run", *own, *arguments]
        monkeypatch.setattr("sys.argv", argv)
        values(argv)
        return values

    return parsed


def test_short_flags_stand_for_keys_of_the_config(parse, tmp_path):
    book = tmp_path / "book.jsonl"
    job = job_flags.open_job(
        parse(
            "--world=b", f"--book={book}", "--data_set=laptops", "--cap_epsilon=5",
            "--config.seed=3",
        )
    )  # fmt: skip
    assert job.settings.simulation["world"] == "b"
    assert (job.settings.book.path, job.settings.book.epsilon) == (book, 5.0)
    assert job.settings.book.data_set == "laptops" and job.settings.seed == 3
    assert list(job.settings.methods) == ["one", "two"]


def test_programs_of_a_real_fleet_stay_in_its_private_folder(
    parse, tmp_path, monkeypatch
):
    # Their names are hashes of shapes, which hold the exact number of devices.
    kept = []
    monkeypatch.setattr(job_flags.accelerated, "cache_programs", kept.append)
    job_flags.open_job(parse())
    assert not kept  # simulated
    (tmp_path / "raw").mkdir()
    job = job_flags.open_job(parse(f"--config.source={tmp_path / 'raw'}"))
    assert kept == [job.run.private / "compiled"]


@pytest.mark.parametrize("flag", ["--labels=two", "--label=two"])
def test_labels_are_named_by_either_spelling(flag, parse):
    assert list(job_flags.open_job(parse(flag)).settings.methods) == ["two"]
    kept = job_flags.open_job(parse(flag), keep_all=True)
    assert list(kept.settings.methods) == ["one", "two"]


def test_the_flag_that_a_parent_adds_wins(parse):
    values = parse("--label=one", "--labels=one,two", "--labels=two")
    assert job_flags.labels(values) == ["two"]


def test_an_input_is_of_a_suite_of_one_file(parse, tmp_path):
    (tmp_path / "log.csv").write_text("")
    with pytest.raises(errors.InputError, match=r"for dca state --config\.source"):
        job_flags.open_job(parse(f"--input={tmp_path / 'log.csv'}"))


def test_a_local_folder_is_asked_for_where_no_other_will_do(monkeypatch):
    done = call(monkeypatch, "summary", "--workdir=s3://bucket/run")
    assert done.status == 2 and "works in a folder of this machine" in done.err
    assert call(monkeypatch, "summary").err.startswith("error: State --workdir")
