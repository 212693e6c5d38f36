import textwrap

from teledp_jax.report import complexity


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

        import dataclasses

        import optax

        from teledp_jax import schema
        from teledp_jax.pe import evolve


        @dataclasses.dataclass
        class Config:
            """Its settings."""

            num_steps: int = 3  # a comment
            rate: float = 0.1
        ''',
    )
    write(root, "schema.py", "import jax\n\nX = jax\n")
    write(root, "pe/__init__.py", "")
    write(root, "pe/evolve.py", "import jax.numpy as jnp\nfrom teledp_jax import pe\n")
    write(root, "pe/unused.py", "import torch\n")


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


def test_method_is_measured_through_its_imports(tmp_path):
    make_package(tmp_path)
    found = complexity.measure("best", tmp_path)
    assert found is not None
    assert found.about == "The best method."
    assert found.family == "pe"
    assert found.own_lines == 8 + 2
    assert found.shared_lines == 2
    assert found.hyperparameters == ("num_steps", "rate")
    assert found.dependencies == ("jax", "optax")
    assert found.deployment is not None and found.deployment.network == "no"


def test_label_without_a_module_has_no_complexity(tmp_path):
    assert complexity.measure("half_sample", tmp_path) is None
