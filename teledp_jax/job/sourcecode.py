"""What a Python file imports, and what of it can change a result."""

import ast
import bisect
import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_Span = tuple[int, int]  # of bytes: the first one, and the first after the last


class Source(NamedTuple):
    """A file as it matters to results.

    Attributes:
        imports: Dotted names that it imports, members of modules included.
        code: Its lines without comments, docstrings, blank lines and blanks at ends.
    """

    imports: tuple[str, ...]
    code: bytes


@functools.cache
def read(content: bytes) -> Source:
    """Reads a file.

    Args:
        content: Bytes of a Python file, in UTF-8.

    Returns:
        What it imports, and its code. A comment inside of a text of several parts
        stays in the code.

    Raises:
        SyntaxError: If it is no Python.
    """
    starts = [0]
    for line in content.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    names: list[str] = []
    texts: list[_Span] = []
    left_out: list[_Span] = []
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.JoinedStr) or _is_text(node):
            texts.append(_span(starts, node))
        elif isinstance(node, ast.Expr) and _is_text(node.value):
            left_out.append(_span(starts, node))
    left_out += _comments(content, sorted(texts))
    marked = bytearray(content)
    for first, stop in texts:  # their lines and blanks count
        marked[first:stop] = marked[first:stop].replace(b"\n", b"\0")
    for first, stop in sorted(left_out, reverse=True):
        del marked[first:stop]
    code = (line.rstrip() for line in bytes(marked).split(b"\n"))
    return Source(tuple(names), b"\n".join(line for line in code if line))


def _is_text(node: ast.AST) -> bool:
    """Whether a node is a text or bytes."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def _span(starts: Sequence[int], node: ast.AST) -> _Span:
    """The bytes of a node."""
    end_line, end = node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]
    first = starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
    return first, starts[end_line - 1] + end


def _comments(content: bytes, texts: Sequence[_Span]) -> Iterator[_Span]:
    """The comments: from each # outside of all texts to the end of its line."""
    firsts = [first for first, _ in texts]
    # Up to where each text, or one before it, goes: texts may hold others.
    reach = list(itertools.accumulate((stop for _, stop in texts), max))
    position = content.find(b"#")
    while position >= 0:
        index = bisect.bisect_right(firsts, position) - 1
        if index >= 0 and reach[index] > position:
            stop = reach[index]
        else:
            stop = content.find(b"\n", position)
            stop = len(content) if stop < 0 else stop
            yield position, stop
        position = content.find(b"#", stop)
