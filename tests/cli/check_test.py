"""`teledp check` with a config beside the suite."""

import pytest
from absl import flags

from teledp_jax.cli import check
from teledp_jax.data import shipped

CONFIG = """
from teledp_jax import settings


def get_config():
    config = settings.default({suite!r})
    config.budget.epsilon, config.budget.delta = {epsilon}, 1e-5
    config.holdout = {holdout}
    return config
"""


def run(tmp_path, capsys, **fields):
    path = tmp_path / "config.py"
    known = {"suite": "flights", "epsilon": 1.0, "holdout": 0.1}
    path.write_text(CONFIG.format(**(known | fields)))
    values = flags.FlagValues()
    check.define(values)
    values(["check", f"--config={path}"])
    try:
        check.main(values, "flights")
        status = 0
    except SystemExit as error:
        status = error.code
    return status, capsys.readouterr().out


def test_a_config_without_fault_passes(tmp_path, capsys):
    status, out = run(tmp_path, capsys)
    assert status == 0 and out.startswith("No faults")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"epsilon": "float('nan')"},
            "config.budget.epsilon: expected a finite number",
        ),
        ({"suite": str(shipped.suite("dca"))}, "its suite is"),
        ({"holdout": "1 / 0"}, "cannot be read (division by zero)"),
    ],
)
def test_faults_of_a_config_are_told(tmp_path, capsys, fields, text):
    status, out = run(tmp_path, capsys, **fields)
    assert status == 1 and text in out and "1 fault." in out
