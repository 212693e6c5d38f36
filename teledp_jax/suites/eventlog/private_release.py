"""The one release of users and error users by product, and what it costs."""

import pathlib
import uuid
from collections.abc import Sequence

import numpy as np

from teledp_jax import base, keys, runs
from teledp_jax.answers import releases
from teledp_jax.data import shipped, sqlfile
from teledp_jax.privacy import book, events, mechanisms
from teledp_jax.suites.eventlog import log, private_answers


def refuse(epsilon: float, delta: float) -> None:
    """Refuses numbers of a budget that no release can be drawn with.

    Args:
        epsilon: Of the release.
        delta: Of its Gaussian comparisons.

    Raises:
        InputError: If one of them is out of its range.
    """
    releases.published_gaussian_stddev(epsilon, delta)


def place(run: runs.Run) -> pathlib.Path:
    """Names the file of the release.

    Args:
        run: The folder of a log.

    Returns:
        The file, which may not exist.
    """
    return run.release(releases.NAME) / "private_answers.csv"


def exact(folder: pathlib.Path, products: Sequence[str]) -> releases.Counts:
    """Counts users and error users by primary product.

    Args:
        folder: Holds the clean log.
        products: Names of the products.

    Returns:
        Exact counts, which are private.
    """
    query = shipped.suite("eventlog") / "summary" / "primary_products.sql"
    with log.open_clean(folder) as connection:
        rows = log.rows(connection, sqlfile.read(query))
    known = {row["Product Type"]: row for row in rows}
    found = [known.get(product, {}) for product in products]
    return releases.Counts(
        users=np.array([row.get("num_users", 0) for row in found]),
        error_users=np.array([row.get("num_error_users", 0) for row in found]),
    )


def enter(
    owner: book.Book, folder: pathlib.Path, *, epsilon: float, again: bool
) -> float:
    """Writes the release into the ledger of its data set.

    Args:
        owner: The ledger.
        folder: Holds the clean log.
        epsilon: Of the release.
        again: Whether the same release may be entered twice.

    Returns:
        Epsilon that the data set has spent, this release included.

    Raises:
        InputError: If the ledger refuses it.
    """
    event = events.DiscreteLaplaceDpEvent(epsilon)
    owner.check(event, about=releases.NAME)
    if not again:
        owner.refuse_second(event)
    return owner.enter(
        uuid.uuid4().hex,
        event,
        about=releases.NAME,
        fingerprint=runs.fingerprint(folder / log.CLEAN),
    )


def write(
    run: runs.Run,
    path: pathlib.Path,
    products: Sequence[str],
    *,
    epsilon: float,
    delta: float,
) -> None:
    """Draws fresh noise and writes the release, its cost entered before it reads.

    Args:
        run: Holds the clean log.
        path: File of the release; what it promises stands beside it.
        products: Names of the products.
        epsilon: Of the release, for one user.
        delta: Of the ledger of the folder.
    """
    ledger_path = releases.ledger_path(run.folder)
    releases.spend(ledger_path, epsilon=epsilon, delta=delta)
    _, privacy = keys.restore(keys.draw())
    context = base.Context(
        base.MemoryStore(),
        lambda done, total, facts: None,
        mechanisms.secure_laplace_noise,
    )
    cells = releases.noisy_cells(
        lambda: releases.to_cells(exact(run.folder, products)),
        key=privacy, epsilon=epsilon, context=context,
    )  # fmt: skip
    noisy = releases.from_cells(cells)
    entry = releases.state(ledger_path, num_users=int(noisy.users.sum()))
    guarantee = {
        "unit": "one user with all its events, added or removed",
        "epsilon": epsilon,
        "delta": 0.0,
        "mechanism": "discrete Laplace on disjoint cells of users with and without an "
        "error event, by primary product; L1 sensitivity 1",
        "scale": 1 / epsilon,
        "noise": "operating system",
        "ledger": entry,
    }
    runs.write_json(path.with_suffix(".json"), guarantee)
    rows = private_answers.table(products, noisy)
    runs.write_csv(path, list(rows[0]), rows)
