"""Engineering complexity of a method, counted from its source."""

import ast
import io
import pathlib
import sys
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

FAMILIES = ("dpsgd", "pe", "marginals", "answers")

_PACKAGE = "teledp_jax"
_ROOT = pathlib.Path(__file__).parent.parent
_LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENCODING, tokenize.ENDMARKER,
}  # fmt: skip


class Deployment(NamedTuple):
    """What it takes to run a family of methods."""

    accelerator: str
    network: str
    tuning: str


_DEPLOYMENT = {
    "dpsgd": Deployment(
        accelerator="not needed; training is many times faster with one",
        network="no",
        tuning="learning rate, clipping norm, batch and steps; on a simulated fleet, "
        "since tuning on private data costs budget",
    ),
    "pe": Deployment(
        accelerator="not needed; voting is many times faster with one",
        network="no",
        tuning="iterations, candidates and the variation schedule",
    ),
    "marginals": Deployment(
        accelerator="no", network="no", tuning="the public bins; else hardly any"
    ),
    "answers": Deployment(
        accelerator="no", network="no", tuning="clipping of each contribution"
    ),
}
_MODEL_SERVER = Deployment(
    accelerator="for the language model",
    network="yes, or a language model served on site",
    tuning="the prompt, iterations and candidates",
)


class Complexity(NamedTuple):
    """What a reader or a maintainer of a method faces.

    Attributes:
        about: First line of the module's docstring.
        family: The family that it stands on.
        own_lines: Lines of code of the method and its family's modules that it uses.
        shared_lines: Lines of the package's other modules that it uses.
        hyperparameters: Fields of its Config.
        dependencies: Packages that its own modules import.
        deployment: What it takes to run it.
    """

    about: str
    family: str
    own_lines: int
    shared_lines: int
    hyperparameters: tuple[str, ...]
    dependencies: tuple[str, ...]
    deployment: Deployment | None


def measure(method: str, root: pathlib.Path = _ROOT) -> Complexity | None:
    """Counts a method's source, imports followed; None if it has no module.

    Args:
        method: Name of a module of `methods/`.
        root: Folder of the package.
    """
    start = root / "methods" / f"{method}.py"
    if not start.exists():
        return None
    modules = _closure(start, root)
    own = [
        path
        for path in modules
        if path == start or path.relative_to(root).parts[0] in FAMILIES
    ]
    tree = ast.parse(start.read_text(encoding="utf-8"))
    family = _family(start, root)
    return Complexity(
        about=(ast.get_docstring(tree) or "").partition("\n")[0],
        family=family,
        own_lines=sum(count_lines(path.read_text("utf-8")) for path in own),
        shared_lines=sum(
            count_lines(path.read_text("utf-8")) for path in modules if path not in own
        ),
        hyperparameters=_config_fields(tree),
        dependencies=tuple(sorted({name for path in own for name in _outside(path)})),
        deployment=_MODEL_SERVER if method == "pe_llm" else _DEPLOYMENT.get(family),
    )


def count_lines(source: str) -> int:
    """Lines of code: neither blank, nor comments, nor docstrings."""
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


def _family(start: pathlib.Path, root: pathlib.Path) -> str:
    """The family whose modules a method imports itself, or the empty text."""
    direct = {path.relative_to(root).parts[0] for path in _inside(start, root)}
    return next((family for family in FAMILIES if family in direct), "")


def _closure(start: pathlib.Path, root: pathlib.Path) -> list[pathlib.Path]:
    """The module and all modules of the package that it imports, in any depth."""
    found, waiting = [start], [start]
    while waiting:
        for path in _inside(waiting.pop(), root):
            if path not in found:
                found.append(path)
                waiting.append(path)
    return found


def _imports(path: pathlib.Path) -> Iterator[str]:
    """Dotted names that a module imports, members included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _inside(path: pathlib.Path, root: pathlib.Path) -> Iterator[pathlib.Path]:
    """Files of the package that a module imports."""
    for name in _imports(path):
        first, *parts = name.split(".")
        if first != _PACKAGE:
            continue
        for end in range(len(parts), 0, -1):
            module = root.joinpath(*parts[:end])
            if module.with_suffix(".py").exists():
                yield module.with_suffix(".py")
                break
            if (module / "__init__.py").exists():
                yield module / "__init__.py"
                break


def _outside(path: pathlib.Path) -> Iterator[str]:
    """Packages, beyond this one and Python's own, that a module imports."""
    for name in _imports(path):
        first = name.partition(".")[0]
        if first != _PACKAGE and first not in sys.stdlib_module_names:
            yield first


def _config_fields(tree: ast.Module) -> tuple[str, ...]:
    """Fields of the class Config of a module."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Config":
            return tuple(
                item.target.id
                for item in node.body
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
            )
    return ()
