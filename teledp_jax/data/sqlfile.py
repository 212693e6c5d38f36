"""A SQL file: a YAML header in the first comment, and one statement."""

import dataclasses
import pathlib
import re
from collections.abc import Mapping
from typing import Any

import yaml

from teledp_jax import errors

_HEADER = re.compile(r"\s*/\*(?P<header>.*?)\*/(?P<statement>.*)", re.DOTALL)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SqlFile:
    """One file: where it is, what its header states, and its statement.

    Attributes:
        path: The file.
        header: The YAML mapping of the first comment.
        statement: The text after it, never edited.
    """

    path: pathlib.Path
    header: Mapping[str, Any]
    statement: str

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    def get(self, key: str) -> Any:
        """A field of the header.

        Raises:
            InputError: If the header lacks it.
        """
        if key not in self.header:
            raise errors.InputError(f"{self.path}: the header lacks {key!r}; add it.")
        return self.header[key]


def read(path: pathlib.Path) -> SqlFile:
    """Reads a SQL file.

    Raises:
        InputError: If it has no header in a first comment, a header that is no YAML
            mapping, or no statement.
    """
    try:
        match = _HEADER.fullmatch(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise errors.InputError(f"{path}: cannot be read as text ({error}).") from None
    if match is None:
        raise errors.InputError(f"{path}: begin it with a /* YAML header */ comment.")
    try:
        header = yaml.safe_load(match["header"])
    except (yaml.YAMLError, ValueError) as error:
        line = " ".join(str(error).split())
        raise errors.InputError(f"{path}: the header is no YAML ({line}).") from None
    if not isinstance(header, dict):
        raise errors.InputError(f"{path}: the header is no YAML mapping of keys.")
    if not match["statement"].strip():
        raise errors.InputError(f"{path}: holds no statement after its header.")
    return SqlFile(path=path, header=header, statement=match["statement"])


def read_folder(folder: pathlib.Path) -> list[SqlFile]:
    """Reads every `*.sql` file below a folder, ordered by path."""
    return [read(path) for path in sorted(folder.rglob("*.sql"))]
