"""What `import teledp_jax` offers, and at what cost."""

import doctest
import json
import os
import subprocess
import sys

import pytest

import teledp_jax as teledp
from teledp_jax.data import frames, statement
from teledp_jax.job import api
from tests import paths

IMPORT = """
import sys
import teledp_jax
heavy = {"jax", "duckdb", "numpy", "pyarrow", "flax", "ml_collections", "absl"}
assert not heavy & set(sys.modules), sorted(heavy & set(sys.modules))
assert "fit" in dir(teledp_jax) and teledp_jax.__version__
from teledp_jax import encode, fit, load, load_suite, schema
assert not {"duckdb", "fsspec", "sklearn", "mbi"} & set(sys.modules)
from teledp_jax import settings
assert settings.default("dca").suite == "dca"
"""


def run(*arguments, cwd=paths.ROOT):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(paths.ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_import_brings_in_nothing_heavy():
    run("-c", IMPORT)


def test_every_name_of_the_face_is_there():
    assert {name for name in teledp.__all__ if not hasattr(teledp, name)} == set()
    assert set(teledp.__all__) <= set(dir(teledp))


def test_the_version_is_stated_once():
    setup = (paths.ROOT / "setup.py").read_text()
    assert teledp.__version__.count(".") == 2
    assert teledp.__version__ not in setup


def test_a_name_that_it_lacks_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        teledp.fitt  # noqa: B018


@pytest.mark.parametrize("module", [api, frames, statement])
def test_examples_of_docstrings_hold(module):
    results = doctest.testmod(module)
    assert results.attempted
    assert not results.failed


def test_wrong_types_are_told_in_one_line_each():
    said = json.loads(run("-m", "tests.api_faults"))
    for expected, text in said.items():
        assert expected in text
        assert "\n" not in text


def test_the_first_example_draws_a_figure(tmp_path):
    example = paths.ROOT / "docs" / "examples" / "first_release.py"
    promise = run(str(example), "figure.png", cwd=tmp_path)
    assert "one device with all its rows in all tables" in promise
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
