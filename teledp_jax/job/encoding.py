"""Encodes the fleet, learns private domains and counts the devices, under noise."""

import shutil
from collections.abc import Callable, Sequence

import numpy as np

from teledp_jax import runs, schemas
from teledp_jax.cluster import encoding as cluster_encoding
from teledp_jax.data import (
    array_files,
    batches,
    decode,
    encode,
    parts,
    quality,
    references,
)
from teledp_jax.job import engine, learn, ledgers, secrets, settings, spending
from teledp_jax.privacy import events, ledger, release

COUNT = "count"
"""Name of the noisy number of devices, in ledgers."""


def count_part(settings: settings.Settings) -> ledger.Part:
    """States what the noisy number of devices reads, for the ledger of every label.

    Args:
        settings: The checked config.

    Returns:
        Stage, mechanism and event.
    """
    event = events.DiscreteGaussianDpEvent(settings.count_stddev)
    return (COUNT, "noisy number of devices", event)


def encode_all(
    settings: settings.Settings,
    schema: schemas.Schema,
    inquiry: learn.Inquiry | None,
    run: runs.Run,
    *,
    shared: Sequence[ledger.Part],
    token: str,
    progress: Callable[[int, int], None],
) -> None:
    """Encodes the real fleet; asks for private domains before, for its size after.

    Writes arrays, and the halves and the ceiling that results are held to; before that,
    what will be read under noise into the ledger of every label.

    Args:
        settings: The checked config.
        schema: The device tables, as the headers state them.
        inquiry: What is asked of private domains, if there are any.
        run: The run folder, with device tables.
        shared: What is read for all labels: private domains, and the size.
        token: Fingerprint of config and inputs: nothing is asked twice under one.
        progress: Called with steps done and steps in all.

    Raises:
        InputError: If a file is at fault, the book has no room, or the cluster gives
            up.
    """
    ledgers.enter_shared(settings, run, shared, num_devices=0)
    shutil.rmtree(run.public_ceiling, ignore_errors=True)
    if inquiry is not None:
        learn.learn(settings, schema, inquiry, run, token=token)
        _write_public_ceiling(schema, run)
        schema = learn.learnt(schema, run)
    for folder in (run.arrays, run.ceiling, run.half("first"), run.half("second")):
        shutil.rmtree(folder, ignore_errors=True)
    if settings.engine == "local":
        counts = encode_batches(schema, run, progress=progress)
    else:
        with engine.connection_of(settings, run):
            counts = cluster_encoding.encode_all(
                schema,
                run,
                engine.partitioning(settings, run, token),
                progress=progress,
            )
    encode.write_quality(run.quality, counts)
    exact = array_files.stored_devices(run.arrays, schema)
    num_devices = _count(settings, run, exact, token=token)
    ledgers.enter_shared(settings, run, shared, num_devices=num_devices)


def encode_batches(
    schema: schemas.Schema, run: runs.Run, *, progress: Callable[[int, int], None]
) -> list[quality.Count]:
    """Encodes the fleet of `run.real` in this process, some devices at a time.

    Args:
        schema: The device tables.
        run: The run folder; gets arrays, halves and the ceiling.
        progress: Called with batches done and batches in all.

    Returns:
        The counts for `encode.write_quality`.

    Raises:
        InputError: If a file is at fault.
    """
    counts: list[quality.Count] = []
    total = batches.count(schema, run.real)
    with array_files.writing(run.arrays, schema) as add:
        for done, batch in enumerate(batches.read(schema, run.real), 1):
            devices, found = encode.encode_columns(schema, batch.column)
            add(devices)
            references.write(schema, run, devices, batch.select, part=batch.part)
            counts += found
            progress(done, total)
    return parts.added(counts)


def _write_public_ceiling(schema: schemas.Schema, run: runs.Run) -> None:
    """Writes the ceiling of the headers' domains, to hold private ones to it."""
    rng = np.random.default_rng(0)
    for batch in batches.read(schema, run.real):
        devices, _ = encode.encode_columns(schema, batch.column)
        decode.decode(schema, devices, rng, run.public_ceiling, part=batch.part)


def _count(
    settings: settings.Settings, run: runs.Run, exact: int, *, token: str
) -> int:
    """Releases the number of devices, once."""
    key_file = run.private / "keys" / f"{COUNT}.json"
    saved = runs.read_json(run.count) if run.count.exists() else {}
    if saved.get("token") != token:
        public, privacy = secrets.root_keys(
            settings.seed, key_file, token, stream=COUNT
        )
        _, about, event = count_part(settings)
        spending.enter(
            settings, run, public, event, token=token, name=COUNT, about=about
        )
        noisy = release.count_once(
            COUNT,
            lambda: np.array([exact]),
            key=privacy,
            sigma=settings.count_stddev,
            context=secrets.own_context(settings.seed),
        )
        saved = {"token": token, "num_devices": max(int(noisy[0]), 1)}
        runs.write_json(run.count, saved)
    key_file.unlink(missing_ok=True)
    num_devices: int = saved["num_devices"]
    return num_devices
