"""What a stage depends on, told from a copy of the package and of a suite."""

import dataclasses
import pathlib
import shutil

import pytest

from teledp_jax import runs
from teledp_jax.data import shipped
from teledp_jax.job import dependencies, provenance, settings, setup
from teledp_jax.job.dependencies import Stage
from teledp_jax.methods import histogram, pe_conditional
from teledp_jax.queries import catalog
from tests.small_jobs import make_config

STAGES = [
    Stage("simulate"), Stage("aggregate"), Stage("encode"),
    Stage("synthesize", "independent"), Stage("synthesize", "histogram"),
    Stage("answer"), Stage("evaluate"),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    """A copy of the package and of a suite, with what no suite should have."""
    folder = tmp_path_factory.mktemp("copies")
    ignore = shutil.ignore_patterns("__pycache__", "*.jinja", "*.css")
    shutil.copytree(provenance.PACKAGE, folder / "teledp_jax", ignore=ignore)
    shutil.copytree(shipped.suite("dca"), folder / "dca")
    return folder


@pytest.fixture(scope="module")
def whole(folder) -> setup.Setup:
    return setup.Setup(checked(folder), runs.Run(folder / "run"))


@pytest.fixture
def bases(folder, whole, monkeypatch):
    """Tells what each stage depends on now; what a test edits is restored."""
    monkeypatch.setattr(provenance, "PACKAGE", folder / "teledp_jax")
    paths = [path for path in folder.rglob("*") if path.is_file()]
    kept = {path: path.read_bytes() for path in paths}

    def found(**overrides) -> dict:
        own = checked(folder, **overrides)
        own = dataclasses.replace(own, methods=whole.settings.methods)
        made = dependencies.Dependencies(own, whole.suite, selected(folder))
        return {str(stage): made.of(stage) for stage in STAGES}

    yield found
    for path, content in kept.items():
        if path.read_bytes() != content:
            path.write_bytes(content)


def checked(folder: pathlib.Path, **overrides) -> settings.Settings:
    config = make_config(
        suite=str(folder / "dca"), **{"query_answers": True, **overrides}
    )
    config.methods.histogram = settings.entry(histogram.Config())
    return settings.resolve(config)


def selected(folder: pathlib.Path) -> list[catalog.Query]:
    return catalog.select(catalog.load(folder / "dca" / "queries"), ["stability"])


def add_line(path: pathlib.Path, line: str = "# a comment") -> None:
    path.write_text(f"{path.read_text()}\n{line}\n")


def changed(before: dict, after: dict) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("report/figures.py", set()),
        ("job/pipeline.py", set()),
        ("suites/hooks.py", set()),
        ("methods/pe.py", set()),
        ("evaluation/metrics.py", {"evaluate"}),
        ("methods/histogram.py", {"synthesize-histogram"}),
        ("methods/independent.py", {"synthesize-independent"}),
        ("suites/dca/battery.py", {"simulate"}),
        ("suites/eventlog/simulate.py", set()),
        ("cluster/shuffle.py", {"aggregate"}),
        ("answers/workload.py", {"answer"}),
        ("privacy/domain.py", {"encode"}),
        ("job/fit.py", {"synthesize-independent", "synthesize-histogram"}),
    ],
)
def test_code_changes_only_the_stages_that_run_the_file(folder, bases, file, stages):
    before = bases()
    add_line(folder / "teledp_jax" / file, "ADDED = 1")
    after = bases()
    assert changed(before, after) == stages
    assert all(before[name].inputs == after[name].inputs for name in before)


def test_a_comment_changes_no_stage(folder, bases):
    before = bases()
    add_line(folder / "teledp_jax/methods/histogram.py")
    assert changed(before, bases()) == set()


def test_another_rate_of_the_simulator_makes_the_fleet_again(folder, bases):
    before = bases()
    add_line(folder / "teledp_jax/suites/dca/devices.yaml")
    assert changed(before, bases()) == {"simulate"}
    assert before["aggregate"].earlier == (Stage("simulate"),)  # which follows it


def test_stray_files_neither_end_a_run_nor_count(folder, bases, tmp_path):
    before = bases(workloads=())
    suite = shutil.copytree(folder / "dca", tmp_path / "dca")
    for file, content in (
        (".DS_Store", b"\x00\x01\xff"),
        ("queries/.DS_Store", b"\x00\xff"),
        ("queries/README.md", b"# Workloads"),
        ("queries/picture.png", b"\x89PNG\xff"),
        ("device/notes.txt", "Ger\xe4tezahl".encode("latin-1")),
        ("queries/old.kept/note.md", b"a folder with a dot"),
        ("queries/stability/._query.sql", b"\x00\x05\x16\xff"),
        ("queries/.ipynb_checkpoints/query.sql", b"SELECT"),
        ("._vocabularies.yaml", b"\xff"),
    ):
        path = suite / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    own = checked(tmp_path, workloads=())
    assert own.workloads == ("intel", "stability")
    made = setup.Setup(own, runs.Run(tmp_path / "run")).dependencies
    stages = [Stage("simulate"), Stage("aggregate"), Stage("encode"), Stage("evaluate")]
    found = {str(stage): made.of(stage).inputs for stage in stages}
    names = {name for own in found.values() for name in own}
    files = [pathlib.Path(name) for name in names if "/" in name or "yaml" in name]
    assert len(files) > 100 and {path.suffix for path in files} == {".sql", ".yaml"}
    assert not [path for path in files if path.name.startswith((".", "query"))]
    assert before["simulate"].inputs.items() <= found["simulate"].items()


def test_a_method_that_asks_the_queries_depends_on_them(folder, whole):
    def inputs(tilt_share):
        config = make_config(suite=str(folder / "dca"))
        own = pe_conditional.Config(pairs=(), features=(), tilt_share=tilt_share)
        config.methods.tilted = settings.entry(own)
        checked = settings.resolve(config)
        made = dependencies.Dependencies(checked, whole.suite, selected(folder))
        return made.of(Stage("synthesize", "tilted")).inputs

    assert not [
        name for name in inputs(0.0) if name.endswith(".sql") and "queries" in name
    ]
    asked = inputs(0.5)
    assert "config.workloads" in asked
    assert [name for name in asked if name.startswith("queries/stability/")]


def test_sql_counts_where_it_is_used(folder, bases):
    before = bases()
    queries = sorted((folder / "dca/queries").glob("*/*.sql"))
    add_line(next(p for p in queries if p.parent.name == "intel"), "-- not used")
    assert bases() == before
    add_line(next(p for p in queries if p.parent.name == "stability"), "-- used")
    used = bases()
    assert changed(before, used) == {"answer", "evaluate"}
    add_line(folder / "dca/device/crashlog.sql", "-- used")
    names = {str(stage) for stage in STAGES}
    assert changed(used, bases()) == names - {"simulate"}
    assert "device/crashlog.sql" in used["encode"].inputs


def test_other_keys_of_the_config_change_what_reads_them(folder, bases):
    before = bases()
    fits = {"synthesize-independent", "synthesize-histogram"}
    for key, value, stages in (
        ("memory_limit", "2GB", set()),
        ("passes", 8, set()),
        ("buckets", "bucket", set()),
        ("temp_limit", "9GB", set()),
        ("simulation.seed", 7, {str(stage) for stage in STAGES}),
        ("budget.epsilon", 2.0, {*fits, "answer", "evaluate"}),
        ("budget.count_stddev", 9.0, {"encode", *fits, "answer", "evaluate"}),
    ):
        assert changed(before, bases(**{key: value})) == stages, key
    after = bases(**{"budget.epsilon": 2.0})["answer"].inputs
    found = {
        name for name, value in after.items() if before["answer"].inputs[name] != value
    }
    assert found == {"config.budget.epsilon"}


def test_another_default_is_code_and_no_change_of_the_config(bases, monkeypatch):
    before = bases()
    true = settings.default

    def other(suite):
        config = true(suite)
        config.budget.count_stddev = 30.0
        return config

    monkeypatch.setattr(settings, "default", other)
    after = bases(**{"budget.count_stddev": 30.0})
    assert changed(before, after) == {"encode"}
    assert before["encode"].inputs == after["encode"].inputs


def test_only_a_real_source_without_a_seed_spends(bases, tmp_path):
    (tmp_path / "raw").mkdir()
    real = {"source": str(tmp_path / "raw")}
    for overrides, spends in (
        ({"seed": None}, False), (real, False), ({**real, "seed": None}, True)
    ):  # fmt: skip
        found = bases(**overrides)
        assert found["encode"].spends == found["answer"].spends == spends
        assert found["synthesize-histogram"].spends == spends
        assert not found["aggregate"].spends and not found["evaluate"].spends
