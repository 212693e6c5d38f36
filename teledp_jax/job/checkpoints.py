"""Checkpoints of a fit, as files: a run that was killed goes on from them."""

import pathlib

from flax import serialization

from teledp_jax import base, errors, runs


class FileStore:
    """A store of checkpoints in a folder: one msgpack file a name, no pickles.

    Each file is bound to `token`, the fingerprint of config and source: what another
    config or source has saved is not found.
    """

    def __init__(self, folder: pathlib.Path, token: str) -> None:
        self._folder = folder
        self._token = token

    def load(self, name: str) -> base.Tree | None:
        """Loads what was saved under a name for this token, or None.

        Args:
            name: The name.

        Raises:
            InputError: If the file is damaged.
        """
        path = self._folder / f"{name}.msgpack"
        if not path.exists():
            return None
        try:
            saved = serialization.msgpack_restore(path.read_bytes())
            token, tree = saved["token"], saved["tree"]
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise errors.InputError(
                f"{path}: is no whole checkpoint ({type(error).__name__}); remove it "
                "to fit again."
            ) from None
        return tree if token == self._token else None

    def save(self, name: str, tree: base.Tree) -> None:
        """Saves a tree under a name, whole, readable by its owner.

        Args:
            name: The name.
            tree: What to save.
        """
        with runs.atomic(self._folder / f"{name}.msgpack") as temporary:
            temporary.touch(mode=0o600)
            temporary.write_bytes(
                serialization.msgpack_serialize({"token": self._token, "tree": tree})
            )
