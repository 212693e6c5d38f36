"""The two things that private evolution asks of a generator, made from the schema."""

import functools

import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, keys, schemas


def random_api(
    key: Key[Array, ""], schema: schemas.Schema, count: int, *, presence: float
) -> Integer[np.ndarray, "candidate head"]:
    """Records drawn uniformly from the public domains.

    Args:
        key: Public.
        schema: The public schema.
        count: Number of records.
        presence: Public guess of the share of devices that a table other than the
            anchor knows; the number of rows is uniform over those allowed.

    Returns:
        Codes of each head.
    """
    generator = keys.generator(key)
    codes = _uniform(generator, schema, count)
    for index, head in enumerate(schema.heads):
        if head.column is None:
            there = generator.random(count) < presence
            codes[:, index] *= there.astype(codes.dtype)
    return _clean(schema, codes)


def random_start(
    schema: schemas.Schema, presence: float, key: Key[Array, ""], count: int
) -> Integer[np.ndarray, "candidate head"]:
    """Draws records as `random_api` does, for a start of `evolve.evolve`.

    Args:
        schema: The public schema.
        presence: As in `random_api`.
        key: Public.
        count: Number of records.

    Returns:
        Codes of each head.
    """
    return random_api(key, schema, count, presence=presence)


def variation_api(
    key: Key[Array, ""],
    schema: schemas.Schema,
    codes: Integer[np.ndarray, "candidate head"],
    *,
    degree: float,
) -> Integer[np.ndarray, "candidate head"]:
    """Changes a share `degree` of what a record holds, within the public domain.

    With probability `degree` each: a number steps by up to that share of its bins; a
    category is redrawn; a table other than the anchor is exchanged for that of another
    candidate, or, half as often, gets a new number of rows. Rows that appear hold
    uniform values.

    Args:
        key: Public.
        schema: The public schema.
        codes: Records; public or DP outputs.
        degree: Share of what a record holds that is to change, in [0, 1].

    Returns:
        As many varied records.
    """
    generator = keys.generator(key)
    count = len(codes)
    fresh = _uniform(generator, schema, count)
    varied = np.where(arrays.exists(schema, codes), codes, fresh)
    for index, head in enumerate(schema.heads):
        here = generator.random(count) < degree
        if head.column is None:
            heads = _heads_of(schema, head.table)
            donors = generator.integers(count, size=count)
            varied[here[:, None] & heads] = varied[donors][here[:, None] & heads]
            here = generator.random(count) < degree / 2
            new = generator.integers(head.num_codes, size=count)
        elif head.column.is_number:
            reach = max(1, round(degree * head.num_codes))
            step = generator.integers(1, reach + 1, size=count)
            step *= generator.choice((-1, 1), size=count)
            new = np.clip(varied[:, index] + step, 0, head.num_codes - 1)
        else:
            new = fresh[:, index]
        varied[:, index] = np.where(here, new, varied[:, index])
    return _clean(schema, varied)


def falling_degree(step: int, num_steps: int, *, first: float, last: float) -> float:
    """Finds the degree of variation at a step: from `first` to `last` by one ratio."""
    if num_steps <= 1:
        return last
    return float(first * (last / first) ** (step / (num_steps - 1)))


def _uniform(
    generator: np.random.Generator, schema: schemas.Schema, count: int
) -> Integer[np.ndarray, "candidate head"]:
    """Uniform codes of each head, as if every row existed; one row or more a table."""
    codes = [
        generator.integers(int(head.column is None), head.num_codes, size=count)
        for head in schema.heads
    ]
    dtype = arrays.code_dtype(max(head.num_codes for head in schema.heads))
    return np.stack(codes, axis=1).astype(dtype)


@functools.lru_cache(maxsize=256)
def _heads_of(schema: schemas.Schema, table: str) -> np.ndarray:
    """Which heads belong to a table."""
    return np.array([[head.table == table for head in schema.heads]])


def _clean(
    schema: schemas.Schema, codes: Integer[np.ndarray, "candidate head"]
) -> Integer[np.ndarray, "candidate head"]:
    """Records with zeros where a row does not exist."""
    return np.where(arrays.exists(schema, codes), codes, 0).astype(codes.dtype)


def spread(
    key: Key[Array, ""],
    schema: schemas.Schema,
    codes: Integer[np.ndarray, "record head"],
    count: int,
    *,
    degree: float,
) -> Integer[np.ndarray, "pool head"]:
    """Fills a pool: the records themselves, then programmatic variations of them.

    Args:
        key: Public.
        schema: The public schema.
        codes: Codes of the records.
        count: Records of the pool.
        degree: Of the variations, in [0, 1].

    Returns:
        Codes of the pool.
    """
    copies = codes[np.resize(np.arange(len(codes)), count)]
    varied = variation_api(key, schema, copies, degree=degree)
    return np.where(np.arange(count)[:, None] < len(codes), copies, varied)
