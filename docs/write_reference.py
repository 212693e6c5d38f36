"""Writes docs/reference/methods.md from the methods' docstrings and `Config` classes.

python docs/write_reference.py           # writes the page
python docs/write_reference.py --check   # writes nothing; status 1 if out of date
"""

import dataclasses
import inspect
import pathlib
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from teledp_jax import registry

PAGE = pathlib.Path(__file__).parent / "reference" / "methods.md"
_BEGIN = """# Methods and their settings

<!-- Written by docs/write_reference.py; do not edit. -->

A config names a method and overrides its settings:

    config.methods.pe = settings.entry(pe.Config(num_iterations=2))

From the command line, for a label that the config has:

    python scripts/run_benchmark.py --config=configs/demo.py --workdir=runs/demo \\
        --config.methods.pe.num_iterations=2
"""
_FIELD = re.compile(r"^(\w+): ", re.MULTILINE)


def page() -> str:
    """Returns the page as it should be."""
    parts = [_BEGIN]
    for name in sorted(registry.METHODS):
        parts += _section(name, registry.method(name))
    return "\n".join(parts)


def _section(name: str, module: ModuleType) -> Iterator[str]:
    """The part of the page about one method."""
    yield f"## `{name}`\n"
    yield f"{inspect.getdoc(module)}\n"
    text, meanings = _split(inspect.getdoc(module.Config) or "")
    yield f"{text}\n"
    fields = dataclasses.fields(module.Config)
    if not fields:
        return
    yield "| setting | default | meaning |"
    yield "|---|---|---|"
    for field in fields:
        yield f"| `{field.name}` | {_default(field)} | {meanings[field.name]} |"
    yield ""


def _split(text: str) -> tuple[str, dict[str, str]]:
    """What stands before the attributes of a docstring, and the attributes."""
    before, _, after = text.partition("\nAttributes:\n")
    parts = _FIELD.split(inspect.cleandoc(after))[1:]
    return before.strip(), {
        name: " ".join(about.split()).replace("|", "\\|")
        for name, about in zip(parts[::2], parts[1::2], strict=True)
    }


def _default(field: dataclasses.Field[Any]) -> str:
    """The default of a setting as code."""
    if field.default is dataclasses.MISSING:
        return "state it"
    return f"`{field.default!r}`"


def main() -> None:
    """Writes the page, or checks it."""
    wanted = page()
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != wanted:
            sys.exit(f"Out of date: {PAGE}; run make tables.")
        return
    if sys.argv[1:]:
        sys.exit(f"Unknown arguments {sys.argv[1:]}.")
    PAGE.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
