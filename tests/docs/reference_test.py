"""The reference names every key, file and setting that there is, and no other."""

import functools
import pathlib
import re
import runpy
from collections.abc import Mapping
from typing import Any, get_args, get_type_hints

from teledp_jax import runs, schemas
from teledp_jax.data import header_keys, shipped
from teledp_jax.job import settings
from teledp_jax.queries import catalog
from teledp_jax.queries import header_keys as query_keys
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


@functools.cache
def written() -> dict[str, Any]:
    """What the script that writes the reference defines."""
    return runpy.run_path(str(paths.ROOT / "docs" / "write_reference.py"))


def test_methods_and_header_keys_are_described_as_the_code_says():
    for path, text in written()["wanted"]().items():
        assert path.read_text("utf-8") == text, f"{path.name}: run make tables"


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


def test_each_table_of_header_keys_stands_on_the_page():
    text = (REFERENCE / "headers.md").read_text()
    reference = written()
    placed = re.findall("<!-- keys: (.+) -->", text)
    assert sorted(placed) == sorted(reference["tables"]())


def test_words_of_headers_are_those_that_the_code_knows():
    assert set(header_keys.DEVICE_ROLES) == set(get_args(schemas.Role))
    assert set(header_keys.KINDS) == set(get_args(schemas.Kind))
    assert set(header_keys.SCALES) == set(get_args(schemas.Scale))
    kinds = get_type_hints(schemas.Constraint)["kind"]
    assert set(header_keys.CONSTRAINTS) == set(get_args(kinds))
    assert set(query_keys.TYPES) == set(get_args(catalog.Type))
    assert set(query_keys.METRICS) == set(get_args(catalog.Metric)) - {"coverage"}


def test_each_file_of_a_run_folder_stands_in_the_reference():
    text = (REFERENCE / "run-folder.md").read_text()
    run = runs.Run(pathlib.Path("run"))
    for name, member in vars(runs.Run).items():
        if isinstance(member, property) and name != "private":
            path = getattr(run, name).relative_to("run")
            assert f"`{path}" in text, name
