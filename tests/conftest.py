"""Settings of all tests: CPU, strict dtypes and ranks, shapes checked as they run."""

import atexit
import os
import shutil
import tempfile

import hypothesis
import jaxtyping
import pytest

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_NUMPY_DTYPE_PROMOTION"] = "strict"
os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"

# Programs of tests run a few times each, so they are compiled in a hurry, and once per
# run: its workers and the processes that tests start share what was compiled.
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false")
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="compiled-")
    atexit.register(
        shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True
    )

# Ledgers of data sets are no test's business but its own.
_LEDGERS = tempfile.mkdtemp(prefix="ledgers-")
atexit.register(shutil.rmtree, _LEDGERS, ignore_errors=True)
os.environ["XDG_DATA_HOME"] = _LEDGERS

# An int may stand for a float, as in PEP 484.
jaxtyping.install_import_hook(
    "teledp_jax", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"
)

hypothesis.settings.register_profile("long", max_examples=3_000)


@pytest.fixture(autouse=True, scope="session")
def coarse_accounts():
    """Makes accounts quicker; `tests/privacy` takes the grids of releases."""
    from tests import toys  # not before the hook above

    toys.account_coarsely()


@pytest.fixture(autouse=True)
def own_ledger(monkeypatch):
    """Gives each test a ledger of its own."""
    folder = os.path.join(_LEDGERS, os.urandom(8).hex())
    monkeypatch.setenv("XDG_DATA_HOME", folder)
