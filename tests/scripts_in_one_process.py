"""Runs scripts one after another in one process, which imports the package once.

python scripts_in_one_process.py COMMANDS.json: a list of lists, a script's path and its
flags. Writes a list of status, stdout and stderr of each as JSON.
"""

import contextlib
import io
import json
import pathlib
import runpy
import subprocess
import sys
import traceback
from collections.abc import Sequence

from absl import flags

ROOT = pathlib.Path(__file__).parents[1]


def call(script: str, arguments: list[str]) -> tuple[int, str, str]:
    """Runs a script as `python script arguments` would."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(pathlib.Path(script).parent))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as stop:
            status = int(stop.code or 0)
        except Exception:  # noqa: BLE001 - as Python would
            traceback.print_exc()
            status = 1
    beside = _modules_beside(sys.path.pop(0))
    for name in list(flags.FLAGS):  # the next script may define it as well
        if flags.FLAGS.find_module_defining_flag(name) in {script, *beside}:
            delattr(flags.FLAGS, name)
    for name in beside:  # and import what defined it
        del sys.modules[name]
    return status, out.getvalue(), err.getvalue()


def _modules_beside(folder: str) -> list[str]:
    """Names of imported modules that lie in a folder of scripts."""
    files = {name: getattr(own, "__file__", None) for name, own in sys.modules.items()}
    resolved = pathlib.Path(folder).resolve()
    return [
        name
        for name, file in files.items()
        if file
        and name != "__main__"
        and pathlib.Path(file).resolve().parent == resolved
    ]


def run(
    folder: pathlib.Path, commands: Sequence[Sequence[str]]
) -> list[tuple[int, str, str]]:
    """Runs scripts by name, each with its flags; returns status, stdout and stderr."""
    file = folder / "commands.json"
    calls = [[str(ROOT / "scripts" / f"{name}.py"), *rest] for name, *rest in commands]
    file.write_text(json.dumps(calls))
    done = subprocess.run(
        [sys.executable, __file__, file], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return [tuple(result) for result in json.loads(done.stdout)]


if __name__ == "__main__":
    commands = json.loads(pathlib.Path(sys.argv[1]).read_text())
    json.dump([call(script, rest) for script, *rest in commands], sys.stdout)
