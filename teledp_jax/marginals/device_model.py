"""Fits the model of whole devices to a private fleet, and draws from it by keys."""

from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import noisy_sums, statistics, whole


def learn(
    streams: keys.Keys,
    schema: schemas.Schema,
    plan: statistics.Plan,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    norm_sigma: float,
    sigma: float,
    num_devices: int,
) -> tuple[base.Tree, dict[str, float]]:
    """Measures a plan and fits the model to it; nothing else reads the devices.

    Args:
        streams: Random streams of the fit.
        schema: The public schema.
        plan: What is measured.
        devices: The private devices of this process.
        context: Of the fit.
        norm_sigma: Noise of the counts that find the bound of the clip.
        sigma: Noise of the sums, in steps of `clipped`.
        num_devices: Noisy number of devices.

    Returns:
        The model, as `sample` takes it, and public numbers of the fit: the bound of
        the clip, and the noise on counts of devices, see `noisy_sums.noise_of_counts`.
    """
    arrays.check(schema, devices)
    noisy = noisy_sums.measure(
        streams, schema, plan, devices, context,
        norm_sigma=norm_sigma, sigma=sigma, num_devices=num_devices,
    )  # fmt: skip
    fitted = context.part.once(
        lambda: whole.fit(keys.generator(streams.init), schema, noisy)
    )
    return fitted, {"clip_norm": noisy.norm, **noisy_sums.noise_of_counts(noisy)}


def draw(
    schema: schemas.Schema, key: Key[Array, ""], fitted: base.Tree, count: int
) -> arrays.DeviceArrays:
    """Draws devices by a public key, as `sample` does.

    Args:
        schema: The public schema.
        key: Public.
        fitted: The model.
        count: Number of devices.

    Returns:
        The devices.
    """
    return whole.sample(keys.generator(key), schema, fitted, count)
