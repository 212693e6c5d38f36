"""The reference names every key, file and setting that there is, and no other."""

import pathlib
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from teledp_jax import errors, runs
from teledp_jax.data import headers, shipped, suite
from teledp_jax.job import settings
from teledp_jax.queries import catalog
from tests import paths
from tests.docs import markdown

REFERENCE = paths.ROOT / "docs" / "reference"


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def section(title: str) -> list[str]:
    """Keys in the first column of the table below a title of the page of headers."""
    text = (REFERENCE / "headers.md").read_text()
    part = re.split(r"^##+ ", text.partition(title + "\n")[2], flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
    return sorted(key for row in rows for key in re.findall(r"`(\w+)`", row))


def known(message: str) -> list[str]:
    """The last list of names in an error's text."""
    return sorted(re.findall(r"'(\w+)'", message.rpartition("[")[2]))


def complaint(folder: pathlib.Path, name: str, header: str) -> str:
    """What a copy of suite flights answers where a file has this header."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"/*\n{header}\n*/\nSELECT 1\n")
    with pytest.raises(errors.InputError) as caught:
        suite.load(folder)
        catalog.load(folder / "queries")
    return str(caught.value)


def test_methods_are_described_as_their_docstrings_say():
    done = subprocess.run(
        [sys.executable, paths.ROOT / "docs" / "write_reference.py", "--check"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_each_config_key_stands_in_the_reference_with_its_default():
    rows = {
        row[0].strip("`"): row[1].strip("`")
        for row in markdown.cells(REFERENCE / "config.md")
        if len(row) == 3 and row[0].startswith("`") and "/" not in row[0]
    }
    defaults = flat(settings.default("dca").to_dict()) | {"suite": "as given"}
    assert rows.pop("suite") == defaults.pop("suite")
    assert rows == {key: repr(value) for key, value in defaults.items()}


def test_each_shipped_config_stands_in_the_reference():
    rows = markdown.cells(REFERENCE / "config.md")
    named = {row[0].strip("`") for row in rows if row[0].startswith("`configs/")}
    assert named == {f"configs/{path.name}" for path in shipped.CONFIGS.glob("*.py")}


@pytest.mark.parametrize(
    ("title", "name", "header"),
    [
        ("source/<schema>/<table>.sql", "source/new/a.sql", "wrong: 1"),
        ("reporting/<table>.sql", "reporting/a.sql", "wrong: 1"),
        ("device/<table>.sql", "device/a.sql", "wrong: 1"),
        ("queries/<workload>/<query>.sql", "queries/new/a.sql", "wrong: 1"),
    ],
)
def test_each_header_key_stands_in_the_reference(tmp_path, title, name, header):
    folder = tmp_path / "flights"
    for part in ("source", "device", "queries"):
        (folder / part).mkdir(parents=True)
        for path in (shipped.SUITES / "flights" / part).rglob("*.sql"):
            copy = folder / path.relative_to(shipped.SUITES / "flights")
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(path.read_text())
    lists = (shipped.SUITES / "flights" / "vocabularies.yaml").read_text()
    (folder / "vocabularies.yaml").write_text(lists)
    message = complaint(folder, name, header)
    assert "unknown header keys" in message
    assert section(f"`{title}`") == known(message)


def test_each_key_of_a_column_stands_in_the_reference():
    with pytest.raises(errors.InputError) as caught:
        headers.column("a", {"wrong": 1}, {})
    assert section("Columns of a device table") == known(str(caught.value))


def test_each_key_of_contributions_stands_in_the_reference(tmp_path):
    header = (
        "question: a?\ncodename: A\ntype: aggregate\ntables: [a]\nkeys: []\n"
        "values: {}\ncontributions: {wrong: 1}"
    )
    path = tmp_path / "queries" / "new" / "a.sql"
    path.parent.mkdir(parents=True)
    path.write_text(f"/*\n{header}\n*/\nSELECT 1\n")
    with pytest.raises(errors.InputError) as caught:
        catalog.load(tmp_path / "queries")
    assert section("Contributions") == known(str(caught.value))


def test_each_metric_stands_in_the_reference():
    metrics = set(catalog.Metric.__args__) - {"coverage"}
    assert section("Metrics") == sorted(metrics)


def test_each_file_of_a_run_folder_stands_in_the_reference():
    text = (REFERENCE / "run-folder.md").read_text()
    run = runs.Run(pathlib.Path("run"))
    for name, member in vars(runs.Run).items():
        if isinstance(member, property) and name != "private":
            path = getattr(run, name).relative_to("run")
            assert f"`{path}" in text, name
