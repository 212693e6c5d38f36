"""Where a result comes from: the command, the versions, the hardware and the code."""

import ast
import functools
import hashlib
import importlib.metadata
import os
import pathlib
import platform
import sys
from collections.abc import Iterator
from typing import Any

import jax

PACKAGE = pathlib.Path(__file__).parents[1]
"""The folder of the package."""

_PACKAGES = (
    "teledp_jax", "jax", "flax", "optax", "numpy", "duckdb", "pyarrow", "dp-accounting",
    "opendp",
)  # fmt: skip


def describe() -> dict[str, Any]:
    """Returns command, versions and hardware of this process, for what it writes."""
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {
        "command": " ".join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]),
        "versions": {"python": platform.python_version(), **versions},
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores",
        "accelerators": [device.device_kind for device in jax.devices()],
    }


def code_hash(*modules: str) -> str:
    """Hashes the code that modules consist of and import, and the data beside it.

    A module's data are the YAML files of its folder. What a function imports by a name
    in a variable (`registry.method`) is not followed: state its module as well.

    Args:
        modules: Dotted names, as `teledp_jax.methods.pe`.

    Returns:
        A short hash: it changes only if a file of the closure does.
    """
    files = {path for module in modules for path in closure(module)}
    data = {path for file in files for path in file.parent.glob("*.yaml")}
    digest = hashlib.sha256()
    for path in sorted(files | data):
        digest.update(str(path.relative_to(PACKAGE)).encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:20]


@functools.cache
def closure(module: str) -> frozenset[pathlib.Path]:
    """Finds the files of the package that a module imports, in any depth.

    Args:
        module: A dotted name, as `teledp_jax.methods.pe`.

    Returns:
        The files, that of the module included.

    Raises:
        ValueError: If the package has no such module.
    """
    start = _file(module)
    if start is None:
        raise ValueError(f"Expected a module of the package, got {module=}.")
    found, waiting = {start}, [start]
    while waiting:
        for name in imports(waiting.pop()):
            path = _file(name) or _file(name.rpartition(".")[0])
            if path is not None and path not in found:
                found.add(path)
                waiting.append(path)
    return frozenset(found)


def imports(path: pathlib.Path) -> Iterator[str]:
    """Yields the dotted names that a file imports, members of modules included.

    Args:
        path: A Python file.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _file(module: str) -> pathlib.Path | None:
    """The file of a module of the package; None if it is none of it."""
    first, *parts = module.split(".")
    if first != PACKAGE.name or not parts:
        return None
    stem = PACKAGE.joinpath(*parts)
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.exists():
            return path
    return None
