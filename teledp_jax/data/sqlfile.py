"""A SQL file: a YAML header in the first comment, and one statement."""

import dataclasses
import pathlib
import re
from collections.abc import Collection, Mapping
from typing import Any

import yaml

from teledp_jax import errors, schemas

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where it is there
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
        """Returns a field of the header.

        Args:
            key: Name of the field.

        Raises:
            InputError: If the header lacks it.
        """
        if key not in self.header:
            raise errors.InputError(f"{self.path}: the header lacks {key!r}; add it.")
        return self.header[key]

    def mapping(self, key: str) -> Mapping[str, Any]:
        """Returns a field of the header that must be a mapping by name.

        Args:
            key: Name of the field.

        Raises:
            InputError: If the header lacks it, or it is no mapping.
        """
        value = self.get(key)
        if not isinstance(value, dict) or not all(isinstance(k, str) for k in value):
            raise errors.InputError(f"{self.path}: {key} must be a mapping by column.")
        return value

    def names(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        """Returns a field of the header that must be a list of names.

        Args:
            key: Name of the field.
            optional: Whether the header may leave it out: then there are no names.

        Raises:
            InputError: If it is no list of texts, or is left out though it must not be.
        """
        value = self.header.get(key, []) if optional else self.get(key)
        if not isinstance(value, list) or not all(isinstance(n, str) for n in value):
            raise errors.InputError(f"{self.path}: {key} must be a list of names.")
        return tuple(value)

    def check_name(self) -> None:
        """Refuses a file whose name is no name of a table.

        Raises:
            InputError: If it holds a dot, a quote or the like.
        """
        try:
            schemas.check_name(self.name)
        except errors.InputError as error:
            raise errors.InputError(f"{self.path}: {error}") from None

    def check_keys(self, known: Collection[str]) -> None:
        """Refuses header keys that mean nothing.

        Args:
            known: The keys that a header of this kind may have.

        Raises:
            InputError: If the header has another key.
        """
        if unknown := sorted(str(key) for key in set(self.header) - set(known)):
            raise errors.InputError(
                f"{self.path}: unknown header keys {unknown}; known: {sorted(known)}."
            )


def parse_yaml(text: str) -> Any:
    """Reads YAML into plain values.

    Args:
        text: The YAML.

    Returns:
        Mappings, lists and scalars.

    Raises:
        YAMLError: If it is none.
        ValueError: If a scalar is none of its kind, such as a day 2024-02-31.
    """
    return yaml.load(text, _LOADER)


def read(path: pathlib.Path) -> SqlFile:
    """Reads a SQL file.

    Args:
        path: The file.

    Returns:
        Its header and its statement.

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
        header = parse_yaml(match["header"])
    except (yaml.YAMLError, ValueError) as error:
        line = " ".join(str(error).split())
        raise errors.InputError(f"{path}: the header is no YAML ({line}).") from None
    if not isinstance(header, dict):
        raise errors.InputError(f"{path}: the header is no YAML mapping of keys.")
    if not match["statement"].strip():
        raise errors.InputError(f"{path}: holds no statement after its header.")
    return SqlFile(path=path, header=header, statement=match["statement"])


def read_folder(folder: pathlib.Path) -> list[SqlFile]:
    """Reads every `*.sql` file below a folder; all other files are ignored.

    Args:
        folder: The folder. There may be none.

    Returns:
        The files, ordered by path.

    Raises:
        InputError: If a file is at fault, as `read` says.
    """
    return [read(path) for path in paths(folder)]


def paths(folder: pathlib.Path) -> list[pathlib.Path]:
    """Lists every `*.sql` file below a folder.

    Hidden files and folders do not count: an editor or a Mac has left them.

    Args:
        folder: The folder. There may be none.

    Returns:
        The files, ordered by path.
    """
    return sorted(
        path
        for path in folder.rglob("*.sql")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
