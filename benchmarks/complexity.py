"""Counts the source of each method: lines, settings and packages that it needs.

python benchmarks/complexity.py

Imports are followed. Writes teledp_jax/report/complexity.json, which the report shows.
"""

import ast
import dataclasses
import io
import pathlib
import sys
import tokenize
from collections.abc import Collection
from typing import Any

import origin
from absl import app, flags

from teledp_jax import registry, runs
from teledp_jax.job import provenance
from teledp_jax.report import complexity

_OUTPUT = flags.DEFINE_string("output", str(complexity.FILE), "File of the result.")

_LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENCODING, tokenize.ENDMARKER,
}  # fmt: skip


def measure(module: str, config: type) -> dict[str, Any]:
    """Counts a method's source.

    Args:
        module: Dotted name of its module.
        config: Its dataclass of settings.

    Returns:
        Fields of `complexity.Complexity`.
    """
    start = provenance.PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")
    files = provenance.closure(module)
    own = {path for path in files if path == start or _room(path) in complexity.TAKES}
    tree = ast.parse(start.read_text(encoding="utf-8"))
    return complexity.Complexity(
        about=(ast.get_docstring(tree) or "").partition("\n")[0],
        family=_family(start),
        own_lines=_lines(own),
        shared_lines=_lines(files - own),
        settings=[field.name for field in dataclasses.fields(config)],
        packages=sorted({name for path in own for name in _outside(path)}),
    )._asdict()


def count_lines(source: str) -> int:
    """Counts lines of code: neither blank, nor comments, nor docstrings.

    Args:
        source: Text of a Python file.
    """
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(
            node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        ) and ast.get_docstring(node, clean=False):
            text = node.body[0]
            lines -= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return len(lines)


def _lines(files: Collection[pathlib.Path]) -> int:
    """Lines of code of some files."""
    return sum(count_lines(path.read_text(encoding="utf-8")) for path in files)


def _room(path: pathlib.Path) -> str:
    """The room of a file of the package."""
    return path.relative_to(provenance.PACKAGE).parts[0]


def _family(start: pathlib.Path) -> str:
    """The family whose modules a method imports itself, or the empty text."""
    names = [name.split(".") for name in provenance.imports(start)]
    direct = {parts[1] for parts in names if parts[0] == provenance.PACKAGE.name}
    return next((family for family in complexity.TAKES if family in direct), "")


def _outside(path: pathlib.Path) -> set[str]:
    """Packages, beyond this one and Python's own, that a file imports."""
    names = {name.partition(".")[0] for name in provenance.imports(path)}
    return names - {provenance.PACKAGE.name} - set(sys.stdlib_module_names)


def main(argv: list[str]) -> None:
    """Measures all methods, writes the result and prints a line for each."""
    del argv
    methods = {
        name: {
            **measure(module, registry.method(name).Config),
            "code": origin.of_method(name),
        }
        for name, module in registry.METHODS.items()
    }
    result = {"command": "python benchmarks/complexity.py", "methods": methods}
    runs.write_json(pathlib.Path(_OUTPUT.value), result)
    for name, found in methods.items():
        print(f"{name:18} {found['own_lines']:6} {found['shared_lines']:6}")


if __name__ == "__main__":
    app.run(main)
