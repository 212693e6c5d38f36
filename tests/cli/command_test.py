"""What a user's fault gets, whichever subcommand it is."""

import pathlib
import types

import jax
import pytest

from teledp_jax.cli import accelerated, command, inspect, progress, report
from tests.cli.commands import call

CONFIG = "--config=tests/configs/tiny.py"


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--wrokdir=x"], "flag 'wrokdir'. Did you mean: workdir"),
        (["stray"], "Unknown arguments ['stray']"),
        (["--config.wrong=1"], "wrong"),
        (["--config.num_devices=many"], "num_devices"),
        (["--config.methods.independent.method=nothing"], "nothing"),
        (["--config.budget.epsilon=0.0"], "budget.epsilon"),
        (
            ["--config.source="],
            "config.source: expected a text (it is empty, as a shell",
        ),
        (["--config.temp_folder="], "config.temp_folder: expected a text (it is empty"),
        (["--config.budget.book="], "config.budget.book: expected a text (it is empty"),
        (["--config.suite="], "config.suite: expected a text (it is empty"),
        (["--workdir="], "--workdir=: is empty, as a shell variable"),
        (["--input="], "--input=: is empty"),
        (["--book="], "--book=: is empty"),
        (["--labels="], "--labels: is empty"),
        (["--labels=independent,nothing"], "no ['nothing']; known: ['independent']"),
        (["--config="], "is empty, as a shell variable"),
        (["--config=no/such.py"], "no/such.py"),
        (["--processes=two"], "processes"),
    ],
)
def test_a_wrong_flag_is_one_line_and_status_2(flags, text, monkeypatch, tmp_path):
    folder = tmp_path / "run"
    own = [CONFIG, f"--workdir={folder}", *flags]
    status, out, err = call(monkeypatch, "run", *own)
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and text in err and err.count("\n") == 1, err
    assert not folder.exists()


@pytest.mark.parametrize("name", ["run", "simulate", "fit", "evaluate", "report"])
def test_a_job_needs_a_config_and_a_folder(name, monkeypatch, tmp_path):
    err = call(monkeypatch, name, f"--workdir={tmp_path}").err
    assert err == "error: State --config, as --config=configs/demo.py.\n"
    err = call(monkeypatch, name, CONFIG).err
    assert err == "error: State --workdir, as --workdir=runs/demo.\n"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (MemoryError("of a device"), "Memory ran out; lower --config.memory_limit"),
        (
            jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: 1 GB"),
            "Memory ran out; lower --config.memory_limit",
        ),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_lack_of_memory_or_disk_is_one_line_after_the_bars(error, text, monkeypatch):
    def fail(values):
        progress.bar("fit")
        raise error

    monkeypatch.setattr(report, "main", fail)
    status, _, err = call(monkeypatch, "report")
    last = err.splitlines()[-1]
    assert status == 2 and last.startswith("error: ") and text in last
    assert "of a device" not in err


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch):
    def fail(values):
        raise ZeroDivisionError

    monkeypatch.setattr(inspect, "main", fail)
    with pytest.raises(ZeroDivisionError):
        call(monkeypatch, "inspect")


def test_a_path_flag_is_none_without_a_value():
    values = command.flags.FlagValues()
    command.define_path(values, "folder", "A folder.")
    values(["teledp"])
    assert values.folder is None
    values(["teledp", "--folder=a/b"])
    assert values.folder == "a/b"


def test_jax_is_set_up_before_work(monkeypatch, tmp_path):
    set_up = {}
    config = types.SimpleNamespace(update=set_up.__setitem__)
    monkeypatch.setattr(accelerated.jax, "config", config)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    accelerated.prepare()
    folder = str(tmp_path / "teledp_jax" / "compiled")
    assert set_up["jax_compilation_cache_dir"] == folder
    assert pathlib.Path(folder).stat().st_mode & 0o777 == 0o700


def test_a_cache_that_others_could_read_is_closed(monkeypatch, tmp_path):
    monkeypatch.setattr(accelerated.jax.config, "update", lambda name, value: None)
    (tmp_path / "compiled").mkdir(mode=0o755)
    accelerated.cache_programs(tmp_path / "compiled")
    assert (tmp_path / "compiled").stat().st_mode & 0o777 == 0o700
