"""The list of subcommands, their help, and what a wrong name gets."""

import ast
import os
import re
import subprocess
import sys

import pytest

from teledp_jax.cli import main
from tests import paths
from tests.cli.commands import call

SCRIPTS = {
    "aggregate": "aggregate", "audit_privacy": "audit", "compare_logs": "compare-logs",
    "compare_published": "compare-published", "evaluate": "evaluate",
    "fault_injection": "faults", "inspect_source": "inspect",
    "preprocess": "preprocess", "private_answers": "answers", "report": "report",
    "reproduce_tables": "reproduce",
    "run_benchmark": "run", "simulate": "simulate",
    "summary_stats": "summary", "synthesize": "fit",
}  # fmt: skip
LIST = """
import sys
from teledp_jax.cli import main
main.main()
print(sorted({"jax", "numpy", "absl", "ml_collections"} & set(sys.modules)))
"""


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_the_list_names_every_subcommand_on_a_line_and_imports_little(arguments):
    done = subprocess.run(
        [sys.executable, "-c", LIST, *arguments],
        env=os.environ | {"PYTHONPATH": str(paths.ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    *lines, imported = done.stdout.splitlines()
    assert imported == "[]"
    shown = [line.split()[0] for line in lines if re.match(r"  [a-z]", line)]
    assert tuple(shown) == main.COMMANDS
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", main.COMMANDS)
def test_help_has_an_example_and_shows_no_flag_of_other_processes(name, monkeypatch):
    status, out, err = call(monkeypatch, name, "--help")
    assert (status, err) == (0, "")
    assert f"\n    teledp {name} --" in out
    shown = out.partition("Flags:")[2]
    assert "\n  --" in shown
    for flag in ("within_run", "attached", "coordinator", "process_id", "label:"):
        assert f"--{flag}" not in shown.replace("--[no]", "--")
    assert max(map(len, out.splitlines())) <= 88


def test_a_command_shows_its_own_flags_only(monkeypatch):
    shown = call(monkeypatch, "inspect", "--help").out
    flags = re.findall(r"^  --(?:\[no\])?(\w+)", shown, re.MULTILINE)
    assert flags == ["source", "suite", "json"]
    shown = call(monkeypatch, "run", "--help").out
    flags = re.findall(r"^  --(?:\[no\])?(\w+)", shown, re.MULTILINE)
    assert {"config", "workdir", "labels", "processes", "world", "book"} <= set(flags)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rnu", "no subcommand 'rnu'. Did you mean run? See teledp --help."),
        ("evalaute", "Did you mean evaluate?"),
        ("qqqq", "no subcommand 'qqqq'. See teledp --help."),
        ("--wrong", "no subcommand '--wrong'."),
    ],
)
def test_an_unknown_subcommand_is_one_line_with_a_near_match(name, text, monkeypatch):
    status, out, err = call(monkeypatch, name)
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and text in err and err.count("\n") == 1


@pytest.mark.parametrize("path", sorted((paths.ROOT / "scripts").glob("*.py")), ids=str)
def test_a_script_is_its_subcommand_under_an_old_name(path):
    if path.stem == "structure":  # of the repository, not of a run
        return
    tree = ast.parse(path.read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [ast.unparse(found) for found in calls] == [
        f"main.call('{SCRIPTS[path.stem]}')"
    ]
    assert f"python scripts/{path.name} --" in (ast.get_docstring(tree) or "")
    assert len(tree.body) == 3


def test_every_script_of_old_is_there():
    names = {path.stem for path in (paths.ROOT / "scripts").glob("*.py")}
    newer = {
        "new-suite",
        "check",
        "plan",
        "sample",
        "trust",
        "compare",
        "compile",
    }  # no script of old does it
    assert set(SCRIPTS) <= names
    assert set(SCRIPTS.values()) == set(main.COMMANDS) - newer
