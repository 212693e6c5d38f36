"""Flags that the stages share, and one clear line for what a user can mend."""

import os
import pathlib
import sys
from collections.abc import Callable, Mapping, Sequence

import jax
import ml_collections
import tqdm
from absl import flags, logging
from ml_collections.config_flags import config_flags

from teledp_jax import errors, runs, storage
from teledp_jax.cluster import gang, launcher, placement
from teledp_jax.data import shipped
from teledp_jax.job import fit, pipeline, settings
from teledp_jax.suites import hooks


class _ConfigFile(config_flags.ConfigFileFlagParser):
    """Reads a config file, or a config that the project ships."""

    def parse(self, path: str) -> ml_collections.ConfigDict:
        return super().parse(shipped.config(path))


_CONFIG = config_flags.DEFINE_config_file(
    "config",
    help_string="Config file anywhere, or from any folder a shipped one, as "
    "configs/demo.py; override a key by --config.KEY=VALUE, as "
    "--config.budget.epsilon=1 or --config.suite=FOLDER.",
)
flags.FLAGS["config"].parser = _ConfigFile("config")
_WORKDIR = flags.DEFINE_string(
    "workdir",
    None,
    "Run folder, as runs/demo or s3://bucket/runs/demo; made if absent, private to its "
    "owner.",
)
_WORLD = flags.DEFINE_enum(
    "world",
    None,
    ["a", "b"],
    "Short for --config.simulation.world: the correlations of a simulated fleet. Tune "
    "in one world, score in the other.",
)
_LABELS = flags.DEFINE_list(
    "labels",
    None,
    "The labels of the config to keep, as --labels=pe,independent; none: all.",
)
_INPUT = flags.DEFINE_string(
    "input",
    None,
    "A CSV of product events, of suite eventlog, in place of a simulated log.",
)
_ENCODING = flags.DEFINE_string(
    "encoding", "utf-8", "Encoding of --input, if it has no byte order mark."
)
_PROCESSES = flags.DEFINE_integer(
    "processes",
    None,
    "Processes that fit a method together, on this machine or, with engine ray, on the "
    "cluster; none: one, or config.ray.num_workers.",
)
_MEMORY = (
    "Memory ran out; lower --config.memory_limit (of DuckDB) or a method's "
    "micro_batch, or free memory, and give the command again: finished stages stay."
)
_BARS: list[tqdm.tqdm] = []


def run(main: Callable[[], None]) -> None:
    """Parses flags, calls `main` and ends the process.

    Status 0 if all went well; 2 and one line on stderr where a file, flag, config, the
    disk or memory is at fault. Other errors are ours and keep their traceback.
    """
    if {"--help", "-h"} & set(sys.argv):
        print(sys.modules["__main__"].__doc__)
        print(flags.FLAGS.module_help("__main__"))
        print(flags.FLAGS.module_help("launch"))
        sys.exit(0)
    try:
        rest = flags.FLAGS(sys.argv)[1:]
        if rest:
            raise errors.InputError(f"Unknown arguments {rest}; see --help.")
    except (flags.Error, errors.InputError) as error:
        _stop(error)
    except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        _stop(errors.InputError(f"--config: {error}"))
    logging.set_verbosity(logging.INFO)
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    # The parent of a run must not hold the accelerator's memory while a method fits.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    folder = pathlib.Path(cache).expanduser() / "teledp_jax" / "compiled"
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
    try:
        main()
    except (errors.InputError, OSError) as error:
        _stop(error)
    except MemoryError:
        _stop(errors.InputError(_MEMORY))
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        _stop(errors.InputError(_MEMORY))


def _stop(error: Exception) -> None:
    """Prints one line and ends the process with status 2."""
    for shown in _BARS:
        shown.close()
    print("error:", " ".join(str(error).split()), file=sys.stderr)
    gang.leave(2)


def workdir() -> pathlib.Path:
    """The folder that --workdir names, made if absent, for its owner alone.

    Raises:
        InputError: If the flag is missing or the folder cannot be written.
    """
    if not _WORKDIR.value:
        raise errors.InputError("State --workdir, as --workdir=runs/demo.")
    place = storage.place(_WORKDIR.value)
    if not isinstance(place, pathlib.Path):
        raise errors.InputError(
            f"--workdir={place}: this script works in a folder of this machine; copy "
            "the run folder here."
        )
    run = runs.Run(place)
    run.create()
    return run.folder


def input_path() -> pathlib.Path | None:
    """The event log that --input names; none without the flag.

    Raises:
        InputError: If the flag is empty.
    """
    if _INPUT.value is None:
        return None
    if not _INPUT.value:
        raise errors.InputError("State the file of --input, as --input=FILE.csv.")
    return pathlib.Path(_INPUT.value)


def encoding() -> str:
    """The encoding of --input."""
    return str(_ENCODING.value)


def load_input(folder: pathlib.Path, suite: str) -> pathlib.Path | None:
    """Makes raw files of --input, unless the folder has them.

    Args:
        folder: The run folder.
        suite: Name of the suite that the file is of.

    Returns:
        The folder of raw files; None without the flag.

    Raises:
        InputError: If the suite reads no single file, or the file cannot be used.
    """
    path, read_file = input_path(), hooks.of(suite).read_file
    if path is None:
        return None
    if read_file is None:
        raise errors.InputError(
            f"--input is for a suite of one file; for {suite} state --config.source."
        )
    return read_file(
        path, folder, suite_folder=shipped.suite(suite), encoding=encoding()
    )


def job() -> pipeline.Job:
    """The job that the flags name, checked.

    Raises:
        InputError: If --config, --workdir or --input is missing or of no use.
    """
    if _CONFIG.value is None:
        raise errors.InputError("State --config, as --config=configs/demo.py.")
    if not _WORKDIR.value:
        raise errors.InputError("State --workdir, as --workdir=runs/demo.")
    if _WORLD.value:
        _CONFIG.value.simulation.world = _WORLD.value
    if input_path() is not None:
        _use_input(_CONFIG.value)
    if _LABELS.value is not None:
        _keep(_CONFIG.value, _LABELS.value)
    config = settings.resolve(_CONFIG.value)
    place = storage.place(_WORKDIR.value)
    if isinstance(place, pathlib.Path):
        return pipeline.Job(config, runs.Run(place))
    mirror = storage.Mirror(place, storage.scratch(place, config.temp_folder))
    return pipeline.Job(config, runs.Run(mirror.folder), mirror)


def num_processes(job: pipeline.Job) -> int:
    """Processes that fit a method together, started by this one.

    Raises:
        InputError: If --processes is of no use.
    """
    count = _PROCESSES.value
    if count is not None and count < 1:
        raise errors.InputError(f"--processes={count}: state 1 or more.")
    if count is None and job.config.engine == "ray":
        return job.config.ray.num_workers
    return count or 1


def start_gang(job: pipeline.Job, count: int, label: str) -> None:
    """Fits a label by processes that run this script, too; ends it if they fail.

    Raises:
        InputError: If they die again and again.
    """
    command = [sys.executable, *sys.argv, f"--label={label}"]
    if job.config.engine == "ray":
        with job.cluster():
            status = launcher.run(placement.start(command, count))
    else:
        status = launcher.run(launcher.local(command, count))
    if status:
        sys.exit(status)


def _keep(config: ml_collections.ConfigDict, labels: Sequence[str]) -> None:
    """Takes all but some labels out of a config."""
    if unknown := sorted(set(labels) - set(config.methods)):
        raise errors.InputError(
            f"--labels: the config has no {unknown}; known: {sorted(config.methods)}."
        )
    with config.unlocked():
        for label in set(config.methods) - set(labels):
            del config.methods[label]


def _use_input(config: ml_collections.ConfigDict) -> None:
    """Makes the raw files of --input the source of a config."""
    if config.source is not None:
        raise errors.InputError("State --input or --config.source, not both.")
    settings.resolve(config)  # before any work
    config.source = str(load_input(workdir(), config.suite))


def bar(name: str) -> fit.Progress:
    """A progress bar on stderr."""
    shown = tqdm.tqdm(desc=name, file=sys.stderr, mininterval=0.5, leave=True)
    _BARS.append(shown)

    def advance(done: int, total: int, facts: Mapping[str, float]) -> None:
        shown.total = total
        shown.set_postfix({key: f"{value:.3g}" for key, value in facts.items()}, False)
        shown.update(done - shown.n)
        if done >= total:
            shown.close()

    return advance
