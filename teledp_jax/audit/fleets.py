"""Small fleets that no one owns, and the devices that could hurt most."""

import functools
from typing import Any, NamedTuple

import dp_accounting
import numpy as np
from jaxtyping import Integer

from teledp_jax import arrays, base, registry, schemas
from teledp_jax.privacy import budgets, events

EPSILON, DELTA = 4.0, 1e-5
_COUNT_SIGMA = 20.0  # of the number of devices, which every release pays for

SCHEMA = schemas.Schema(
    suite="audit",
    device="guid",
    tables=(
        schemas.Table(
            name="devices",
            role="anchor",
            grain="One row per device.",
            columns=(
                schemas.Column(name="os", kind="category", categories=("a", "b", "c")),
                schemas.Column(name="ram", kind="integer", edges=(1.0, 4.0, 8.0, 64.0)),
            ),
        ),
        schemas.Table(
            name="power",
            role="group",
            grain="One row per device that reports power.",
            columns=(
                schemas.Column(
                    name="watts",
                    kind="double",
                    edges=(0.1, 1.0, 10.0, 100.0),
                    scale="log",
                    has_zero=True,
                ),
            ),
        ),
        schemas.Table(
            name="crashes",
            role="entity",
            grain="One row per device and app.",
            max_rows=200,
            fixed_rows=4,
            cap_by="count",
            columns=(
                schemas.Column(
                    name="app", kind="category", categories=("w", "x", "y", "z")
                ),
                schemas.Column(
                    name="count", kind="integer", edges=(1.0, 2.0, 5.0, 99.0)
                ),
            ),
        ),
    ),
)
"""One table of each role; a device may have far more rows than most methods read."""

_SMALL: dict[str, dict[str, Any]] = {
    "aim": {"num_rounds": 2, "pairs_per_attribute": 0.5, "num_iterations": 20},
    "mst": {"num_iterations": 20},
    "dpsgd_vae": {"num_epochs": 2.0, "hidden": (8,), "latent": 2, "micro_batch": 16},
    "dpsgd_relational": {"num_epochs": 2.0, "micro_batch": 16, "num_samples": 256},
    "pe": {"num_rounds": 3, "pool": 400, "num_iterations": 3, "num_candidates": 20},
    "pe_conditional": {
        "num_iterations": 2,
        "num_candidates": 20,
        "pool": 400,
        "tilt_share": 0.3,
    },
    "pe_llm": {
        "num_records": 20,
        "num_variations": 5,
        "num_iterations": 2,
        "num_candidates": 20,
        "pool": 400,
        "concurrency": 1,  # answers that race are saved in any order
    },
}


class Case(NamedTuple):
    """A method as it is audited.

    Attributes:
        name: Its name in the registry.
        schema: Of the fleets that it is audited on.
        method: The method, calibrated to `EPSILON` and `DELTA`.
        questions: What a method that tilts asks devices.
    """

    name: str
    schema: schemas.Schema
    method: base.Synthesizer
    questions: base.Questions | None = None

    @property
    def fixed(self) -> schemas.Schema:
        """The schema with as many rows as methods of fixed shapes read."""
        return self.schema.narrowed()

    def flat(self, devices: arrays.DeviceArrays) -> Integer[np.ndarray, "device _"]:
        """Writes each device as one row of codes, of the rows that `fixed` leaves.

        Args:
            devices: Devices of `schema`.

        Returns:
            Codes, as `arrays.flatten` orders them.
        """
        return arrays.flatten(self.fixed, arrays.narrow(self.fixed, devices))


def case(
    name: str,
    *,
    num_devices: int = 200,
    overrides: dict[str, Any] | None = None,
) -> Case:
    """Makes a method on `SCHEMA`, in settings that run all of it, not to learn.

    Args:
        name: Name in the registry.
        num_devices: Noisy number of devices that its budget states.
        overrides: Further settings.
    """
    settings = _SMALL.get(name, {}) | (overrides or {})
    config = registry.method(name).Config(**settings)
    return _calibrated(name, config, SCHEMA, num_devices)


def configured(
    name: str, config: Any, schema: schemas.Schema, fleet: arrays.DeviceArrays
) -> Case:
    """Calibrates a registered method with a `Config` of its own for an audit.

    Args:
        name: Its name in the registry.
        config: Its `Config`.
        schema: Of the fleet.
        fleet: Simulated devices, of which the number counts.

    Returns:
        The method as it is audited.
    """
    return _calibrated(name, config, schema, arrays.num_devices(fleet))


def stated(name: str, schema: schemas.Schema, event: dp_accounting.DpEvent) -> Case:
    """Makes a case of something that no audit fits itself.

    Args:
        name: How findings name it.
        schema: Of its fleet.
        event: What it claims to spend.

    Returns:
        A case whose `fit` and `sample` refuse.
    """
    method = base.Synthesizer(event=event, fit=_refuse, sample=_refuse, facts={})
    return Case(name, schema, method)


def _refuse(*args: object) -> base.Tree:
    """Stands for a method that is not asked."""
    raise ValueError("Expected no fit: the run made it.")


def _calibrated(
    name: str, config: Any, schema: schemas.Schema, num_devices: int
) -> Case:
    """A method under the budget of audits."""
    budget = budgets.Budget(
        epsilon=EPSILON,
        delta=DELTA,
        spent=events.DiscreteGaussianDpEvent(_COUNT_SIGMA),
        num_devices=num_devices,
    )
    made = registry.method(name).make(config, schema, budget)
    return Case(name, schema, made, functools.partial(ask, schema))


def ask(
    schema: schemas.Schema, devices: arrays.DeviceArrays, like: arrays.DeviceArrays
) -> list[base.Asked]:
    """Asks how many devices report each code of each table, and sums of the last one.

    Args:
        schema: The public schema.
        devices: Private or public devices.
        like: Public devices, which no code needs.

    Returns:
        An answer for each table, as `base.Questions` gives it.
    """
    del like
    found = []
    for table in schema.tables:
        codes = np.asarray(devices[table.name].codes).astype(np.int64)
        groups = tuple((code,) for code in range(table.columns[0].num_codes))
        amounts = np.stack([np.ones(len(codes)), codes[:, -1]], axis=1)
        device = arrays.owners(devices[table.name])
        asked = base.Asked(table.name, device, codes[:, 0], groups, amounts, ((1, 0),))
        found.append(asked)
    return found


def random_devices(
    schema: schemas.Schema, count: int, seed: int
) -> arrays.DeviceArrays:
    """Draws devices with codes uniform over the public domains, of few rows.

    Args:
        schema: The public schema.
        count: Number of devices.
        seed: Of the draw.

    Returns:
        Arrays of so many devices, with as many rows as methods of fixed shapes read.
    """
    schema = schema.narrowed()
    generator = np.random.default_rng(seed)
    codes = np.stack(
        [generator.integers(0, head.num_codes, count) for head in schema.heads], axis=1
    )
    return arrays.unflatten(schema, codes)


def extreme_devices(schema: schemas.Schema) -> dict[str, arrays.DeviceArrays]:
    """Makes fleets of one device each that reach the bounds of the domains.

    `fullest` has every table with all its rows, and the last code of every column;
    `barest` has only the anchor, all its values absent; `spread` has all rows, each
    with other codes, so that it touches as many cells as it can.

    Args:
        schema: The public schema.

    Returns:
        Arrays of one device, by name.
    """
    found: dict[str, arrays.DeviceArrays] = {"fullest": {}, "barest": {}, "spread": {}}
    for table in schema.tables:
        most = table.max_rows
        least = int(table.role == "anchor")
        sizes = np.array([column.num_codes for column in table.columns])
        dtype = arrays.code_dtype(int(sizes.max()))
        codes = {
            "fullest": np.tile(sizes - 1, (most, 1)),
            "barest": np.zeros((least, len(sizes)), np.int64),
            "spread": (1 + np.arange(most)[:, None]) % sizes,
        }
        for name, rows in codes.items():
            found[name][table.name] = arrays.TableArrays(
                rows.astype(dtype), np.array([0, len(rows)])
            )
    return found
