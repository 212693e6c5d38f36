"""Each method and mechanism has a planted fault, each fault a test that finds it."""

import ast
import pathlib

import pytest

from teledp_jax import registry
from tests import paths
from tests.audit import mutation_run, mutations

PACKAGE = paths.ROOT / "teledp_jax"


def test_there_are_many_over_all_that_a_device_passes_through():
    areas = {mutation.area for mutation in mutations.MUTATIONS}
    assert len(mutations.MUTATIONS) >= 40
    assert {
        "ingestion", "holdout", "aggregation", "encode", "domains", "count", "release",
        "accounting", "split", "sampling", "clipping", "votes", "marginals", "decode",
        "answers", "ledger", "book", "publish", "keys",
    } <= areas  # fmt: skip


def test_every_method_has_a_fault():
    areas = {mutation.area for mutation in mutations.MUTATIONS}
    assert set(registry.METHODS) <= areas


def public_functions(path: pathlib.Path) -> set[str]:
    tree = ast.parse((PACKAGE / path).read_text())
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return {f"{path.stem}.{name}" for name in names if not name.startswith("_")}


def test_every_mechanism_has_a_fault():
    mechanisms = public_functions(pathlib.Path("privacy/mechanisms.py"))
    assert len(mechanisms) >= 6
    areas = {mutation.area for mutation in mutations.MUTATIONS}
    assert mechanisms | {"gaussian.noisy_sum"} <= areas


@pytest.mark.parametrize("mutation", mutations.MUTATIONS, ids=lambda m: m.fault)
def test_a_fault_fits_the_code_as_it_is(mutation):
    text = (PACKAGE / mutation.path).read_text()
    assert text.count(mutation.old) == 1
    ast.parse(text.replace(mutation.old, mutation.new))
    for name in mutation.tests:
        path, _, test = name.partition("::")
        text = (paths.ROOT / "tests" / path).read_text()
        assert f"def {test.partition('[')[0]}" in text


def test_the_page_shows_every_fault_as_found():
    text = mutation_run.PAGE.read_text()
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    shown = {(row[0].removeprefix("| "), row[1]): row[2] for row in rows[1:]}
    planted = {(mutation.area, mutation.fault) for mutation in mutations.MUTATIONS}
    assert set(shown) == planted
    assert set(shown.values()) == {mutation_run.FOUND}
