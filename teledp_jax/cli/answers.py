"""Releases users and error users by product, under noise.

    teledp answers --workdir=runs/log

Says as well what other ways would cost. Needs `teledp preprocess` before, or
--input=FILE.csv. release/private_answers/ in the folder may leave the building:
discrete Laplace noise on disjoint cells, from the operating system, entered in
private_answers_ledger.json before anything is read. All of reports/ holds exact counts
or noise from a public seed: it may not. The release of a real log is entered into the
ledger of the data set before it reads, or into the budget book that --book names.
"""

import pathlib
import uuid

import numpy as np
from absl import flags

from teledp_jax import base, errors, keys, runs
from teledp_jax.answers import releases
from teledp_jax.cli import job_flags
from teledp_jax.data import shipped, sqlfile
from teledp_jax.privacy import book, events, mechanisms
from teledp_jax.suites.eventlog import log, logfile, private_answers


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    job_flags.define_folder(values)
    job_flags.define_book(values)
    job_flags.define_spend_again(values)
    flags.DEFINE_float(
        "epsilon", 2.0, "Epsilon of the release, for one user.", flag_values=values
    )
    flags.DEFINE_float(
        "delta", 1e-6, "Delta of ledger, cap and Gaussian noise.", flag_values=values
    )
    flags.DEFINE_integer("num_runs", 100, "Runs of the evaluation.", flag_values=values)
    flags.DEFINE_integer(
        "evaluation_seed",
        0,
        "Seed of the evaluation, not of the release.",
        flag_values=values,
    )


def main(values: flags.FlagValues) -> None:
    """Releases once, then evaluates; prints what was written."""
    if values.num_runs < 1:
        raise errors.InputError(f"Expected --num_runs > 0, got {values.num_runs}.")
    # Refuses numbers that cannot be used before anything is read.
    releases.published_gaussian_stddev(values.epsilon, values.delta)
    _book(values, pathlib.Path(values.input or ""))
    folder = job_flags.folder(values)
    job_flags.load_input(values, folder, "eventlog")
    # All public products: which ones the log has would be a private fact.
    products = log.vocabulary(shipped.suite("eventlog"), "products")
    run = runs.Run(folder)
    path = run.release(releases.NAME) / "private_answers.csv"
    if path.exists():
        print(f"{path}: released before and kept; remove it to spend epsilon again")
    else:
        release(values, run, path, products)
    facts = private_answers.evaluate(
        folder / "reports",
        products,
        exact(folder, products),
        epsilon=values.epsilon,
        delta=values.delta,
        num_runs=values.num_runs,
        seed=values.evaluation_seed,
    )
    for name, found in facts.items():
        print(f"{name}: set right in {found['num_sets_right']} of {values.num_runs}")


def exact(folder: pathlib.Path, products: list[str]) -> releases.Counts:
    """Exact users and error users by primary product."""
    query = shipped.suite("eventlog") / "summary" / "primary_products.sql"
    with log.open_clean(folder) as connection:
        rows = log.rows(connection, sqlfile.read(query))
    known = {row["Product Type"]: row for row in rows}
    found = [known.get(product, {}) for product in products]
    return releases.Counts(
        users=np.array([row.get("num_users", 0) for row in found]),
        error_users=np.array([row.get("num_error_users", 0) for row in found]),
    )


def _book(values: flags.FlagValues, origin: pathlib.Path | None) -> book.Book | None:
    """The ledger of a log that was made of a file; None: it is simulated."""
    return book.from_settings(
        values.book,
        data_set=values.data_set,
        cap_epsilon=values.cap_epsilon,
        delta=values.delta,
        prefix="--",
        source="" if origin is None else str(origin.resolve()),
    )


def enter_book(values: flags.FlagValues, folder: pathlib.Path) -> None:
    """Writes the release into the ledger of the data set, unless it is simulated."""
    origin = logfile.origin(folder)
    is_simulated = origin == (folder / logfile.SIMULATED).resolve()
    owner = _book(values, None if is_simulated else origin)
    if owner is None:
        return
    event = events.DiscreteLaplaceDpEvent(values.epsilon)
    owner.check(event, about=releases.NAME)
    if not values.spend_again:
        owner.refuse_second(event)
    total = owner.enter(
        uuid.uuid4().hex,
        event,
        about=releases.NAME,
        fingerprint=runs.fingerprint(folder / log.CLEAN),
    )
    cap = owner.state()["cap_epsilon"]
    of_cap = "" if cap is None else f" of {cap}"
    print(f"{owner.path}: epsilon {total:.4f}{of_cap} spent on {owner.data_set}")


def release(
    values: flags.FlagValues, run: runs.Run, path: pathlib.Path, products: list[str]
) -> None:
    """Writes the one release, with fresh noise, and says what it costs."""
    clean = run.folder / log.CLEAN
    if not clean.exists():
        raise errors.InputError(f"{clean}: is absent; run teledp preprocess first.")
    enter_book(values, run.folder)
    ledger_path = releases.ledger_path(run.folder)
    releases.spend(ledger_path, epsilon=values.epsilon, delta=values.delta)
    _, privacy = keys.restore(keys.draw())
    noisy = releases.from_cells(
        releases.noisy_cells(
            lambda: releases.to_cells(exact(run.folder, products)),
            key=privacy,
            epsilon=values.epsilon,
            context=base.Context(
                base.MemoryStore(),
                lambda done, total, facts: None,
                mechanisms.secure_laplace_noise,
            ),
        )
    )
    entry = releases.state(ledger_path, num_users=int(noisy.users.sum()))
    guarantee = {
        "unit": "one user with all its events, added or removed",
        "epsilon": values.epsilon,
        "delta": 0.0,
        "mechanism": "discrete Laplace on disjoint cells of users with and without an "
        "error event, by primary product; L1 sensitivity 1",
        "scale": 1 / values.epsilon,
        "noise": "operating system",
        "ledger": entry,
    }
    runs.write_json(path.with_suffix(".json"), guarantee)
    rows = private_answers.table(products, noisy)
    runs.write_csv(path, list(rows[0]), rows)
    print(path)
