"""Trains the VAE, held to noisy marginals if there are any, and draws codes from it."""

import dataclasses
import math
from collections.abc import Collection, Sequence

import jax
import numpy as np
import optax
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.dpsgd import recipes, train
from teledp_jax.dpsgd.models import matching, vae

CHUNK = 4096
"""Devices drawn at once."""


def fit(
    network: vae.Vae,
    recipe: recipes.Recipe,
    streams: keys.Keys,
    codes: Integer[np.ndarray, "device head"],
    context: base.Context,
    *,
    kl_weight: float,
    learning_rate: float,
    counts: Sequence[Integer[np.ndarray, " _"]] | None,
    sigma: float,
) -> base.Tree:
    """Trains the network, then finds the shift at which samples meet marginals.

    Args:
        network: The network.
        recipe: Of DP-SGD.
        streams: Random streams; noise is that of the training.
        codes: Flattened private records of this process.
        context: Of the fit.
        kl_weight: Weight of the latent's divergence from its prior in the loss.
        learning_rate: Of Adam.
        counts: Noisy counts of each head's codes, paid for; None: no marginals.
        sigma: Noise of each of these counts.

    Returns:
        Parameters and the shift of each logit.
    """
    model = vae.model(network, kl_weight=kl_weight)
    params = model.init(streams.init)
    if counts is not None:
        bias = matching.starting_bias(network.layout, counts, stddev=sigma)
        params = params | {"bias": {"bias": bias}}
    optimizer = optax.adam(learning_rate)
    params = train.fit(model, optimizer, recipe, streams, codes, params, context)
    shift = np.zeros(network.layout.num_codes, np.float32)
    if counts is not None:
        shift = matching.shift(
            network, params, counts, streams.sample, stddev=sigma, num_samples=CHUNK
        )
    return {"params": jax.tree.map(np.asarray, params), "shift": shift}


def draw_devices(
    whole: schemas.Schema,
    modelled: schemas.Schema,
    sampler: vae.Sampler,
    key: Key[Array, ""],
    fitted: base.Tree,
    num_devices: int,
) -> arrays.DeviceArrays:
    """Draws devices from what was fitted, a chunk after the other.

    Args:
        whole: The public schema.
        modelled: The same without the tables that the network does not know.
        sampler: What `vae.sampler` returned for the network, in chunks of `CHUNK`.
        key: Draws them; public.
        fitted: What `fit` returned.
        num_devices: Number of devices.

    Returns:
        Devices of the whole schema; tables left out have no rows.
    """
    chunks = [
        np.asarray(
            sampler(fitted["params"], fitted["shift"], jax.random.fold_in(key, i))
        )
        for i in range(max(-(-num_devices // CHUNK), 1))
    ]
    codes = np.concatenate(chunks)[:num_devices]
    return with_empty(whole, arrays.unflatten(modelled, codes), num_devices)


def num_parameters(network: vae.Vae, *, kl_weight: float) -> int:
    """Returns the size of the network; public, as it follows from schema and config.

    Args:
        network: The network.
        kl_weight: Weight of the latent's divergence from its prior in the loss.

    Returns:
        The number of its parameters.
    """
    init = vae.model(network, kl_weight=kl_weight).init
    shapes = jax.eval_shape(init, jax.random.key(0))
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))


def without(schema: schemas.Schema, leave_out: Collection[str]) -> schemas.Schema:
    """Returns the schema without the tables that the model leaves out.

    Args:
        schema: The public schema.
        leave_out: Names of tables other than the anchor.

    Returns:
        The schema of the other tables.

    Raises:
        InputError: If there is no such table.
    """
    known = [table.name for table in schema.tables if table.role != "anchor"]
    if unknown := sorted(set(leave_out) - set(known)):
        raise errors.InputError(
            f"dpsgd_vae.leave_out: expected some of {known}, got {unknown}."
        )
    kept = (table for table in schema.tables if table.name not in leave_out)
    return dataclasses.replace(schema, tables=tuple(kept))


def with_empty(
    schema: schemas.Schema, devices: arrays.DeviceArrays, num_devices: int
) -> arrays.DeviceArrays:
    """Returns devices that have all tables: those left out have no rows.

    Args:
        schema: The public schema, with all tables.
        devices: What was drawn.
        num_devices: Number of devices.

    Returns:
        The devices, with every table of the schema.
    """
    return {
        table.name: devices.get(table.name) or _no_rows(table, num_devices)
        for table in schema.tables
    }


def _no_rows(table: schemas.Table, num_devices: int) -> arrays.TableArrays:
    """A table in which no device has a row."""
    dtype = arrays.code_dtype(max(column.num_codes for column in table.columns))
    codes = np.zeros((0, len(table.columns)), dtype)
    return arrays.TableArrays(codes, np.zeros(num_devices + 1, np.int64))
