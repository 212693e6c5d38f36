"""Fixtures of a small suite and a finished run folder."""

import pathlib

import pytest

from teledp_jax import runs
from teledp_jax.data import definition
from teledp_jax.report import embed, page
from teledp_jax.studies.intel.questions import section as questions
from tests.report import small_run


@pytest.fixture
def suite(tmp_path: pathlib.Path) -> definition.Suite:
    return small_run.make_suite(tmp_path / "sql" / "laptops")


@pytest.fixture
def run(tmp_path: pathlib.Path) -> runs.Run:
    return small_run.make_run(runs.Run(tmp_path / "run"), seeded=True)


@pytest.fixture
def release_run(tmp_path: pathlib.Path) -> runs.Run:
    return small_run.make_run(runs.Run(tmp_path / "unseeded"), seeded=False)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """One page for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("written")
    run = small_run.make_run(runs.Run(folder / "run"), seeded=True)
    suite = small_run.make_suite(folder / "laptops")
    return page.write(run, suite, make_additions=[questions.addition])


@pytest.fixture
def draw() -> embed.Draw:
    """Keeps no file; the drawing of a figure is its name."""
    return lambda name, svg, alt: embed.Figure(svg=name, alt=alt)


@pytest.fixture
def audit() -> dict:
    return small_run.AUDIT
