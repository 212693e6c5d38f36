"""What `mst` and `aim` fit: merged codes and the tables that records are drawn from."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Array, Float, Integer, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import graph, merge, noisy, relation


def measured(
    streams: keys.Keys,
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    sigma: float,
) -> tuple[list[merge.Merged], relation.Records]:
    """Measures single attributes, as `mst` and `aim` begin, and merges codes by them.

    Args:
        streams: Random streams of the fit.
        schema: The public schema.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.
        sigma: Noise of each count; a device adds one to one count of each attribute.

    Returns:
        Merged codes of each attribute, and one record per device in merged codes, which
        is private.
    """
    records = relation.records(streams.batch, schema, devices, first=context.part.first)
    single = noisy.attribute_counts(
        "single", streams, schema, records, context, sigma=sigma
    )
    merged = merge_all(schema, single, sigma=sigma)
    return merged, graph.merge_records(merged, records)


def merge_all(
    schema: schemas.Schema,
    counts: Sequence[Float[np.ndarray, " _"] | Integer[np.ndarray, " _"]],
    *,
    sigma: float,
) -> list[merge.Merged]:
    """Merges the codes of all attributes.

    Args:
        schema: The public schema.
        counts: Noisy counts of each attribute.
        sigma: Standard deviation of their noise.

    Returns:
        Merged codes of each attribute.
    """
    return [
        merge.merge(attribute, own.astype(np.float64), sigma=sigma)
        for attribute, own in zip(relation.attributes(schema), counts, strict=True)
    ]


def measurements(
    merged: Sequence[merge.Merged], *, sigma: float
) -> list[graph.Measurement]:
    """States the one-way counts again, of merged codes.

    Args:
        merged: Merged codes of each attribute.
        sigma: Standard deviation of the noise of an unmerged count.

    Returns:
        A measurement per attribute.
    """
    return [
        graph.Measurement((index,), part.counts, sigma * part.sizes**0.5)
        for index, part in enumerate(merged)
    ]


def details(schema: schemas.Schema) -> list[int]:
    """Positions of the columns of entity tables."""
    every = relation.attributes(schema)
    return [index for index, attribute in enumerate(every) if attribute.is_detail]


def pack(
    merged: Sequence[merge.Merged],
    steps: Sequence[graph.Step],
    tables: Sequence[Float[np.ndarray, "_ _"]],
) -> base.Tree:
    """Packs the fitted model into arrays only.

    Args:
        merged: Merged codes of each attribute.
        steps: In the order of drawing.
        tables: Table of each step.

    Returns:
        What can be saved, and `sample` takes.
    """
    return {
        "merged": {
            str(index): {"group": part.group, "spread": merge.spread(part)}
            for index, part in enumerate(merged)
        },
        "steps": {
            str(number): {
                "attribute": np.array(step.attribute),
                "parents": np.array(step.parents, np.int64),
                "shares": table.astype(np.float32),
            }
            for number, (step, table) in enumerate(zip(steps, tables, strict=True))
        },
    }


def sample(
    schema: schemas.Schema, key: Key[Array, ""], fitted: base.Tree, count: int
) -> arrays.DeviceArrays:
    """Draws devices from what `pack` returned.

    Args:
        schema: The public schema.
        key: Draws them; public.
        fitted: What `pack` returned.
        count: Number of devices.

    Returns:
        The devices.
    """
    generator = keys.generator(key)
    merged, steps = fitted["merged"], fitted["steps"]
    ordered = [steps[str(number)] for number in range(len(steps))]
    by_attribute = {int(step["attribute"]): step for step in ordered}

    def draw(
        index: int,
        records: relation.Records,
        allowed: Integer[np.ndarray, " code"] | None,
    ) -> Integer[np.ndarray, " device"]:
        step, own = by_attribute[index], merged[str(index)]
        parents = [int(parent) for parent in step["parents"]]
        groups = {p: np.asarray(merged[str(p)]["group"]) for p in parents}
        context = np.zeros(len(records), np.int64)
        for parent in parents:
            size = int(groups[parent].max()) + 1
            context = context * size + groups[parent][records[:, parent]]
        shares = np.asarray(step["shares"], np.float64)
        if allowed is not None:
            kept = np.zeros(shares.shape[1], bool)
            kept[np.asarray(own["group"])[allowed]] = True
            marginal = np.bincount(context, minlength=len(shares)) @ shares * kept
            shares = np.where(kept, shares, 0.0)
            shares = np.where(shares.sum(1, keepdims=True) > 0, shares, marginal)
            shares = np.where(shares.sum(1, keepdims=True) > 0, shares, kept)
        group = relation.draw_rows(generator, shares, context)
        return relation.draw_rows(generator, np.asarray(own["spread"]), group)

    return relation.draw_devices(schema, list(by_attribute), count, draw)
