"""Reads the documents: their blocks of code, the files and commands that they show."""

import pathlib
import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from tests import paths

_FENCE = re.compile(
    r"^(?:<!-- (?P<mark>[\w-]+)(?:: (?P<file>\S+))? -->\n)?"
    r"```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(
    r"^    (?:\S+=\S+ )*(?:\.venv/bin/)?python (?P<rest>(?:scripts|benchmarks)/"
    r"(?:[^\n]*\\\n)*[^\n]*)$",
    re.MULTILINE,
)
_ROW = re.compile(r"^\| (.*) \|$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block of code.

    Attributes:
        language: As the fence names it.
        text: The code.
        file: The file that it is, where a comment before the fence says so.
        mark: The first word of that comment.
    """

    language: str
    text: str
    file: str | None
    mark: str | None


def documents() -> list[pathlib.Path]:
    """All documents that people read."""
    names = ("README.md", "BUILD.md", "CONTRIBUTING.md", "CHANGELOG.md")
    return [
        *(paths.ROOT / name for name in names if (paths.ROOT / name).exists()),
        *sorted((paths.ROOT / "docs").rglob("*.md")),
    ]


def blocks(path: pathlib.Path) -> list[Block]:
    """The fenced blocks of a document, in order."""
    return [
        Block(match["language"], match["text"], match["file"], match["mark"])
        for match in _FENCE.finditer(path.read_text(encoding="utf-8"))
    ]


def commands(path: pathlib.Path) -> Iterator[list[str]]:
    """Commands that call a script: its path and its arguments."""
    for match in _COMMAND.finditer(path.read_text(encoding="utf-8")):
        line = match["rest"].replace("\\\n", " ").partition("  #")[0]
        yield from (
            shlex.split(part.removeprefix("python "))
            for part in line.replace("[", "").replace("]", "").split(" && ")
        )


def cells(path: pathlib.Path) -> list[list[str]]:
    """Rows of all tables of a document, as texts of their cells."""
    rows = _ROW.findall(path.read_text(encoding="utf-8"))
    return [[cell.strip() for cell in row.split(" | ")] for row in rows]
