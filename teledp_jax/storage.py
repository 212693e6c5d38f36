"""Object storage that speaks S3: a source read in place, a run folder mirrored."""

import contextlib
import dataclasses
import fnmatch
import functools
import hashlib
import json
import os
import pathlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow.fs

from teledp_jax import errors, extras

_SCHEME = "s3://"
_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)  # fmt: skip
_ATTEMPTS = 3  # at each request
_PATIENCE_S = 10.0  # with each of them
_STATE = ".mirror.json"
_LOCAL = (
    "private/temp/*", "private/staging/*", "private/lock", "*.partial*", _STATE,
    # A bucket may keep what is deleted, and keys must not outlive their fit.
    "private/keys/*", "private/fits/*", "private/compiled/*",
)  # fmt: skip
_MARKERS = "private/stages/*"


@dataclasses.dataclass(frozen=True, order=True)
class Remote:
    """A folder or file in object storage: what a source needs of `pathlib.Path`.

    Attributes:
        uri: As `s3://bucket/prefix`, without a slash at the end.
    """

    uri: str

    def __truediv__(self, name: str) -> "Remote":
        return Remote(f"{self.uri}/{name}")

    def __str__(self) -> str:
        return self.uri

    @property
    def name(self) -> str:
        """The last part of the name."""
        return self.uri.rpartition("/")[2]

    @property
    def key(self) -> str:
        """Bucket and name, as Arrow calls it."""
        return self.uri.removeprefix(_SCHEME)

    @property
    def parent(self) -> "Remote":
        """The folder it is in."""
        return Remote(self.uri.rpartition("/")[0])

    def absolute(self) -> "Remote":
        """Returns itself."""
        return self

    def is_dir(self) -> bool:
        """Tells whether anything lies below this name.

        Raises:
            InputError: If the storage cannot be read.
        """
        return bool(self.rglob("*"))

    def exists(self) -> bool:
        """Tells whether there is a file of this name."""
        return self.state() is not None

    def state(self) -> tuple[int, int] | None:
        """Returns a file's size and time of change (ns); None if it is absent."""
        with reporting(self):
            info = filesystem().get_file_info(self.key)
        if info.type != pyarrow.fs.FileType.File:
            return None
        return info.size, info.mtime_ns

    def glob(self, pattern: str) -> list["Remote"]:
        """Returns the files right below whose name matches."""
        return [file for file in self.rglob(pattern) if file.parent == self]

    def rglob(self, pattern: str) -> list["Remote"]:
        """Returns the files anywhere below whose name matches."""
        found = (Remote(f"{_SCHEME}{self.key}/{name}") for name in list_files(self))
        return [file for file in found if fnmatch.fnmatchcase(file.name, pattern)]


Place = pathlib.Path | Remote
"""A folder or file on a disk or in object storage."""


def place(name: str) -> Place:
    """Makes the place that a config or flag names: `data/raw`, `s3://bucket/raw`.

    Raises:
        InputError: If a URI has no bucket.
    """
    if not name.startswith(_SCHEME):
        return pathlib.Path(name)
    if not name.removeprefix(_SCHEME).strip("/"):
        raise errors.InputError(f"{name}: state a bucket, as s3://bucket/prefix.")
    return Remote(name.rstrip("/"))


def state(file: Place) -> tuple[int, int] | None:
    """Returns a file's size and time of change (ns); None if it is absent."""
    if isinstance(file, Remote):
        return file.state()
    if not file.is_file():
        return None
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns


def filesystem() -> Any:
    """Arrow's filesystem of the storage that the environment names.

    `AWS_ENDPOINT_URL` (none: Amazon's), `AWS_REGION`, and credentials as
    `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or another way that the AWS SDK
    finds by its environment.

    Raises:
        InputError: If there are no credentials.
    """
    if not any(os.environ.get(name) for name in _CREDENTIALS):
        raise errors.InputError(
            "s3://: credentials are missing; export AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY (or AWS_PROFILE), and AWS_ENDPOINT_URL where it is "
            "not Amazon's."
        )
    return _filesystem(os.environ.get("AWS_ENDPOINT_URL"), os.environ.get("AWS_REGION"))


def arrow(files: Sequence[Place]) -> tuple[Any, list[str]]:
    """Arrow's filesystem of files of one kind, and their names in it."""
    if any(isinstance(file, Remote) for file in files):
        return filesystem(), [Remote(str(file)).key for file in files]
    return pyarrow.fs.LocalFileSystem(), [str(file.absolute()) for file in files]


@functools.lru_cache(maxsize=4)
def _filesystem(endpoint: str | None, region: str | None) -> Any:
    """One filesystem for each endpoint: it keeps its connections."""
    scheme, _, host = (endpoint or "https://").partition("://")
    return pyarrow.fs.S3FileSystem(
        endpoint_override=host.rstrip("/") or None,
        scheme=scheme,
        region=region,
        connect_timeout=_PATIENCE_S,
        request_timeout=_PATIENCE_S,
        retry_strategy=pyarrow.fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
    )


def duckdb_filesystem() -> Any:
    """Returns what `duckdb.DuckDBPyConnection.register_filesystem` takes."""
    extras.need("s3")
    from fsspec.implementations import arrow

    class Filesystem(arrow.ArrowFSWrapper):
        protocol = "s3"

    return Filesystem(filesystem())


def refused(error: Exception) -> str | None:
    """Tells what to do where the storage lets nobody in; None if that is not wrong.

    Args:
        error: What reading or writing raised.
    """
    text = str(error)
    if "EXPIRED" in text.upper() or "HTTP status 400" in text:  # of a request for sizes
        return "renew the credentials, then go on with the same command"
    is_denied = any(s in text for s in ("ACCESS_DENIED", "INVALID_", "SIGNATURE"))
    remedy = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and their rights"
    return remedy if is_denied else None


@contextlib.contextmanager
def reporting(at: Remote) -> Iterator[None]:
    """Turns faults of the storage into one line.

    Raises:
        InputError: If the block raised an error of input or output.
    """
    try:
        yield
    except OSError as error:
        remedy = refused(error) or (
            "check AWS_ENDPOINT_URL and the storage, then go on by the command"
        )
        first = (str(error).splitlines() or [""])[0]
        raise errors.InputError(
            f"{at}: the storage fails ({first}); {remedy}."
        ) from None


def list_files(folder: Remote) -> dict[str, tuple[int, int]]:
    """Lists name below a folder, size and time of change (ns) of each of its files.

    Raises:
        InputError: If the storage cannot be read.
    """
    selector = pyarrow.fs.FileSelector(folder.key, allow_not_found=True, recursive=True)
    with reporting(folder):
        infos = filesystem().get_file_info(selector)
        bucket = filesystem().get_file_info(folder.key.partition("/")[0])
    if bucket.type == pyarrow.fs.FileType.NotFound:
        raise errors.InputError(
            f"{folder}: there is no such bucket; make the bucket, or correct the name."
        )
    return {
        info.path.removeprefix(f"{folder.key}/"): (info.size, info.mtime_ns)
        for info in sorted(infos, key=lambda info: info.path)
        if info.type == pyarrow.fs.FileType.File
    }


def scratch(remote: Remote, temp_folder: pathlib.Path | None) -> pathlib.Path:
    """Names the folder of this machine that mirrors a run folder in a bucket."""
    digest = hashlib.sha256(remote.uri.encode()).hexdigest()[:16]
    name = f"teledp_jax-{os.getuid()}-{digest}"
    return (temp_folder or pathlib.Path(tempfile.gettempdir())) / name


@dataclasses.dataclass(frozen=True)
class Mirror:
    """A run folder in object storage, and the local folder that all work happens in.

    A stage is there once its marker is, and markers are written last and taken away
    before anything of their stage changes: what fails half-way is never taken for
    finished, and a finished stage stays. Keys, and fits that are not finished, never
    leave this machine. One writer at a time: the lock of a run folder holds on one
    machine only.

    Attributes:
        remote: Where the run folder is kept.
        folder: Its mirror on this machine.
    """

    remote: Remote
    folder: pathlib.Path

    def fetch(self) -> None:
        """Brings what changed in the storage since this machine saw it last.

        Raises:
            InputError: If the storage fails.
        """
        seen = self._state()
        for name, stamp in list_files(self.remote).items():
            if seen.get(name, [None])[0] == list(stamp):
                continue
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".{path.name}.partial")
            with reporting(self.remote / name):
                pyarrow.fs.copy_files(
                    (self.remote / name).key,
                    str(partial),
                    source_filesystem=filesystem(),
                    destination_filesystem=pyarrow.fs.LocalFileSystem(),
                )
            os.replace(partial, path)
            seen[name] = [list(stamp), _stamp(path)]
        self._save(seen)

    def upload(self) -> None:
        """Takes what changed on this machine to the storage, markers of stages last.

        Raises:
            InputError: If the storage fails; what was finished stays on this machine,
                and the next call goes on.
        """
        seen, own = self._state(), self._files()
        changed = [
            name
            for name, path in own.items()
            if seen.get(name, [None, None])[1] != _stamp(path)
        ]
        changed.sort(key=lambda name: fnmatch.fnmatchcase(name, _MARKERS))
        for name in changed:
            stamp = _stamp(own[name])
            with reporting(self.remote / name):
                pyarrow.fs.copy_files(
                    str(own[name]),
                    (self.remote / name).key,
                    source_filesystem=pyarrow.fs.LocalFileSystem(),
                    destination_filesystem=filesystem(),
                )
            seen[name] = [None, stamp]
        for name in sorted(set(seen) - set(own)):
            self._delete(name)
            del seen[name]
        stored = list_files(self.remote) if changed else {}
        for name in changed:
            seen[name][0] = list(stored[name])
        self._save(seen)

    def withdraw(self, marker: pathlib.Path) -> None:
        """Takes the marker of a stage away, before the stage is done anew."""
        name = str(marker.relative_to(self.folder))
        if name in list_files(self.remote):
            self._delete(name)

    def _delete(self, name: str) -> None:
        """Deletes a file of the storage, if it is there."""
        with reporting(self.remote / name), contextlib.suppress(FileNotFoundError):
            filesystem().delete_file((self.remote / name).key)

    def _files(self) -> dict[str, pathlib.Path]:
        """The files of the local folder that belong into the storage."""
        paths = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        names = {str(path.relative_to(self.folder)): path for path in paths}
        return {
            name: path
            for name, path in names.items()
            if not any(fnmatch.fnmatchcase(name, pattern) for pattern in _LOCAL)
        }

    def _state(self) -> dict[str, list[Any]]:
        """Of each file, how storage and folder had it when they were last the same."""
        path = self.folder / _STATE
        return json.loads(path.read_text()) if path.exists() else {}

    def _save(self, seen: dict[str, list[Any]]) -> None:
        """Keeps the state for the next call."""
        partial = self.folder / f"{_STATE}.partial"
        partial.write_text(json.dumps(seen))
        os.replace(partial, self.folder / _STATE)


def _stamp(path: pathlib.Path) -> list[int]:
    """Size and time of change (ns) of a local file, as JSON has them."""
    return list(state(path) or ())
