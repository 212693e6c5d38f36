"""Files of device arrays: written in parts, read whole or a range of devices."""

import contextlib
import pathlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np

from teledp_jax import arrays, schemas


def save(folder: pathlib.Path, devices: arrays.DeviceArrays) -> None:
    """Writes arrays to a folder as `<table>.codes.npy` and `<table>.offsets.npy`.

    A fleet may lie in parts: a folder of folders `part-00000`, `part-00001`, ...,
    each written by `save`; its devices are those of the parts, one after another.

    Args:
        folder: The folder; made if absent.
        devices: The arrays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in devices.items():
        for part, array in zip(arrays.TableArrays._fields, table, strict=True):
            path = folder / f"{name}.{part}.npy"
            np.save(path, np.asarray(array), allow_pickle=False)


@contextlib.contextmanager
def writing(
    folder: pathlib.Path, schema: schemas.Schema
) -> Iterator[Callable[[arrays.DeviceArrays], None]]:
    """Writes arrays as `save` does, some devices after the others.

    Args:
        folder: The folder; made if absent.
        schema: The device tables.

    Yields:
        Adds devices.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        files = {
            table.name: _Growing(
                table,
                *(
                    stack.enter_context(open(folder / f"{table.name}.{part}.npy", "wb"))
                    for part in arrays.TableArrays._fields
                ),
            )
            for table in schema.tables
        }

        def add(devices: arrays.DeviceArrays) -> None:
            for name, file in files.items():
                file.add(devices[name])

        yield add
        for file in files.values():
            file.finish()


class _Growing:
    """The two files of a table, to which rows are added."""

    def __init__(
        self, table: schemas.Table, codes: BinaryIO, offsets: BinaryIO
    ) -> None:
        """Writes the heads.

        Args:
            table: The table.
            codes: Gets the codes.
            offsets: Gets the offsets.
        """
        most = max(column.num_codes for column in table.columns)
        self._dtype, self._width = arrays.code_dtype(most), len(table.columns)
        self._codes, self._offsets = codes, offsets
        self._rows = self._devices = 0
        self._write_heads()
        self._offsets.write(np.zeros(1, np.int64).data)

    def add(self, table: arrays.TableArrays) -> None:
        """Adds the rows of some devices."""
        codes = np.ascontiguousarray(table.codes, self._dtype)
        offsets = np.ascontiguousarray(table.offsets[1:] + self._rows, np.int64)
        self._codes.write(codes.data)
        self._offsets.write(offsets.data)
        self._rows += len(codes)
        self._devices += len(offsets)

    def finish(self) -> None:
        """Writes how many rows there are; the heads leave room for it."""
        self._codes.seek(0)
        self._offsets.seek(0)
        self._write_heads()

    def _write_heads(self) -> None:
        """Writes the head of each file, of the same length whatever the numbers."""
        _write_head(self._codes, self._dtype, (self._rows, self._width))
        _write_head(self._offsets, np.dtype(np.int64), (self._devices + 1,))


def _write_head(file: BinaryIO, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    """Writes the head of a file of numpy; it leaves room for the first axis to grow."""
    descr = np.lib.format.dtype_to_descr(dtype)
    head = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, head)


def load(folder: pathlib.Path, schema: schemas.Schema) -> arrays.DeviceArrays:
    """Reads what `save` wrote, whole or in parts, and checks it.

    Args:
        folder: What `save` wrote, whole or in parts.
        schema: The device tables.

    Returns:
        The arrays of all devices.

    Raises:
        ValueError: If a bound of the schema does not hold.
    """
    devices = _joined([_open(part, schema) for part in _parts(folder)])
    arrays.check(schema, devices)
    return devices


def load_range(
    folder: pathlib.Path, schema: schemas.Schema, start: int, stop: int
) -> arrays.DeviceArrays:
    """Reads the devices `start` to `stop` of `load`, and no other, and checks them.

    Args:
        folder: What `save` wrote, whole or in parts.
        schema: The device tables.
        start: Index of the first device.
        stop: Index after the last; cut to the number of devices.

    Returns:
        The arrays of these devices.

    Raises:
        ValueError: If a bound of the schema does not hold.
    """
    drawn: list[arrays.DeviceArrays] = []
    offset = 0
    for part in _parts(folder):
        devices = _open(part, schema)
        count = arrays.num_devices(devices)
        low, high = (min(max(edge - offset, 0), count) for edge in (start, stop))
        if low < high or not drawn:
            whole = high - low == count
            own = devices if whole else arrays.take(devices, slice(low, high))
            drawn.append(own)
        offset += count
    devices = _joined(drawn)
    arrays.check(schema, devices)
    return devices


def stored_devices(folder: pathlib.Path, schema: schemas.Schema) -> int:
    """Counts the devices that `load` would give, by the files' heads only.

    Args:
        folder: What `save` wrote, whole or in parts.
        schema: The device tables.
    """
    return sum(arrays.num_devices(_open(part, schema)) for part in _parts(folder))


def _joined(drawn: list[arrays.DeviceArrays]) -> arrays.DeviceArrays:
    """Parts of a fleet as one; a single one stays in its files."""
    return arrays.concatenate(drawn) if len(drawn) > 1 else drawn[0]


def _parts(folder: pathlib.Path) -> list[pathlib.Path]:
    """Folders that `save` wrote: `part-00000`, ... in order, or `folder` itself."""
    return sorted(folder.glob("part-*")) or [folder]


def _open(folder: pathlib.Path, schema: schemas.Schema) -> arrays.DeviceArrays:
    """What `save` wrote to one folder, mapped: only what is looked at is read."""
    return {
        table.name: arrays.TableArrays(
            *(
                np.load(
                    folder / f"{table.name}.{part}.npy",
                    mmap_mode="r",
                    allow_pickle=False,
                )
                for part in arrays.TableArrays._fields
            )
        )
        for table in schema.tables
    }
