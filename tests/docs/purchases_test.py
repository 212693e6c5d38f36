"""The tutorial of purchases and vehicles: its code and commands run to a release."""

import importlib
import pathlib
import re
import runpy
import shlex

import pyarrow.parquet as pq
import pytest
from absl import flags

from teledp_jax import runs
from teledp_jax.cli import command, job_flags
from teledp_jax.job import pipeline, settings
from tests import paths, small_jobs
from tests.docs import markdown

PAGE = paths.ROOT / "docs" / "tutorials" / "purchases.md"


def commands(name: str) -> list[list[str]]:
    """Arguments of the commands of the page that name a suite or its run."""
    lines = re.findall(r"^    teledp ((?:[^\n]*\\\n)*[^\n]*)$", PAGE.read_text(), re.M)
    parts = [shlex.split(line.replace("\\\n", " ")) for line in lines]
    return [part for part in parts if re.search(rf"\b{name}\b", " ".join(part[1:]))]


def call(name: str, *arguments: str) -> None:
    """Runs a subcommand in this process."""
    module = importlib.import_module(f"teledp_jax.cli.{name.replace('-', '_')}")
    values = flags.FlagValues()
    module.define(values)
    module.main(values, *values([name, *arguments])[1:])


def run(config: str, workdir: str) -> runs.Run:
    """Runs a config as it stands, on a share of the devices and without refits."""
    read = job_flags.read_config(config)
    read.device_share, read.trust.num_refits = 0.05, 0
    checked = settings.resolve(read)
    folder = runs.Run(pathlib.Path(workdir))
    job, quiet = pipeline.Job(checked, folder), small_jobs.quiet
    with job.open():
        job.aggregate(quiet)
        job.encode(quiet)
        for label in checked.methods:
            job.synthesize(label, quiet)
        job.evaluate(quiet)
        job.report()
    return folder


@pytest.mark.parametrize(
    ("suite", "script"), [("shop", "prepare.py"), ("fleet", "make_fleet.py")]
)
def test_parquet_becomes_a_release_without_editing_a_file(
    suite, script, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for block in markdown.blocks(PAGE):
        if block.file:
            (tmp_path / block.file).write_text(block.text)
    runpy.run_path(script)
    found = {}
    for name, *arguments in commands(suite):
        found[name] = arguments
        if name == "run":
            flag = dict(part.removeprefix("--").split("=") for part in arguments)
            released = run(flag["config"], flag["workdir"]).release("pe_conditional")
        elif name != "plan":
            call(name, *arguments)
    assert {"new-suite", "check", "run"} <= set(found)
    for path in (tmp_path / suite / "device").glob("*.sql"):
        assert pq.read_metadata(released / f"{path.stem}.parquet").num_columns > 1
    assert (released / "card.md").exists()
    if suite == "shop":
        (table,) = (tmp_path / "more").glob("purchases.parquet")
        values = pq.read_table(table)["dollar_value"].to_pylist()
        assert len(values) == 500 and min(values) >= 40


def test_the_plan_of_the_page_has_flags_that_exist():
    (plan,) = [part for part in commands("shop") if part[0] == "plan"]
    module = importlib.import_module("teledp_jax.cli.plan")
    values = flags.FlagValues()
    module.define(values)
    names = {part.removeprefix("--").partition("=")[0] for part in plan[1:]}
    assert names <= set(values)
    assert isinstance(module, command.Command)
