"""A small schema with every kind of table and head, and random records of it."""

from collections.abc import Callable

import numpy as np
import pytest

from teledp_jax import arrays, schemas
from tests import toys


@pytest.fixture
def schema() -> schemas.Schema:
    size = toys.number("size", *range(6))
    return toys.schema(
        toys.anchor("base", toys.KIND, size),
        toys.group("rare", size),
        toys.entity("apps", toys.KIND, size, rows=3, by="size"),
    )


@pytest.fixture
def records(schema: schemas.Schema) -> Callable[[int, int], np.ndarray]:
    """Draws flattened records, by seed and count, that follow a common trait."""

    def draw(seed: int, count: int) -> np.ndarray:
        generator = np.random.default_rng(seed)
        trait = generator.random((count, 1))
        limits = np.array([head.num_codes for head in schema.heads])
        noise = generator.random((count, len(limits)))
        codes = ((0.7 * trait + 0.3 * noise) * limits).astype(np.uint8)
        return np.where(arrays.exists(schema, codes), codes, 0).astype(np.uint8)

    return draw
