"""A file imports only what stands above it in the design's list of rooms; it is short.

Public functions of arrays, budgets and noise say what they take and return.
"""

import ast
import pathlib
import runpy

import pytest

PACKAGE = pathlib.Path(__file__).parent.parent / "teledp_jax"
ROOMS = [
    "errors", "extras", "storage", "schemas", "arrays", "keys", "base",
    "runs", "data", "queries", "authoring", "privacy", "dpsgd", "pe", "marginals",
    "answers", "methods", "registry", "cluster", "evaluation", "trust", "audit",
    "report", "suites", "studies", "job", "cli",
]  # fmt: skip
FAMILIES = {"dpsgd", "pe", "marginals", "answers"}
BARE = {"jax", "flax", "optax", "numpy", "jaxtyping", "teledp_jax"}
FILES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE
) + sorted(path for path in PACKAGE.glob("*.py") if path.name != "__init__.py")


def room(path: pathlib.Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: pathlib.Path) -> set[str]:
    """Dotted names of all modules that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_of(path: pathlib.Path) -> set[str]:
    parts = [name.split(".") for name in imports(path)]
    rooms = {p[1] for p in parts if p[0] == "teledp_jax" and len(p) > 1}
    assert rooms <= set(ROOMS), f"{path} imports a room that the list lacks"
    return rooms


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_imports_only_rooms_above_it(path):
    own = room(path)
    allowed = set(ROOMS[: ROOMS.index(own) + 1])
    if own in FAMILIES:
        allowed -= FAMILIES - {own} | {"data"}
    assert rooms_of(path) <= allowed


METHODS = [path for path in FILES if room(path) == "methods"]


@pytest.mark.parametrize("path", METHODS, ids=lambda p: p.stem)
def test_methods_import_no_methods(path):
    assert not {n for n in imports(path) if n.startswith("teledp_jax.methods")}


@pytest.mark.parametrize("family", ["dpsgd", "pe"])
def test_bare_rooms_reach_only_what_an_accelerator_machine_has(family):
    seen, queue = set(), sorted((PACKAGE / family).rglob("*.py"))
    while queue:
        path = queue.pop()
        seen.add(path)
        for name in imports(path):
            top = name.split(".")[0]
            assert top in BARE or top in __import__("sys").stdlib_module_names, (
                f"{path.relative_to(PACKAGE)} imports {name}"
            )
            if top == "teledp_jax":
                stem = PACKAGE.joinpath(*name.split(".")[1:])
                for found in (stem.with_suffix(".py"), stem / "__init__.py"):
                    if found.exists() and found not in seen:
                        queue.append(found)
    assert len(seen) > 3


def test_only_the_command_line_defines_flags():
    for path in FILES:
        if room(path) == "cli":
            continue
        assert not any(name.startswith("absl.flags") for name in imports(path)), path


def test_no_file_is_longer_than_350_lines():
    lengths = {path.name: path.read_text("utf-8").count("\n") for path in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > 350} == {}


def test_public_functions_of_arrays_budgets_and_noise_have_args_and_returns():
    structure = runpy.run_path(str(PACKAGE.parent / "scripts" / "structure.py"))
    found = [each for each in structure["documented"](FILES) if each.is_typed]
    assert len(found) > 300
    assert [each.name for each in found if not each.is_full] == []
