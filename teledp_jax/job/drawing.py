"""Draws synthetic devices from a fitted method."""

import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, errors, schemas
from teledp_jax.job import conditions as conditions_lib
from teledp_jax.job import grain

_SAMPLE, _DECODE, _AGAIN, _GRAIN = 2, 3, 4, 5  # what the public key is folded with
_LEAST_DRAWN = 1024  # devices of a draw of which some are kept
_MOST_DRAWS = 1000  # after which a condition counts as too rare


def draw(
    method: base.Synthesizer,
    schema: schemas.Schema,
    fitted: base.Tree,
    public: Key[Array, ""],
    num_devices: int,
) -> tuple[arrays.DeviceArrays, np.random.Generator]:
    """Draws devices, and makes the generator that decodes them.

    Args:
        method: The method.
        schema: The device tables.
        fitted: What its fit returned.
        public: The public key of the draw: the same key, the same devices.
        num_devices: How many.

    Returns:
        Codes of the devices, which keep the grain of their tables, and what draws
        values inside of bins.

    Raises:
        ValueError: If the method breaks a bound of the schema.
    """
    devices = method.sample(jax.random.fold_in(public, _SAMPLE), fitted, num_devices)
    arrays.check(schema, devices)
    devices = grain.held(schema, devices, _generator(public, _GRAIN))
    return devices, _generator(public, _DECODE)


def _generator(public: Key[Array, ""], purpose: int) -> np.random.Generator:
    """A generator of numpy for one purpose."""
    data = jax.random.key_data(jax.random.fold_in(public, purpose))
    return np.random.default_rng(np.asarray(data))


def draw_where(
    method: base.Synthesizer,
    schema: schemas.Schema,
    fitted: base.Tree,
    public: Key[Array, ""],
    num_devices: int,
    where: conditions_lib.Where,
) -> tuple[arrays.DeviceArrays, np.random.Generator]:
    """Draws devices that meet conditions: draws again and again, and keeps those.

    So they have the distribution of the fitted method given the conditions.

    Args:
        method: The method.
        schema: The device tables.
        fitted: What its fit returned.
        public: The public key of the draw.
        num_devices: How many to keep.
        where: The conditions.

    Returns:
        As `draw`.

    Raises:
        InputError: If a condition cannot be read, or too few devices meet them all.
    """
    conditions = conditions_lib.read(schema, where)
    size = max(num_devices, _LEAST_DRAWN)  # one shape, so one program
    kept: list[arrays.DeviceArrays] = []
    found = 0
    for number in range(_MOST_DRAWS):
        again = jax.random.fold_in(jax.random.fold_in(public, _AGAIN), number)
        devices, generator = draw(method, schema, fitted, again, size)
        index = np.flatnonzero(conditions_lib.holds(conditions, devices))
        kept.append(arrays.take(devices, index[: num_devices - found]))
        found += len(index)
        if found >= num_devices:
            return arrays.concatenate(kept), generator
    drawn = size * _MOST_DRAWS
    raise errors.InputError(
        f"where: {found} of {drawn:,} drawn devices meet all of {dict(where)}; the "
        f"fitted method knows too few for {num_devices}."
    )
