"""What a wheel holds and asks for; `.ci/run` installs one and runs a job with it."""

import email
import shutil
import subprocess
import sys
import zipfile

import pytest

import teledp_jax
from tests import paths

FOLDERS = ("teledp_jax", "sql", "configs")
BARE = {"flax", "jax", "jaxtyping", "numpy", "optax"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    for name in FOLDERS:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(paths.ROOT / name, folder / name, ignore=ignore)
    for name in ("setup.py", "pyproject.toml", "README.md"):
        shutil.copy(paths.ROOT / name, folder)
    stale = folder / "build" / "lib" / "teledp_jax" / "stale.py"  # of an earlier build
    stale.parent.mkdir(parents=True)
    stale.write_text("")
    code = "from setuptools import build_meta; build_meta.build_wheel('.')"
    subprocess.run(
        [sys.executable, "-c", code], cwd=folder, check=True, capture_output=True
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_a_wheel_holds_the_package_its_data_the_suites_and_the_configs(wheel):
    def files(folder: str) -> set[str]:
        root = paths.ROOT / folder
        found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return {str(path) for path in found if "__pycache__" not in path.parts}

    expected = {f"teledp_jax/{file}" for file in files("teledp_jax")}
    for folder in ("sql", "configs"):
        expected |= {f"teledp_jax/{folder}/{file}" for file in files(folder)}
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == expected


def test_a_wheel_states_the_version_of_the_package_and_its_extras(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    stated = email.message_from_bytes(wheel.read(name))
    assert stated["Version"] == teledp_jax.__version__
    needs = stated.get_all("Requires-Dist")
    core = {need.split(">")[0] for need in needs if "extra ==" not in need}
    assert core > BARE
    assert not core & {"duckdb", "jinja2", "matplotlib", "mbi", "ray"}
    assert {"pipeline", "marginals", "report", "ray", "s3", "audit"} <= set(
        stated.get_all("Provides-Extra")
    )
