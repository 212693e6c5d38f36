import dataclasses
import textwrap

import pytest

from teledp_jax import registry
from teledp_jax.job import provenance
from teledp_jax.report import complexity as recorded
from tests.benchmarks import modules

complexity = modules.load("complexity")


def write(root, path, source):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(source))


def make_package(root):
    write(
        root,
        "methods/best.py",
        '''
        """The best method.

        More about it.
        """

        import optax

        from teledp_jax import schema
        from teledp_jax.pe import evolve


        x = 3  # a comment
        ''',
    )
    write(root, "schema.py", "import jax\n\nX = jax\n")
    write(root, "pe/__init__.py", "")
    write(root, "pe/evolve.py", "import jax.numpy as jnp\nfrom teledp_jax import pe\n")
    write(root, "pe/unused.py", "import torch\n")


@dataclasses.dataclass
class Shared:
    """Settings of several methods."""

    num_steps: int = 3


@dataclasses.dataclass
class Config(Shared):
    """Settings of the method of this package."""

    rate: float = 0.1


def test_code_lines_leave_out_blanks_comments_and_docstrings():
    source = textwrap.dedent(
        '''
        """Module."""

        # comment
        def f(x):
            """One.

            Two.
            """
            text = """a
            b"""
            return (
                x
            )
        '''
    )
    assert complexity.count_lines(source) == 6


def test_method_is_measured_through_its_imports(tmp_path, monkeypatch):
    root = tmp_path / "teledp_jax"
    make_package(root)
    monkeypatch.setattr(provenance, "PACKAGE", root)
    assert complexity.measure("teledp_jax.methods.best", Config) == {
        "about": "The best method.",
        "family": "pe",
        "own_lines": 4 + 2,
        "shared_lines": 2,
        "settings": ["num_steps", "rate"],
        "packages": ["jax", "optax"],
    }


def test_every_method_has_a_record():
    for method in registry.METHODS:
        found = recorded.of(method)
        assert found is not None and found.own_lines > 100
        assert recorded.takes(method) is not None


@pytest.mark.parametrize("label", ["half_sample", "query_answers"])
def test_what_is_no_method_has_no_record(label):
    assert recorded.of(label) is recorded.takes(label) is None


def test_a_method_that_asks_a_model_needs_a_server():
    takes = recorded.takes("pe_llm")
    assert takes is not None and takes.network.startswith("yes")
