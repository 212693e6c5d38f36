"""Laptops written by a foundation model and weighed by private votes.

    export OPENAI_BASE_URL=http://localhost:8000/v1   # any endpoint of that protocol
    export OPENAI_MODEL=NAME
    export OPENAI_API_KEY=KEY                         # if the endpoint wants one
    python scripts/run_benchmark.py --config=configs/dca_llm.py --workdir=runs/dca_llm

The model sees the public schema and candidates that votes under noise have drawn. The
run asks for 1,600 laptops in 320 requests, prompts of 6,000 to 9,000 characters and
answers of some 4,000; with prices stated, of a million tokens, as
`--config.methods.pe_llm.prompt_price=0.4`, the report has the cost. About 2 minutes on
2 cores and as long as the model takes for its answers; killed, it goes on with the same
command and asks for none of them again.
"""

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import independent, pe, pe_llm


def get_config() -> ml_collections.ConfigDict:
    """Workload `stability` of suite `dca`, with and without a model, at epsilon 4."""
    config = settings.default("dca")
    config.num_devices = 20_000
    config.workloads = ("stability",)
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.methods.pe_llm = settings.entry(pe_llm.Config())
    config.methods.pe = settings.entry(pe.Config())
    config.methods.independent = settings.entry(independent.Config())
    return config.lock()
