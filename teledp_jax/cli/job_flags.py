"""The flags that name a job, and the job that they name."""

import dataclasses
import pathlib
from collections.abc import Sequence

import ml_collections
from absl import flags
from ml_collections.config_flags import config_flags

from teledp_jax import errors, runs, storage
from teledp_jax.cli import accelerated, command
from teledp_jax.data import shipped
from teledp_jax.job import pipeline, settings
from teledp_jax.privacy import book
from teledp_jax.suites import hooks


class _ConfigParser(config_flags.ConfigFileFlagParser):
    """Reads a config file, or a config that the project ships."""

    def parse(self, path: str) -> ml_collections.ConfigDict:
        """Returns the config.

        Raises:
            ValueError: If the path is empty.
        """
        if not path:
            raise ValueError(command.EMPTY)
        return super().parse(shipped.config(path))


def read_config(path: str) -> ml_collections.ConfigDict:
    """Reads a config file.

    Args:
        path: A file anywhere, or a config that the project ships.

    Raises:
        InputError: If there is no such file, or it fails.
    """
    try:
        return _ConfigParser("config").parse(path)
    except Exception as error:  # the file is code of its author
        raise errors.InputError(
            f"cannot be read ({errors.first_line(error)})."
        ) from error


def define(
    values: flags.FlagValues, *, fits: bool = False, spends: bool = False
) -> None:
    """Defines the flags of a command that works on a job.

    All of these commands take the same flags, so that a job can be run stage by stage
    by one set of them; a command shows those that matter to it.

    Args:
        values: The flags of the command.
        fits: Whether it fits methods.
        spends: Whether it reads private data under noise.
    """
    define_config(values)
    define_folder(values)
    flags.DEFINE_list(
        "labels",
        None,
        "Only these labels of the config, as --labels=pe,independent.",
        flag_values=values,
    )
    flags.DEFINE_string("label", None, command.HIDDEN, flag_values=values)
    flags.DEFINE_enum(
        "world",
        None,
        ["a", "b"],
        "Short for --config.simulation.world: the correlations of a simulated fleet. "
        "Tune in one world, score in the other.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "noiseless",
        False,
        "Also fit each method without noise, to see what it costs. Only on simulated "
        "or public data; nothing of the run is released.",
        flag_values=values,
    )
    define_book(values)
    about = (
        "Processes that fit a method together, on this machine or, with engine ray, on "
        "the cluster; none: one, or config.ray.num_workers."
    )
    flags.DEFINE_integer(
        "processes", None, about if fits else command.HIDDEN, flag_values=values
    )
    define_spend_again(values, is_shown=spends)


def define_config(values: flags.FlagValues) -> None:
    """Defines the flag that names a config.

    Args:
        values: The flags of the command.
    """
    config_flags.DEFINE_config_file(
        "config",
        help_string="Config file anywhere, or a shipped one, as configs/demo.py; "
        "override a key by --config.KEY=VALUE, as --config.budget.epsilon=1 or "
        "--config.suite=FOLDER.",
        flag_values=values,
    )
    values["config"].parser = _ConfigParser("config")


def define_folder(values: flags.FlagValues) -> None:
    """Defines the flags that name a run folder and an event log."""
    command.define_path(
        values,
        "workdir",
        "Run folder, as runs/demo or s3://bucket/runs/demo; made if absent, private to "
        "its owner.",
    )
    command.define_path(
        values, "input", "A CSV of product events, of suite eventlog, as the source."
    )
    flags.DEFINE_string(
        "encoding",
        "utf-8",
        "Encoding of --input, if it has no byte order mark.",
        flag_values=values,
    )


def define_book(values: flags.FlagValues) -> None:
    """Defines the flags that name the budget book of a data set."""
    command.define_path(
        values,
        "book",
        "Budget book of the data set: a file of all its releases, which refuses what "
        "would exceed the cap. Short for --config.budget.book.",
    )
    flags.DEFINE_string(
        "data_set", None, "Your name for the data set, in the book.", flag_values=values
    )
    flags.DEFINE_float(
        "cap_epsilon",
        None,
        "Most that all releases of the data set may cost.",
        flag_values=values,
    )


def define_spend_again(values: flags.FlagValues, *, is_shown: bool = True) -> None:
    """Defines the flag without which nothing is spent twice.

    Args:
        values: The flags of the command.
        is_shown: Whether help shows it.
    """
    about = (
        "Read real data again that were read under noise before: by a finished stage "
        "of this run, if what it depends on changed, or by another run. This adds to "
        "the budget that is spent; without the flag nothing is spent twice."
    )
    flags.DEFINE_bool(
        "spend_again", False, about if is_shown else command.HIDDEN, flag_values=values
    )


def folder(values: flags.FlagValues) -> pathlib.Path:
    """Makes the folder that --workdir names, for its owner only.

    Raises:
        InputError: If the flag is missing or the folder cannot be written.
    """
    if values.workdir is None:
        raise errors.InputError("State --workdir, as --workdir=runs/demo.")
    place = storage.place(values.workdir)
    if not isinstance(place, pathlib.Path):
        raise errors.InputError(
            f"--workdir={place}: this command works in a folder of this machine; copy "
            "the run folder here."
        )
    run = runs.Run(place)
    run.create()
    return run.folder


def load_input(
    values: flags.FlagValues, folder: pathlib.Path, suite: str
) -> pathlib.Path | None:
    """Makes raw files of --input, unless the folder has them.

    Args:
        values: The flags of the command.
        folder: The run folder.
        suite: Name of the suite that the file is of.

    Returns:
        The folder of raw files; None without the flag.

    Raises:
        InputError: If the suite reads no single file, or the file cannot be used.
    """
    read_file = hooks.of(suite).read_file
    if values.input is None:
        return None
    if read_file is None:
        raise errors.InputError(
            f"--input is for a suite of one file; for {suite} state --config.source."
        )
    return read_file(
        pathlib.Path(values.input),
        folder,
        suite_folder=shipped.suite(suite),
        encoding=values.encoding,
    )


def labels(values: flags.FlagValues) -> Sequence[str] | None:
    """Returns the labels that the flags name; None for all.

    Raises:
        InputError: If a flag names none.
    """
    if values.labels is None:
        return None if values.label is None else [values.label]
    if not values.labels:
        raise errors.InputError("--labels: is empty; state labels or leave it out.")
    return list(values.labels)


def open_job(values: flags.FlagValues, *, keep_all: bool = False) -> pipeline.Job:
    """Checks the job that the flags name.

    Args:
        values: The flags of the command.
        keep_all: Whether the job keeps the labels that the flags do not name.

    Raises:
        InputError: If --config, --workdir or --input is missing or cannot be used.
    """
    config = values.config
    if config is None:
        raise errors.InputError("State --config, as --config=configs/demo.py.")
    if values.workdir is None:
        raise errors.InputError("State --workdir, as --workdir=runs/demo.")
    if values.noiseless:
        config.noiseless = True
    if values.world:
        config.simulation.world = values.world
    for key in ("book", "data_set", "cap_epsilon"):
        if values[key].value is not None:
            config.budget[key] = values[key].value
    if values.input is not None:
        _use_input(config, values)
    checked = _with_origin(settings.resolve(config), values)
    named = labels(values)
    if named is not None and not keep_all:
        checked = _only(checked, named)
    place = storage.place(values.workdir)
    again = {"spend_again": values.spend_again}
    if isinstance(place, pathlib.Path):
        mirror, run = None, runs.Run(place)
    else:
        mirror = storage.Mirror(place, storage.scratch(place, checked.temp_folder))
        run = runs.Run(mirror.folder)
    if checked.source is not None:  # its size, rounded, is in the shapes of programs
        accelerated.cache_programs(run.compiled)
    return pipeline.Job(checked, run, mirror, **again)


def _with_origin(
    checked: settings.Settings, values: flags.FlagValues
) -> settings.Settings:
    """The same, its ledger keyed by --input, whose raw files are only copies."""
    if values.input is None or checked.book is None:
        return checked
    return dataclasses.replace(checked, book=of_input(checked.book, values.input))


def of_input(owner: book.Book, path: str) -> book.Book:
    """Makes a book the one of a file.

    Args:
        owner: The book, of any place.
        path: The file.

    Returns:
        The same book, with the file as the place of the data, and as their name where
        the owner gave none.
    """
    place = str(pathlib.Path(path).resolve())
    data_set = owner.data_set if owner.is_named else place
    return dataclasses.replace(owner, data_set=data_set, source=place)


def _only(checked: settings.Settings, named: Sequence[str]) -> settings.Settings:
    """Leaves out all but some labels."""
    if unknown := sorted(set(named) - set(checked.methods)):
        raise errors.InputError(
            f"--labels: the config has no {unknown}; known: {sorted(checked.methods)}."
        )
    return checked.only(named)


def _use_input(config: ml_collections.ConfigDict, values: flags.FlagValues) -> None:
    """Makes the raw files of --input the source of a config."""
    if config.source is not None:
        raise errors.InputError("State --input or --config.source, not both.")
    settings.resolve(config)  # before any work
    config.source = str(load_input(values, folder(values), config.suite))
