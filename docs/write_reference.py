"""Writes the reference of methods and of header keys from the code that reads them.

python docs/write_reference.py           # writes the pages
python docs/write_reference.py --check   # writes nothing; status 1 if out of date

`methods.md` comes from the methods' docstrings and `Config` classes. In `headers.md`
the tables between `<!-- keys: NAME -->` and `<!-- end of keys -->` are filled.
"""

import dataclasses
import inspect
import pathlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from teledp_jax import registry
from teledp_jax.data import header_keys as table_keys
from teledp_jax.data import headers, shipped
from teledp_jax.queries import header_keys as query_keys

_REFERENCE = pathlib.Path(__file__).parent / "reference"
_BEGIN = """# Methods and their settings

<!-- Written by docs/write_reference.py; do not edit. -->

A config names a method and overrides its settings:

    config.methods.pe = settings.entry(pe.Config(num_iterations=2))

From the command line, for a label that the config has:

    python scripts/run_benchmark.py --config=configs/demo.py --workdir=runs/demo \\
        --config.methods.pe.num_iterations=2
"""
_FIELD = re.compile(r"^(\w+): ", re.MULTILINE)
_PLACE = re.compile(r"<!-- keys: (\w+) -->\n.*?<!-- end of keys -->", re.DOTALL)
_SHOWN = 4  # values of a list that are shown


def methods() -> str:
    """Returns the page of methods as it should be."""
    parts = [_BEGIN]
    for name in sorted(registry.METHODS):
        parts += _section(name, registry.method(name))
    return "\n".join(parts)


def filled(text: str) -> str:
    """Returns the page of header keys with its tables as they should be.

    Args:
        text: The page.
    """
    made = tables()
    for match in _PLACE.finditer(text):
        if match[1] not in made:
            raise KeyError(f"headers.md: no table {match[1]!r}; known: {list(made)}.")
    return _PLACE.sub(
        lambda match: (
            f"<!-- keys: {match[1]} -->\n{made[match[1]]}\n<!-- end of keys -->"
        ),
        text,
    )


def tables() -> dict[str, str]:
    """Returns the tables of the page of header keys, by name."""
    keys = ("key", "needed", "meaning", "example")
    return {
        "source": _of_keys(keys, table_keys.SOURCE),
        "source_roles": _of_words("role", table_keys.SOURCE_ROLES),
        "reporting": _of_keys(keys, table_keys.REPORTING),
        "device": _of_keys(keys, table_keys.DEVICE),
        "device_roles": _of_words("role", table_keys.DEVICE_ROLES),
        "column": _of_keys(("key", "for", "meaning", "example"), table_keys.COLUMN),
        "kinds": _of_words("kind", table_keys.KINDS),
        "scales": _of_words("scale", table_keys.SCALES),
        "constraints": _markdown(
            ("constraint", "meaning", "example"),
            (
                (f"`{name}`", key.about, f"`{name}: {key.example}`")
                for name, key in table_keys.CONSTRAINTS.items()
            ),
        ),
        "query": _of_keys(keys, query_keys.QUERY),
        "types": _of_words("type", query_keys.TYPES),
        "metrics": _markdown(
            ("metric", "passes, by its threshold", "meaning"),
            (
                (f"`{name}`", key.needed, key.about)
                for name, key in query_keys.METRICS.items()
            ),
        ),
        "contributions": _of_keys(keys, query_keys.CONTRIBUTIONS),
        "vocabularies": _markdown(
            ("suite", "list", "values", "which"), _vocabularies()
        ),
    }


def _of_keys(titles: Sequence[str], keys: Mapping[str, table_keys.Key]) -> str:
    """A table of keys with what is needed, their meaning and an example."""
    return _markdown(
        titles,
        (
            (f"`{name}`", key.needed, key.about, f"`{key.example}`" * bool(key.example))
            for name, key in keys.items()
        ),
    )


def _of_words(title: str, words: Mapping[str, str]) -> str:
    """A table of the words that a key may be, with their meaning."""
    rows = ((f"`{word}`", about) for word, about in words.items())
    return _markdown((title, "meaning"), rows)


def _vocabularies() -> Iterator[Sequence[str]]:
    """Rows of the lists of all shipped suites."""
    for folder in sorted(path for path in shipped.SUITES.iterdir() if path.is_dir()):
        lists = headers.read_vocabularies(folder / "vocabularies.yaml")
        for name, values in lists.items():
            which = ", ".join(values[:_SHOWN]) + ", …" * (len(values) > _SHOWN)
            yield f"`{folder.name}`", f"`{name}`", str(len(values)), which


def _markdown(titles: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(titles)} |", "|" + "---|" * len(titles)]
    for row in rows:
        cells = [cell.replace("|", "\\|") for cell in row]
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return "\n".join(lines)


def _section(name: str, module: ModuleType) -> Iterator[str]:
    """The part of the page about one method."""
    yield f"## `{name}`\n"
    yield f"{inspect.getdoc(module)}\n"
    config: type = module.Config
    meanings: dict[str, str] = {}
    for kind in config.__mro__[:-1]:  # its own text before that of what it inherits
        text, own = _split(inspect.getdoc(kind) or "")
        meanings = own | meanings
        if kind is not config:
            text = text.partition("\n\n")[2]  # its title says what methods share
        if text:
            yield f"{text}\n"
    # The settings of its own, then those that it shares with other methods.
    names = set(vars(config)["__annotations__"])
    fields = sorted(
        dataclasses.fields(config), key=lambda field: field.name not in names
    )
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


def wanted() -> dict[pathlib.Path, str]:
    """Returns the pages as they should be."""
    keys = _REFERENCE / "headers.md"
    return {
        _REFERENCE / "methods.md": methods(),
        keys: filled(keys.read_text(encoding="utf-8")),
    }


def main() -> None:
    """Writes the pages, or checks them."""
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(f"Unknown arguments {sys.argv[1:]}.")
    for path, text in wanted().items():
        if not sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"Out of date: {path}; run make tables.")


if __name__ == "__main__":
    main()
