"""The core does without extras; a part that lacks one names it in one line."""

import ast
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from teledp_jax import errors, extras
from teledp_jax.job import provenance
from tests import paths

# Imports every module of the package while the packages of all extras are hidden.
IMPORT_ALL = """
import importlib, json, sys
hidden, modules = json.load(sys.stdin)
sys.modules.update(dict.fromkeys(hidden))
found = {}
for module in modules:
    try:
        importlib.import_module(module)
        found[module] = ""
    except Exception as error:
        found[module] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""
CORE = (
    "arrays", "base", "data.decode", "data.encode", "data.frames", "data.headers",
    "data.shipped", "data.statement", "dpsgd.train", "job.api", "job.fitted", "keys",
    "methods.dpsgd_relational", "methods.dpsgd_vae", "runs",
    "methods.histogram", "methods.independent", "methods.pe",
    "methods.pe_conditional", "methods.pe_llm",
    "pe.evolve", "privacy.accounting", "privacy.ledger", "registry", "schemas",
)  # fmt: skip


def modules() -> Iterator[tuple[str, pathlib.Path]]:
    for path in sorted(provenance.PACKAGE.rglob("*.py")):
        parts = path.relative_to(provenance.PACKAGE).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def test_without_extras_the_core_works_and_each_other_part_names_its_extra():
    names = [f"teledp_jax.{name}".rstrip(".") for name, _ in modules()]
    names.remove("teledp_jax.cli.__main__")  # it runs as it is imported
    hidden = sorted({name for group in extras.PACKAGES.values() for name in group})
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        input=json.dumps([hidden, names]),
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert {name: found[f"teledp_jax.{name}"] for name in CORE} == dict.fromkeys(
        CORE, ""
    )
    for text in set(found.values()) - {""}:
        assert text.startswith("MissingExtraError: ")
        assert "not installed: pip install 'teledp_jax[" in text
    assert "teledp_jax[marginals]" in found["teledp_jax.methods.mst"]
    assert "teledp_jax[report]" in found["teledp_jax.report.page"]
    assert "teledp_jax[pipeline]" in found["teledp_jax.job.pipeline"]


def test_an_import_of_an_extra_stands_only_in_a_part_that_needs_it():
    owners = {name: extra for extra, own in extras.PACKAGES.items() for name in own}
    for name, path in modules():
        parts = name.split(".")
        rooms = {".".join(parts[: end + 1]) for end in range(len(parts))}
        allowed = {extras.PARTS[room] for room in rooms & set(extras.PARTS)}
        for imported in top_imports(path):
            assert owners.get(imported) in {*allowed, None}, f"{path}: {imported}"


def top_imports(path: pathlib.Path) -> Iterator[str]:
    """Packages that a module imports as it is imported itself."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)


def test_a_need_names_what_is_missing_and_the_remedy(monkeypatch):
    monkeypatch.setitem(extras.PACKAGES, "made", ("json", "no_such", "nor_such"))
    with pytest.raises(errors.InputError) as caught:
        extras.need("made")
    assert str(caught.value) == (
        "no_such and nor_such not installed: pip install 'teledp_jax[made]'"
    )
