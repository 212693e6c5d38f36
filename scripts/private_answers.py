"""Users and error users by product: one private release, and what others would cost.

python scripts/private_answers.py --workdir=runs/log

Needs scripts/preprocess.py before, or --input=FILE.csv. release/private_answers/ in the
folder may leave the building: discrete Laplace noise on disjoint cells, from the
operating system, entered in private_answers_ledger.json before anything is read. All of
reports/ holds exact counts or noise from a public seed: it may not. With --book, the
release is entered into the budget book of the data set before it reads.
"""

import pathlib
import uuid

import launch
import numpy as np
from absl import flags

from teledp_jax import errors, runs
from teledp_jax.answers import releases
from teledp_jax.data import shipped, sqlfile
from teledp_jax.privacy import book, events
from teledp_jax.suites.eventlog import log, private_answers

_EPSILON = flags.DEFINE_float("epsilon", 2.0, "Of the release, for one user.")
_DELTA = flags.DEFINE_float("delta", 1e-6, "Of Gaussian releases, ledger and cap.")
_BOOK = flags.DEFINE_string("book", None, "Budget book of the data set; see README.")
_DATA_SET = flags.DEFINE_string("data_set", None, "Your name for the data set.")
_CAP = flags.DEFINE_float("cap_epsilon", None, "Most that all its releases may cost.")
_RUNS = flags.DEFINE_integer("num_runs", 100, "Runs of the evaluation.")
_SEED = flags.DEFINE_integer(
    "evaluation_seed", 0, "Of the evaluation, not the release."
)


def main() -> None:
    """Runs the step."""
    if _RUNS.value < 1:
        raise errors.InputError(f"Expected --num_runs > 0, got {_RUNS.value}.")
    # Refuses numbers of no use before anything is read.
    releases.published_gaussian_stddev(_EPSILON.value, _DELTA.value)
    if _BOOK.value and not (_DATA_SET.value and _CAP.value):
        raise errors.InputError("State --data_set and --cap_epsilon with --book.")
    folder = launch.workdir()
    launch.load_input(folder, "eventlog")
    # All public products: which ones the log has would be a private fact.
    products = log.vocabulary(shipped.suite("eventlog"), "products")
    run = runs.Run(folder)
    path = run.release(releases.NAME) / "private_answers.csv"
    if path.exists():
        print(f"{path}: released before and kept; remove it to spend epsilon again")
    else:
        release(run, path, products)
    facts = private_answers.evaluate(
        folder / "reports",
        products,
        exact(folder, products),
        epsilon=_EPSILON.value,
        delta=_DELTA.value,
        num_runs=_RUNS.value,
        seed=_SEED.value,
    )
    for name, found in facts.items():
        print(f"{name}: set right in {found['num_sets_right']} of {_RUNS.value}")


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


def enter_book(clean: pathlib.Path) -> None:
    """Writes the release into the budget book, if there is one."""
    if not _BOOK.value:
        return
    assert _DATA_SET.value and _CAP.value  # `main` has checked
    owner = book.Book(
        path=pathlib.Path(_BOOK.value),
        data_set=_DATA_SET.value,
        epsilon=_CAP.value,
        delta=_DELTA.value,
    )
    total = owner.enter(
        uuid.uuid4().hex,
        events.DiscreteLaplaceDpEvent(_EPSILON.value),
        about=releases.NAME,
        fingerprint=runs.fingerprint(clean),
    )
    print(f"{owner.data_set}: epsilon {total:.4f} of {owner.epsilon} spent")


def release(run: runs.Run, path: pathlib.Path, products: list[str]) -> None:
    """Writes the one release, with fresh noise, and says what it costs."""
    clean = run.folder / log.CLEAN
    if not clean.exists():
        raise errors.InputError(f"{clean}: is absent; run scripts/preprocess.py first.")
    enter_book(clean)
    ledger_path = releases.ledger_path(run.folder)
    releases.spend(ledger_path, epsilon=_EPSILON.value, delta=_DELTA.value)
    cells = releases.to_cells(exact(run.folder, products))
    noisy = releases.from_cells(releases.secure_laplace(cells, epsilon=_EPSILON.value))
    entry = releases.state(ledger_path, num_users=int(noisy.users.sum()))
    guarantee = {
        "unit": "one user with all its events, added or removed",
        "epsilon": _EPSILON.value,
        "delta": 0.0,
        "mechanism": "discrete Laplace on disjoint cells of users with and without an "
        "error event, by primary product; L1 sensitivity 1",
        "scale": 1 / _EPSILON.value,
        "noise": "operating system",
        "ledger": entry,
    }
    runs.write_json(path.with_suffix(".json"), guarantee)
    rows = private_answers.table(products, noisy)
    runs.write_csv(path, list(rows[0]), rows)
    print(path)


if __name__ == "__main__":
    launch.run(main)
