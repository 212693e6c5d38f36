"""The Python interface: fits a method to devices in memory, under a stated budget.

Without run folder, flags or SQL. `teledp_jax` itself offers what is here.
"""

import math
import numbers
import os
import sys
from typing import Any

import jax
import numpy as np

from teledp_jax import arrays, base, errors, keys, registry, schemas
from teledp_jax.data import frames, headers, shipped
from teledp_jax.job import fitted as results
from teledp_jax.job import secrets
from teledp_jax.privacy import budgets, events, ledger, release

_COUNT = "count"  # the stage of the noisy number of devices, as in a run


def load_suite(name: str | os.PathLike[str]) -> schemas.Schema:
    """Reads the device tables of a suite: what the headers of its SQL state.

    Args:
        name: The name of a suite that is shipped, as `dca`, or the path of a folder.

    Returns:
        The schema, for `encode`.

    Raises:
        InputError: If there is no such suite, or a header is at fault.

    >>> import teledp_jax as teledp
    >>> teledp.load_suite("flights").anchor.name
    'aircraft'
    """
    return headers.read_schema(shipped.suite(name))


def fit(
    devices: frames.Devices,
    method: Any,
    *,
    epsilon: float,
    delta: float,
    count_stddev: float = 20.0,
    seed: int | None = None,
) -> results.Fitted:
    """Fits a method to devices under (epsilon, delta), and counts them under noise.

    The noise is secret, of the operating system's randomness. Each call is a release
    of its own: the costs of two fits to the same devices add up.

    Args:
        devices: What `encode` returned.
        method: Name of a method, or the `Config` of one, as
            `teledp_jax.methods.pe.Config(num_iterations=2)`.
        epsilon: Budget for one device with all its rows in all tables. It covers the
            whole fit, the number of devices included.
        delta: Probability with which epsilon may be exceeded; less than one divided by
            the number of devices.
        count_stddev: Standard deviation of the noise on the number of devices. Less
            noise costs more of the budget.
        seed: Makes an experiment that can be repeated. Who knows the seed knows the
            noise, so nothing of the result is private.

    Returns:
        The fitted method: `sample`, `promise`, `ledger`, `save`.

    Raises:
        InputError: If an argument is wrong, or the budget cannot be met.

    >>> import teledp_jax as teledp
    >>> schema = teledp.schema(
    ...     teledp.anchor("devices", {"os": teledp.category(["Windows", "macOS"])}),
    ...     device="guid",
    ... )
    >>> ids = [f"device-{i}" for i in range(500)]
    >>> table = {"guid": ids, "os": ["Windows"] * 400 + ["macOS"] * 100}
    >>> fitted = teledp.fit(
    ...     teledp.encode({"devices": table}, schema),
    ...     "independent",
    ...     epsilon=2.0,
    ...     delta=1e-5,
    ... )
    >>> fitted.epsilon <= 2.0
    True
    >>> print(fitted.ledger["unit"])
    one device with all its rows in all tables
    >>> fitted.sample(3)["devices"].column_names
    ['guid', 'os']
    """
    if not isinstance(devices, frames.Devices):
        raise errors.InputError(
            f"fit: expected what encode(tables, schema) returns, got "
            f"{type(devices).__name__}."
        )
    name, config = _method(method)
    for key, value in (
        ("epsilon", epsilon),
        ("delta", delta),
        ("count_stddev", count_stddev),
    ):
        _check_number(key, value)
    budgets.check(float(epsilon), float(delta))
    seed = None if seed is None else results.whole("seed", seed)
    book = ledger.Ledger(epsilon=float(epsilon), delta=float(delta))
    book.spend(
        _COUNT,
        "noisy number of devices",
        events.DiscreteGaussianDpEvent(float(count_stddev)),
    )
    context = base.Context(
        store=base.MemoryStore(),
        progress=_tell_nobody,
        integer_noise=secrets.noise_source(seed),
    )
    num_devices = _count(devices, float(count_stddev), seed, context)
    made = registry.make(
        name,
        config,
        devices.schema,
        budgets.Budget(
            epsilon=float(epsilon),
            delta=float(delta),
            spent=book.event,
            num_devices=num_devices,
        ),
    )
    book.spend("fit", name, made.event)
    tree = made.fit(keys.split(*_keys(seed, name)), devices.arrays, context)
    tree = jax.tree.map(np.asarray, tree)
    return results.Fitted(
        method=name,
        config=config,
        schema=devices.schema,
        num_devices=num_devices,
        ledger=book.record(num_devices),
        facts={**made.facts, **tree.get(base.FACTS, {})},
        seed=seed,
        tree=tree,
        synthesizer=made,
    )


def _method(method: Any) -> tuple[str, Any]:
    """Name and `Config` of a method that is given by either."""
    if isinstance(method, str):
        return method, registry.method(method).Config()
    path = type(method).__module__
    short = path.rpartition(".")[2]
    name = short if registry.METHODS.get(short) == path else path
    if type(method) is not getattr(sys.modules.get(path), "Config", None):
        raise errors.InputError(
            f"method: expected a name or a Config of one, got {method!r}; known: "
            f"{', '.join(registry.METHODS)}."
        )
    return name, method


def _check_number(name: str, value: Any) -> None:
    """Refuses what is no finite positive number."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not value > 0:
        raise errors.InputError(f"{name}: expected a number above 0, got {value!r}.")


def _keys(seed: int | None, stream: str) -> Any:
    """A public and a secret key: of the seed, or of the operating system."""
    if seed is None:
        return keys.restore(keys.draw())
    return keys.from_seed(seed, stream=stream)


def _count(
    devices: frames.Devices, stddev: float, seed: int | None, context: base.Context
) -> int:
    """The noisy number of devices, at least 1."""
    exact = arrays.num_devices(devices.arrays)
    _, privacy = _keys(seed, _COUNT)
    noisy = release.count_once(
        _COUNT, lambda: np.array([exact]), key=privacy, sigma=stddev, context=context
    )
    return max(int(noisy[0]), 1)


def _tell_nobody(done: int, total: int, facts: Any) -> None:
    """Progress of a fit that nobody watches."""
