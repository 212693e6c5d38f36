"""Prints the numbers of the package's structure: rooms, imports, files, docstrings.

python scripts/structure.py

A room is a folder of the package or a file at its root; an arrow is a pair of rooms of
which one imports the other. Depth is the longest chain of arrows, in rooms.
"""

import ast
import io
import pathlib
import statistics
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from teledp_jax.job import provenance

PACKAGE = provenance.PACKAGE
ROOT = PACKAGE.parent
OTHERS = ("scripts", "benchmarks", "configs")
PRIVATE_TYPES = ("Array", "ndarray", "Key", "Budget", "DeviceArrays", "noise", "sigma")


def room(path: pathlib.Path) -> str:
    """Names the room of a file."""
    if PACKAGE not in path.parents:
        return path.relative_to(ROOT).parts[0]
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def arrows(files: list[pathlib.Path]) -> set[tuple[str, str]]:
    """Finds which rooms import which others."""
    found = set()
    for path in files:
        for name in provenance.imports(path):
            parts = name.split(".")
            if parts[0] == PACKAGE.name and len(parts) > 1:
                found.add((room(path), parts[1]))
    return {(a, b) for a, b in found if a != b}


def depth(pairs: set[tuple[str, str]]) -> int:
    """Counts the rooms of the longest chain; a circle raises RecursionError."""
    below: dict[str, set[str]] = {}
    for a, b in pairs:
        below.setdefault(a, set()).add(b)

    def of(name: str) -> int:
        return 1 + max((of(other) for other in below.get(name, ())), default=0)

    return max(map(of, below))


def public_functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Yields public functions and methods."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (item for item in node.body if isinstance(item, ast.FunctionDef))


class Documented(NamedTuple):
    """What the docstring of a public function has.

    Attributes:
        name: File, line and name of the function.
        args: Whether it has Args.
        returns: Whether it has Returns.
        is_typed: Whether it takes or returns arrays, budgets or noise.
        is_full: Whether it has all that its signature asks for.
    """

    name: str
    args: bool
    returns: bool
    is_typed: bool
    is_full: bool


def documented(files: list[pathlib.Path]) -> Iterator[Documented]:
    """Yields what each public function's docstring has."""
    for path in files:
        for node in public_functions(ast.parse(path.read_text("utf-8"))):
            if node.name.startswith("_"):
                continue
            text = ast.get_docstring(node) or ""
            arguments = [a for a in node.args.args if a.arg not in ("self", "cls")]
            arguments += node.args.kwonlyargs
            signature = ast.unparse(node.args) + ast.unparse(node.returns or node.args)
            returns = node.returns is not None and ast.unparse(node.returns) != "None"
            yield Documented(
                f"{path.relative_to(ROOT)}:{node.lineno} {node.name}",
                args="Args:" in text,
                returns="Returns:" in text,
                is_typed=any(name in signature for name in PRIVATE_TYPES),
                is_full=(not arguments or "Args:" in text)
                and (
                    not returns or any(word in text for word in ("Returns:", "Yields:"))
                ),
            )


def comment_share(files: list[pathlib.Path]) -> float:
    """Computes the share of lines that hold a comment."""
    comments = lines = 0
    for path in files:
        text = path.read_text("utf-8")
        lines += text.count("\n")
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        comments += sum(token.type == tokenize.COMMENT for token in tokens)
    return comments / lines


def main() -> None:
    """Prints the numbers."""
    files = sorted(PACKAGE.rglob("*.py"))
    outside = sorted(path for name in OTHERS for path in (ROOT / name).glob("*.py"))
    inside = [path for path in files if path.name != "__init__.py"]
    lengths = {path: path.read_text("utf-8").count("\n") for path in inside}
    pairs = arrows(files + outside)
    loose = [path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"]
    rooms = {room(path) for path in inside + outside}
    print(f"rooms {len(rooms)}, arrows {len(pairs)}, depth {depth(pairs)}")
    print(f"loose files at the root {len(loose)}: {', '.join(sorted(loose))}")
    print(
        f"files {len(inside)}, lines {sum(lengths.values())}, "
        f"median {statistics.median(lengths.values()):.0f}, "
        f"largest {max(lengths.values())}"
    )
    for path, count in sorted(lengths.items(), key=lambda item: -item[1]):
        if count > 350:
            print(f"  over 350 lines: {path.relative_to(ROOT)} {count}")
    for path in inside:
        if path.parent.name == "methods" and lengths[path] > 150:
            print(f"  method over 150 lines: {path.stem} {lengths[path]}")
    found = list(documented(inside))
    typed = [function for function in found if function.is_typed]
    print(
        f"public functions {len(found)}, "
        f"with Args {sum(each.args for each in found) / len(found):.0%}, "
        f"with Returns {sum(each.returns for each in found) / len(found):.0%}; "
        f"of {len(typed)} that take or return arrays, budgets or noise "
        f"{sum(each.is_full for each in typed)} have all of it"
    )
    for name in ("dpsgd", "pe", "marginals", "privacy"):
        own = [path for path in inside if PACKAGE / name in path.parents]
        print(f"comments in {name}: {comment_share(own):.1%} of lines")


if __name__ == "__main__":
    main()
