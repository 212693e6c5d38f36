"""Devices spread over a mesh of accelerators: each shard sums its own, then all add up.

The draw of a device and what its loss draws follow from its position in the fleet, so a
fit on a mesh has the ledger of a fit without, and its result up to summation order.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt

from teledp_jax.dpsgd import sampling

Mesh = jax.sharding.Mesh
_Spec = jax.sharding.PartitionSpec


def make_mesh() -> Mesh:
    """Makes a mesh of all processes' accelerators, those of a process in a row."""
    devices = sorted(jax.devices(), key=lambda d: (d.process_index, d.id))
    return Mesh(np.array(devices), ("shard",))


def places(num_devices: int, mesh: Mesh) -> int:
    """Places for devices on each accelerator of a mesh: as many whole blocks on each.

    Args:
        num_devices: Size of the fleet.
        mesh: Devices are spread over all of its axes.
    """
    return -(-max(num_devices, 1) // (mesh.size * sampling.BLOCK)) * sampling.BLOCK


def own_range(num_devices: int, mesh: Mesh) -> tuple[int, int]:
    """Finds the first device that this process holds, and the first after those."""
    own = [d.process_index == jax.process_index() for d in mesh.devices.flat]
    held = np.flatnonzero(own) * places(num_devices, mesh)
    start, stop = int(held[0]), int(held[-1]) + places(num_devices, mesh)
    return min(start, num_devices), min(stop, num_devices)


def place(
    codes: UInt[np.ndarray, "device head"],
    mesh: Mesh,
    *,
    num_devices: int,
    first: int = 0,
) -> UInt[Array, "place head"]:
    """Puts a fleet on a mesh, as many whole blocks of devices on each accelerator.

    Places beyond the fleet hold zeros; they are never drawn.

    Args:
        codes: Flattened records of the devices that this process holds (see
            `own_range`), small unsigned integers. Private.
        mesh: Devices are spread over all of its axes.
        num_devices: Size of the fleet.
        first: Position in the fleet of the first record.

    Returns:
        The fleet, spread over the mesh.
    """
    shape = (places(num_devices, mesh) * mesh.size, codes.shape[1])

    def shard(index: tuple[slice, ...] | None) -> np.ndarray:
        start, stop, _ = (index or (slice(None),))[0].indices(shape[0])
        part = codes[max(start - first, 0) : max(stop - first, 0)]
        return np.pad(part, ((0, stop - start - len(part)), (0, 0)))

    spec = _Spec(tuple(mesh.axis_names))
    sharding = jax.sharding.NamedSharding(mesh, spec)
    return jax.make_array_from_callback(shape, sharding, shard)


def replicate(tree: Any, mesh: Mesh) -> Any:
    """Puts the same values on every accelerator of a mesh."""
    sharding = jax.sharding.NamedSharding(mesh, _Spec())

    def put(leaf: Array | np.ndarray) -> Array:
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            data = put(jax.random.key_data(leaf))
            return jax.random.wrap_key_data(data, impl=jax.random.key_impl(leaf))
        value = np.asarray(leaf)
        return jax.make_array_from_callback(
            value.shape, sharding, lambda index: value[index]
        )

    return jax.tree.map(put, tree)


def summed(
    local_sum: Callable[[Any, Array, Int[Array, ""]], Any], mesh: Mesh
) -> Callable[[Any, Array], Any]:
    """Adds up over a mesh what each shard sums.

    Args:
        local_sum: From what is the same everywhere, the shard's rows and the position
            of the first of them to a sum.
        mesh: Where the rows are.

    Returns:
        From the same two arguments to the sum over all shards, the same everywhere.
    """
    axes = tuple(mesh.axis_names)

    def shard(same: Any, rows: Array) -> Any:
        first = jax.lax.axis_index(axes).astype(jnp.int32) * rows.shape[0]
        return jax.lax.psum(local_sum(same, rows, first), axes)

    specs = (_Spec(), _Spec(axes))
    return jax.shard_map(
        shard, mesh=mesh, in_specs=specs, out_specs=_Spec(), check_vma=False
    )
