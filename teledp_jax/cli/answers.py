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

from absl import flags

from teledp_jax import errors, runs
from teledp_jax.cli import job_flags
from teledp_jax.data import shipped
from teledp_jax.privacy import book
from teledp_jax.suites.eventlog import log, logfile, private_answers, private_release


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
    private_release.refuse(values.epsilon, values.delta)  # before anything is read
    _book(values, pathlib.Path(values.input or ""))
    folder = job_flags.folder(values)
    job_flags.load_input(values, folder, "eventlog")
    # All public products: which ones the log has would be a private fact.
    products = log.vocabulary(shipped.suite("eventlog"), "products")
    run = runs.Run(folder)
    path = private_release.place(run)
    if path.exists():
        print(f"{path}: released before and kept; remove it to spend epsilon again")
    else:
        release(values, run, path, products)
    facts = private_answers.evaluate(
        folder / "reports",
        products,
        private_release.exact(folder, products),
        epsilon=values.epsilon,
        delta=values.delta,
        num_runs=values.num_runs,
        seed=values.evaluation_seed,
    )
    for name, found in facts.items():
        print(f"{name}: set right in {found['num_sets_right']} of {values.num_runs}")


def release(
    values: flags.FlagValues, run: runs.Run, path: pathlib.Path, products: list[str]
) -> None:
    """Enters the release into the ledger of its data set, and writes it.

    A simulated log has no ledger.

    Args:
        values: The flags.
        run: Holds the clean log.
        path: File of the release.
        products: Names of the products.

    Raises:
        InputError: If there is no clean log, or a ledger refuses the release.
    """
    if not (clean := run.folder / log.CLEAN).exists():
        raise errors.InputError(f"{clean}: is absent; run teledp preprocess first.")
    origin = logfile.origin(run.folder)
    is_simulated = origin == (run.folder / logfile.SIMULATED).resolve()
    owner = _book(values, None if is_simulated else origin)
    if owner is not None:
        total = private_release.enter(
            owner, run.folder, epsilon=values.epsilon, again=values.spend_again
        )
        cap = owner.state()["cap_epsilon"]
        of_cap = "" if cap is None else f" of {cap}"
        print(f"{owner.path}: epsilon {total:.4f}{of_cap} spent on {owner.data_set}")
    private_release.write(
        run, path, products, epsilon=values.epsilon, delta=values.delta
    )
    print(path)


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
