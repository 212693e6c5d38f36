"""Where a result comes from: the command, the versions, the hardware and the code."""

import hashlib
import importlib.metadata
import os
import pathlib
import platform
import sys
from collections.abc import Collection, Iterator
from typing import Any

import jax

from teledp_jax.job import sourcecode

PACKAGE = pathlib.Path(__file__).parents[1]
"""The folder of the package."""

_PACKAGES = (
    "teledp_jax", "jax", "flax", "optax", "numpy", "duckdb", "pyarrow", "dp-accounting",
    "opendp",
)  # fmt: skip


def describe() -> dict[str, Any]:
    """Tells command, versions and hardware of this process, for what it writes."""
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {
        "command": " ".join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]),
        "versions": {"python": platform.python_version(), **versions},
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores",
        "accelerators": [device.device_kind for device in jax.devices()],
    }


def code_of(*modules: str) -> dict[str, Any]:
    """Names the modules that make a result, and hashes their code.

    Args:
        modules: Dotted names, as `code_hash` takes them.

    Returns:
        What a result file keeps under `code`.
    """
    return {"modules": list(modules), "hash": code_hash(*modules)}


def code_hash(*modules: str, without: Collection[str] = ()) -> str:
    """Hashes the code that modules consist of and import, and the data beside it.

    Comments, docstrings and blank lines do not count. A module's data are the YAML
    files of its folder. What a function imports by a name in a variable
    (`registry.method`) is not followed: state its module as well.

    Args:
        modules: Dotted names, as `teledp_jax.methods.pe`.
        without: Modules that are neither hashed nor followed.

    Returns:
        A short hash: it changes only if code or data of the closure do.

    Raises:
        ValueError: If the package has no such module.
    """
    files = {path for module in modules for path in closure(module, without=without)}
    folders = {file.parent for file in files if PACKAGE in file.parents}
    data = {path for folder in folders for path in _yaml(folder)}
    digest = hashlib.sha256()
    for path in sorted(files | data):
        inside = PACKAGE in path.parents
        name = str(path.relative_to(PACKAGE)) if inside else path.name
        digest.update(name.encode() + b"\0")
        content = path.read_bytes()
        if path in files:
            content = sourcecode.read(content).code
        digest.update(content + b"\0")
    return digest.hexdigest()[:20]


def _yaml(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """The data files of a folder; what an editor or a Mac hides there is none."""
    return (path for path in folder.glob("*.yaml") if not path.name.startswith("."))


def closure(module: str, *, without: Collection[str] = ()) -> set[pathlib.Path]:
    """Finds the files of the package that a module imports, in any depth.

    Args:
        module: A dotted name, as `teledp_jax.methods.pe`, or that of a method of your
            own, of whose other modules none is followed.
        without: Modules that are left out, with what only they import.

    Returns:
        The files, that of the module included.

    Raises:
        ValueError: If there is no such module.
    """
    start = _file(module) or _foreign(module)
    if start is None:
        raise ValueError(f"Expected a module of the package, got {module=}.")
    found, waiting = {start}, [start]
    left_out = {_file(name) for name in without}
    while waiting:
        for name in imports(waiting.pop()):
            path = _file(name) or _file(name.rpartition(".")[0])
            if path is not None and path not in found | left_out:
                found.add(path)
                waiting.append(path)
    return found


def imports(path: pathlib.Path) -> tuple[str, ...]:
    """Lists the dotted names that a file imports, members of modules included.

    Args:
        path: A Python file.

    Returns:
        The names.
    """
    return sourcecode.read(path.read_bytes()).imports


def _foreign(module: str) -> pathlib.Path | None:
    """The file of an imported module of another package; None if there is none."""
    if module.split(".")[0] == PACKAGE.name:
        return None
    place = getattr(sys.modules.get(module), "__file__", None)
    return None if place is None else pathlib.Path(place)


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
