"""Files of device arrays: written in parts, read whole or a range of devices."""

import pathlib

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
    devices = arrays.concatenate([_open(part, schema) for part in _parts(folder)])
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
            drawn.append(arrays.take(devices, slice(low, high)))
        offset += count
    devices = arrays.concatenate(drawn)
    arrays.check(schema, devices)
    return devices


def stored_devices(folder: pathlib.Path, schema: schemas.Schema) -> int:
    """Counts the devices that `load` would give, by the files' heads only.

    Args:
        folder: What `save` wrote, whole or in parts.
        schema: The device tables.
    """
    return sum(arrays.num_devices(_open(part, schema)) for part in _parts(folder))


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
