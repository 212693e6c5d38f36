"""Commands and code in the documents name what exists, and run."""

import ast
import importlib
import pathlib
import re
import runpy

import jax
import pytest
from absl import flags

from teledp_jax import arrays
from teledp_jax.data import inspect, shipped, suite
from teledp_jax.job import settings
from teledp_jax.privacy import accounting
from teledp_jax.queries import catalog, dry_run
from tests import paths, toys
from tests.docs import markdown
from tests.docs.reference_test import flat

TUTORIALS = paths.ROOT / "docs" / "tutorials"


def flags_of(script: pathlib.Path) -> set[str]:
    """Flags of a script: of the subcommand that it calls, or those it defines."""
    text = script.read_text()
    if called := re.search(r'main\.call\("([\w-]+)"\)', text):
        name = called[1].replace("-", "_")
        values = flags.FlagValues()
        importlib.import_module(f"teledp_jax.cli.{name}").define(values)
        names = set(values)
    else:
        nodes = list(ast.walk(ast.parse(text)))
        names = {
            node.args[0].value
            for node in nodes
            if isinstance(node, ast.Call)
            and getattr(node.func, "attr", "").startswith("DEFINE_")
        }
        for node in nodes:  # flags of benchmarks that it imports are its own too
            for alias in node.names if isinstance(node, ast.Import) else ():
                beside = script.with_name(f"{alias.name}.py")
                names |= flags_of(beside) if beside.exists() else set()
    return names | {f"no{name}" for name in names}


@pytest.mark.parametrize("path", markdown.documents(), ids=lambda path: path.name)
def test_commands_name_scripts_flags_keys_and_configs_that_exist(path):
    keys = flat(settings.default("dca").to_dict())
    for script, *arguments in markdown.commands(path):
        known = flags_of(paths.ROOT / script)
        if script in ("benchmarks/utility.py", "benchmarks/eventlog.py"):
            known |= {"labels"}  # passed on to the main job
        for argument in arguments:
            name, _, value = argument.removeprefix("--").partition("=")
            if name.startswith("config.methods."):
                continue
            if name.startswith("config."):
                assert name.removeprefix("config.") in keys, argument
            else:
                assert name in known, argument
            if name == "config" and value.startswith(("configs/", "tests/")):
                assert (paths.ROOT / value).exists(), argument


def test_commands_are_found():
    found = list(markdown.commands(paths.ROOT / "docs" / "checks.md"))
    assert ["scripts/audit_privacy.py", "--output=runs/demo/audit"] in found
    assert len(found) == 4 and "--config.num_devices=500" in found[2]


def test_options_of_ray_and_extras_are_those_of_the_package():
    extras = set(re.findall(r'^        "(\w+)": ', setup_text(), re.MULTILINE))
    for path in markdown.documents():
        for names in re.findall(r"pip install \.\[([\w,]+)\]", path.read_text()):
            assert set(names.split(",")) <= extras, (path, names)


def setup_text() -> str:
    return (paths.ROOT / "setup.py").read_text()


def test_the_suite_of_the_tutorial_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in markdown.blocks(TUTORIALS / "own-parquet.md"):
        if block.file:
            path = tmp_path / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
    runpy.run_path("make_data.py")
    found = suite.load(shipped.suite("printers"))
    queries = catalog.load(found.folder / "queries")
    dry_run.check(queries["quality"], found.schema)
    described = inspect.describe(found, tmp_path / "raw")
    assert all("manifest" in text for text in described.differences)
    config = runpy.run_path("my_config.py")["get_config"]()
    assert settings.resolve(config).suite == "printers"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.name)
        for path in markdown.documents()
        if any(b.language == "python" and not b.mark for b in markdown.blocks(path))
    ],
)
def test_python_code_of_a_document_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = [b.text for b in markdown.blocks(path) if b.language == "python"]
    exec(compile("\n".join(code), str(path), "exec"), {"__name__": "__main__"})


def test_the_method_of_the_tutorial_meets_its_budget(tmp_path):
    (block,) = [b for b in markdown.blocks(TUTORIALS / "add-a-method.md") if b.file]
    path = tmp_path / "thresholded.py"
    path.write_text(block.text)
    module = runpy.run_path(str(path), run_name="thresholded")
    budget = toys.budget(1.0, 300)
    made = module["make"](module["Config"](), toys.TRIPLE, budget)
    assert 0.8 < accounting.epsilon_pld(made.event, budget.delta) <= 1.0
    devices = toys.devices(toys.TRIPLE, 300)
    fitted = made.fit(toys.KEYS, devices, toys.context())
    drawn = made.sample(jax.random.key(2), fitted, 50)
    arrays.check(toys.TRIPLE, drawn)
    assert arrays.num_devices(drawn) == 50
