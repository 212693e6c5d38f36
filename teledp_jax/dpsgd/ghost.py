"""Exact norms of per-device gradients, and their weighted sum, in one backward pass.

An interceptor notes the input of each layer and adds a zero perturbation to its output;
the gradient with respect to the perturbations is each layer's output signals. From
inputs and signals come norms, and then the sum: the products that an ordinary backward
pass would form, with rescaled signals.

References:
    Bu et al. 2023 (arXiv:2210.00038), one backward pass.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util
from jaxtyping import Array, Float

from teledp_jax.dpsgd import factors, norms, rules
from teledp_jax.dpsgd.models import packing

Path = tuple[str, ...]
Params = dict[str, Any]


class Measured(NamedTuple):
    """What one backward pass says of a micro-batch.

    Attributes:
        losses: Loss of each device.
        squared_norms: Squared norm of each device's gradient.
        layers: For each layer its factors and whose rows they hold.
    """

    losses: Float[Array, " device"]
    squared_norms: Float[Array, " device"]
    layers: dict[Path, tuple[rules.Factors, factors.Owners | None]]


class _Seen(NamedTuple):
    """The calls of each layer."""

    inputs: dict[Path, list[Array]]
    outputs: dict[Path, list[Array]]
    owners: dict[Path, list[Array | None]]


def measure(
    losses_fn: Callable[[Params, Any], Array],
    params: Params,
    batch: Any,
    num_devices: int,
) -> Measured:
    """Measures the norms of the gradients of all devices of a batch.

    Args:
        losses_fn: Loss of each device.
        params: Parameters.
        batch: What the losses read, devices first. Private.
        num_devices: Devices in the batch.

    Returns:
        Losses, squared norms and the factors that gradients are sums of. Private.

    Raises:
        ValueError: If a parameter is not in a layer with a rule.
    """
    modules: dict[Path, list[tuple[Any, int]]] = {}

    def observe(perturbations: dict | None) -> tuple[Array, _Seen]:
        modules.clear()
        return _observe(losses_fn, params, batch, perturbations, num_devices, modules)

    shapes = jax.eval_shape(lambda: observe(None)[1].outputs)
    zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)

    def total(perturbations: dict) -> tuple[Array, tuple[Array, _Seen]]:
        losses, seen = observe(perturbations)
        return losses.sum(), (losses, seen)

    signals, (losses, seen) = jax.grad(total, has_aux=True)(zeros)
    found, squared = {}, jnp.zeros(num_devices, jnp.float32)
    tables: dict[int, tuple[list[factors.Factor], factors.Owners]] = {}
    for path, leaves in _layer_params(params, modules).items():
        module, _ = modules[path][0]
        heights = [height for _, height in modules[path]]
        arrays = list(zip(seen.inputs[path], signals[path], strict=True))
        x, signal, owners = _merged(arrays, seen.owners[path], heights, num_devices)
        parts = rules.RULES[type(module)].factors(module, x, signal, leaves)
        found[path] = (parts, owners)
        if owners is None:
            for part in parts.values():
                squared = squared + norms.squared_norms(part, None)
        else:  # layers on the same slots share what tells whose they are
            tables.setdefault(id(owners.device), ([], owners))[0].extend(parts.values())
    if tables:
        squared = squared + norms.packed_norms(list(tables.values()))
    return Measured(losses, squared, found)


def weighted_sum(measured: Measured, scales: Float[Array, " device"]) -> Params:
    """Sums the gradients of all devices, each times its scale.

    Args:
        measured: Of the micro-batch.
        scales: Factor of each device; one whose factor is 0 adds nothing, whatever its
            gradient.

    Returns:
        The sum, in the shapes of the parameters. Private.
    """
    weights = _weights(measured, scales)
    found = {
        (*path, name): factors.weighted_sum(
            factor,
            _of_rows(factor, weights[None if owners is None else id(owners.device)]),
        )
        for path, (layer, owners) in measured.layers.items()
        for name, factor in layer.items()
    }
    return traverse_util.unflatten_dict(found)


def _weights(
    measured: Measured, scales: Float[Array, " device"]
) -> dict[int | None, Float[Array, "..."]]:
    """The scales of devices, and of the devices of each table's slots, 0 if free."""
    owners = {id(o.device): o for _, o in measured.layers.values() if o is not None}
    found: dict[int | None, Array] = {None: jax.lax.optimization_barrier(scales)}
    if not owners:
        return found
    device = jnp.concatenate([table.device for table in owners.values()])
    # Held whole, or each product would compute the scales again.
    whole = jax.lax.optimization_barrier(
        scales.at[device].get(mode="fill", fill_value=0)
    )
    stops = np.cumsum([table.device.shape[0] for table in owners.values()])
    return found | dict(zip(owners, jnp.split(whole, stops[:-1]), strict=True))


def _of_rows(
    factor: factors.Factor, weights: Float[Array, " _"]
) -> Float[Array, "*rows"]:
    """A weight for each row."""
    if factor.right.ndim == 2:
        return weights
    return jnp.broadcast_to(weights[:, None], factor.right.shape[:2])


def _observe(
    losses_fn: Callable[[Params, Any], Array],
    params: Params,
    batch: Any,
    perturbations: dict | None,
    num_devices: int,
    modules: dict[Path, list[tuple[Any, int]]],
) -> tuple[Array, _Seen]:
    """Losses, and for each layer the inputs and the outputs of each of its calls."""
    seen = _Seen({}, {}, {})
    inside: list[Path] = []

    def interceptor(next_fn: Callable, args: tuple, kwargs: dict, context: Any) -> Any:
        module, method = context.module, context.method_name
        rule = rules.RULES.get(type(module))
        if rule is None or method == "setup" or inside:
            return next_fn(*args, **kwargs)
        path = tuple(module.path)
        if method != "__call__" or len(args) != 1 or kwargs:
            raise ValueError(f"Layer {'/'.join(path)}: no clipping rule for {method}.")
        inside.append(path)
        output = next_fn(*args)
        inside.pop()
        packed = packing.current()
        size = num_devices if packed is None else packed.owner.shape[0]
        if args[0].shape[:1] != (size,) or output.shape[:1] != (size,):
            raise ValueError(
                f"Layer {'/'.join(path)}: expected {size} devices, or slots of "
                f"`packing.layers_on`, on axis 0, for clipping; got {args[0].shape}."
            )
        calls = seen.outputs.setdefault(path, [])
        if perturbations is not None:
            output = output + perturbations[path][len(calls)]
        calls.append(output)
        seen.inputs.setdefault(path, []).append(rule.inputs(module, args[0]))
        owner = None if packed is None else packed.owner
        seen.owners.setdefault(path, []).append(owner)
        height = 1 if packed is None else packed.max_rows
        modules.setdefault(path, []).append((module, height))
        return output

    with nn.intercept_methods(interceptor):
        losses = losses_fn(params, batch)
    return losses, seen


def _layer_params(
    params: Params, modules: Mapping[Path, Any]
) -> dict[Path, dict[str, Array]]:
    """The parameters of each layer; refuses those that are in none."""
    found: dict[Path, dict[str, Array]] = {}
    for (*path, name), leaf in traverse_util.flatten_dict(params).items():
        if tuple(path) not in modules:
            known = sorted(layer.__name__ for layer in rules.RULES)
            raise ValueError(
                f"Parameter {'/'.join((*path, name))}: its layer has no clipping rule "
                f"or is not called; rules: {known}. Add one, or clip by `vmap`."
            )
        found.setdefault(tuple(path), {})[name] = leaf
    return found


def _merged(
    calls: list[tuple[Array, Array]],
    owners: list[Array | None],
    heights: list[int],
    num_devices: int,
) -> tuple[Array, Array, factors.Owners | None]:
    """Inputs and signals of all calls of a layer, and whose rows they are."""
    if all(owner is None for owner in owners):
        x, signal = (
            jnp.concatenate([_rows(call[i]) for call in calls], axis=1) for i in (0, 1)
        )
        return x, signal, None
    if len(calls) == 1 and calls[0][0].ndim == 2 and owners[0] is not None:
        return *calls[0], factors.Owners(owners[0], num_devices, heights[0])
    flat, devices, height = [], [], 0
    for (x, signal), owner, rows in zip(calls, owners, heights, strict=True):
        if owner is None:
            owner = jnp.arange(num_devices, dtype=jnp.int32)
        x, signal = _rows(x), _rows(signal)
        height += rows * x.shape[1]
        devices.append(jnp.repeat(owner, x.shape[1]))
        flat.append((x.reshape(-1, x.shape[-1]), signal.reshape(-1, signal.shape[-1])))
    x, signal = (jnp.concatenate([call[i] for call in flat]) for i in (0, 1))
    device = jnp.concatenate(devices)
    if len(flat) > 1:
        order = jnp.argsort(device)
        x, signal, device = x[order], signal[order], device[order]
    return x, signal, factors.Owners(device, num_devices, height)


def _rows(array: Array) -> Array:
    """All axes between the first and the last as one."""
    return array.reshape(array.shape[0], -1, array.shape[-1])
