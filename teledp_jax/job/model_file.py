"""The file that keeps a fitted method: facts as JSON and arrays, and no code.

Its first line names the format, the version of the format and a hash of the rest; the
rest is msgpack.
"""

import hashlib
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from flax import serialization

from teledp_jax import base, errors, runs

_NAME = b"teledp_jax fitted model "
_VERSION = b"1"


def of_run(run: runs.Run, label: str) -> pathlib.Path:
    """Names the file of a label's fitted method in a run folder.

    Args:
        run: The run folder.
        label: The label.
    """
    return run.folder / "models" / f"{label}.model"


def write(
    path: str | os.PathLike[str], facts: Mapping[str, Any], tree: base.Tree
) -> None:
    """Writes a file, whole or not at all.

    Args:
        path: The file; it is overwritten.
        facts: Plain values: what JSON can hold, tuples and numbers of numpy.
        tree: What a fit returned.

    Raises:
        InputError: If it cannot be written.
    """
    content = {
        "facts": json.dumps(facts, default=_native),
        "tree": jax.tree.map(np.asarray, tree),
    }
    body = serialization.msgpack_serialize(content)
    digest = hashlib.sha256(body).hexdigest().encode()
    try:
        with runs.atomic(pathlib.Path(path)) as temporary:
            temporary.write_bytes(_NAME + _VERSION + b" " + digest + b"\n" + body)
    except OSError as error:
        raise errors.InputError(
            f"{os.fspath(path)}: cannot be written ({error.strerror})."
        ) from None


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], base.Tree]:
    """Reads what `write` wrote; tuples come back as lists.

    Args:
        path: The file.

    Returns:
        The facts and the tree.

    Raises:
        InputError: If the file cannot be read, is damaged, is no such file, or has
            another version of the format.
    """
    name = os.fspath(path)
    try:
        head, _, body = pathlib.Path(path).read_bytes().partition(b"\n")
    except OSError as error:
        raise errors.InputError(f"{name}: cannot be read ({error.strerror}).") from None
    if not head.startswith(_NAME):
        raise errors.InputError(f"{name}: is no fitted model of teledp_jax.")
    version, _, digest = head.removeprefix(_NAME).partition(b" ")
    if version != _VERSION:
        raise errors.InputError(
            f"{name}: has format {version.decode('ascii', 'replace')}, this teledp_jax "
            f"reads format {_VERSION.decode()}; use the version that wrote it."
        )
    if digest != hashlib.sha256(body).hexdigest().encode():
        raise errors.InputError(f"{name}: is damaged; copy it again.")
    content = serialization.msgpack_restore(body)
    return json.loads(content["facts"]), content["tree"]


def _native(value: Any) -> Any:
    """A number or array of numpy or JAX as plain values."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"Expected plain values, got {type(value).__name__}.")
