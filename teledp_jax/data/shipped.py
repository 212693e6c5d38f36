"""Finds suites and configs: those that the project ships, and your own.

A checkout holds them in `sql/` and `configs/` beside the package; a wheel holds the
same folders inside the package.
"""

import os
import pathlib

from teledp_jax import errors

_PACKAGE = pathlib.Path(__file__).parents[1]
_PARTS = ("source", "device", "queries")


def _folder(name: str) -> pathlib.Path:
    """Where a folder lies that the project ships."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


SUITES = _folder("sql")
"""The folder of the suites that the project ships."""

CONFIGS = _folder("configs")
"""The folder of the configs that the project ships."""


def suite(name: str | os.PathLike[str]) -> pathlib.Path:
    """Finds the folder of a suite.

    Args:
        name: The name of a shipped suite, as `dca`, or the path of any suite's folder.

    Returns:
        The folder; its own name is the suite's name.

    Raises:
        InputError: If there is no such suite, or the folder is no suite.
    """
    known = sorted(path.parent.name for path in SUITES.glob("*/device"))
    if name in known:
        return SUITES / name
    folder = pathlib.Path(name).resolve()
    if not os.fspath(name) or not folder.is_dir():
        raise errors.InputError(
            f"No suite {os.fspath(name)!r}; known: {', '.join(known)}. The path of a "
            "suite's folder will do as well."
        )
    if missing := [part for part in _PARTS if not (folder / part).is_dir()]:
        raise errors.InputError(
            f"{folder}: is no suite, for it has no folder {' and no '.join(missing)}; "
            f"known suites: {', '.join(known)}."
        )
    return folder


def config(path: str) -> str:
    """Finds a config file; a file at the path goes before a shipped config.

    Args:
        path: The path of a file, or a shipped config, as `configs/demo.py` or `demo`.
            Text after a colon is for the config's `get_config`.

    Returns:
        The path of the file, and the colon with what follows it.

    Raises:
        InputError: If there is neither such a file nor such a shipped config.
    """
    file, colon, argument = path.partition(":")
    if pathlib.Path(file).is_file():
        return path
    known = {found.stem: found for found in sorted(CONFIGS.glob("*.py"))}
    for stem, found in known.items():
        if file in (stem, f"configs/{stem}.py"):
            return f"{found}{colon}{argument}"
    raise errors.InputError(
        f"No file {file}; shipped: {', '.join(f'configs/{stem}.py' for stem in known)}."
    )
