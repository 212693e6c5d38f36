"""Settings of all tests: CPU, strict dtypes and ranks, shapes checked as they run."""

import os

import hypothesis
import jaxtyping

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_NUMPY_DTYPE_PROMOTION"] = "strict"
os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"

# An int may stand for a float, as in PEP 484.
jaxtyping.install_import_hook(
    "teledp_jax", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"
)

hypothesis.settings.register_profile("long", max_examples=3_000)
