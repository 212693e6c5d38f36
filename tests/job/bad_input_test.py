"""What bad input gets: one clear line, status 2, nothing half-written."""

import pathlib
import resource
import shutil
import subprocess
import sys

import jax
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax import errors, keys, runs
from teledp_jax.data import shipped
from teledp_jax.job import pipeline, secrets
from teledp_jax.report import card
from tests import paths, scripts_in_one_process
from tests.small_jobs import make_job, quiet

CRASHES = "university_prod/crashlog"


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> pathlib.Path:
    """Raw files of a small fleet."""
    job = make_job(tmp_path_factory.mktemp("clean"))
    with job.open():
        job.simulate(quiet)
    return job.run.raw


@pytest.fixture
def raw(clean, tmp_path) -> pathlib.Path:
    """A copy of the raw files, to break."""
    return pathlib.Path(shutil.copytree(clean, tmp_path / "raw"))


def part(raw: pathlib.Path, table: str = CRASHES) -> pathlib.Path:
    return sorted((raw / table).glob("*.parquet"))[0]


def rewrite(path: pathlib.Path, change) -> None:
    pq.write_table(change(pq.read_table(path)), path)


def aggregate(raw: pathlib.Path, tmp_path: pathlib.Path, **overrides) -> pipeline.Job:
    job = make_job(tmp_path / "run", source=str(raw), **overrides)
    with job.open():
        job.aggregate(quiet)
        job.encode(quiet)
    return job


def drop_column(table: pa.Table) -> pa.Table:
    return table.drop_columns(["exit_code"])


def wrong_type(table: pa.Table) -> pa.Table:
    index = table.schema.get_field_index("exit_code")
    text = pa.array(["none"] * len(table))
    return table.set_column(index, "exit_code", text)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (lambda raw: shutil.rmtree(raw / CRASHES), "crashlog"),
        (lambda raw: rewrite(part(raw), drop_column), "exit_code"),
        (lambda raw: rewrite(part(raw), wrong_type), "exit_code"),
        (lambda raw: part(raw).write_bytes(b""), "crashlog"),
        (lambda raw: part(raw).write_bytes(part(raw).read_bytes()[:-300]), "crashlog"),
    ],
    ids=["missing table", "missing column", "wrong type", "empty", "truncated"],
)
def test_a_faulty_raw_table_is_one_line_that_names_it(raw, tmp_path, fault, text):
    fault(raw)
    with pytest.raises(errors.InputError, match=text) as caught:
        aggregate(raw, tmp_path)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "run").rglob("*.partial"))


def test_a_missing_table_may_be_allowed_and_its_queries_are_not_evaluated(
    raw, tmp_path
):
    shutil.rmtree(raw / CRASHES)
    job = aggregate(raw, tmp_path, allow_missing_tables=True)
    with job.open():
        job.synthesize("independent", quiet)
        job.evaluate(quiet)
    methods = runs.read_json(job.run.summary)["methods"]
    queries = len(list((paths.ROOT / "sql/dca/queries/stability").glob("*.sql")))
    reads = sum(
        "crashlog" in path.read_text()
        for path in (paths.ROOT / "sql/dca/queries/stability").glob("*.sql")
    )
    assert 0 < reads
    assert methods["independent"]["evaluated"] == queries - reads
    missing = runs.read_json(job.run.missing_tables)
    assert missing
    for folder in (job.run.real, job.run.synthetic("independent"), job.run.ceiling):
        released = {path.stem for path in folder.glob("*.parquet")}
        assert released == {table.name for table in job.suite.schema.tables}
        assert not released & set(missing)


def test_no_value_of_a_device_stops_a_run(raw, tmp_path):
    def spoil(table: pa.Table) -> pa.Table:
        rows = table.slice(0, 4).to_pylist()
        faults = (float("nan"), float("inf"), -1.0, 1e300)
        for row, value in zip(rows, faults, strict=True):
            row.update(avg_val=value, min_val=value, max_val=value)
        rows[0]["nrs"], rows[1]["nrs"] = -5, None
        rows.append({**rows[2], "guid": "f" * 32})
        return pa.concat_tables(
            [pa.Table.from_pylist(rows, table.schema), table.slice(4)]
        )

    rewrite(part(raw, "university_prod/power_acdc_usage_v4_hist"), spoil)
    job = aggregate(raw, tmp_path)
    assert runs.read_json(job.run.count)["num_devices"] > 0
    ids = pq.read_table(job.run.real / "power_acdc_usage_v4_hist.parquet")["guid"]
    assert "f" * 32 not in ids.to_pylist()


def test_a_stage_of_another_config_is_not_built_on(tmp_path, raw):
    job = aggregate(raw, tmp_path)
    with job.open():
        job.synthesize("independent", quiet)
        job.evaluate(quiet)
        job.report()
    assert not (job.run.folder / "release").exists()
    for override in ({"seed": None}, {"budget.count_stddev": 100.0}):
        other = make_job(tmp_path / "run", source=str(raw), **override)
        with other.open():
            with pytest.raises(errors.InputError, match=r"teledp aggregate first"):
                other.synthesize("independent", quiet)
            with pytest.raises(errors.InputError, match=r"teledp evaluate first"):
                other.report()
    assert not (job.run.folder / "release").exists()


def test_keys_of_batch_and_noise_never_leave_private(raw, tmp_path, monkeypatch):
    words = set()
    true = secrets.root_keys

    def spy(seed, path, token, *, stream):
        public, privacy = true(seed, path, token, stream=stream)
        streams = keys.split(public, privacy)
        for key in (privacy, streams.batch, streams.noise):
            words.update(np.asarray(jax.random.key_data(key)).tolist())
        hexes = np.asarray(jax.random.key_data(privacy)).tobytes().hex()
        assert hexes in path.read_text() and path.stat().st_mode & 0o777 == 0o600
        assert path.parent == tmp_path / "run" / "private" / "keys"
        return public, privacy

    monkeypatch.setattr(secrets, "root_keys", spy)
    job = aggregate(raw, tmp_path, seed=None)
    with job.open():
        job.synthesize("independent", quiet)
        card.write(job.run, "independent", job.suite.schema)
    assert len(words) == 12  # two roots, the count's and the label's, and what follows
    forms = [
        form
        for word in words
        for form in (
            word.to_bytes(4, "little"),
            word.to_bytes(4, "big"),
            word.to_bytes(4, "little").hex().encode(),
            str(word).encode(),
        )
    ]
    files = [path for path in job.run.folder.rglob("*") if path.is_file()]
    outside = [path for path in files if job.run.private not in path.parents]
    assert job.run.ledger in outside and len(outside) > 18
    for path in outside:
        content = path.read_bytes()
        # Four bytes are found by chance in a large file; both words of a key are not.
        assert sum(form in content for form in forms) < 2, path
    assert not list((job.run.private / "keys").iterdir())


def test_a_second_run_on_one_folder_is_refused(tmp_path):
    job = make_job(tmp_path / "run")
    with (
        job.open(),
        pytest.raises(errors.InputError, match="another run"),
        make_job(tmp_path / "run").open(),
    ):
        pass


def test_files_that_change_under_a_stage_stop_it(raw, tmp_path):
    job = make_job(tmp_path / "run", source=str(raw))

    def change(name):
        part(raw).touch()
        return lambda done, total, facts: None

    with job.open():
        with pytest.raises(errors.InputError, match="changed while stage aggregate"):
            job.aggregate(change)
        with pytest.raises(errors.InputError, match=r"teledp aggregate first"):
            job.synthesize("independent", quiet)
        job.aggregate(quiet)
        job.encode(quiet)
        part(raw).touch()
        with pytest.raises(errors.InputError, match=r"teledp aggregate first"):
            job.synthesize("independent", quiet)


def test_a_run_above_the_cap_of_the_book_reads_nothing(raw, tmp_path):
    book = {
        "budget.book": str(tmp_path / "book.jsonl"),
        "budget.data_set": "laptops",
        "budget.cap_epsilon": 3.9,
    }
    job = make_job(tmp_path / "run", source=str(raw), **book)
    with job.open():
        with pytest.raises(errors.InputError, match=r"above its cap.*nothing was read"):
            job.aggregate(quiet)
        assert not list(job.run.folder.rglob("*.parquet"))
    assert not (tmp_path / "book.jsonl").exists()
    book["budget.cap_epsilon"] = 4.1
    job = aggregate(raw, tmp_path, **book)
    with job.open():
        job.synthesize("independent", quiet)
    lines = (tmp_path / "book.jsonl").read_text().splitlines()
    assert len(lines) == 2  # the number of devices, the label
    assert runs.read_json(job.run.book)["epsilon"] <= 4.0
    other = make_job(tmp_path / "other", source=str(raw), **book)
    with other.open(), pytest.raises(errors.InputError, match="above its cap"):
        other.aggregate(quiet)


@pytest.mark.parametrize(
    ("statement", "text"),
    [("SELEC guid FROM crashlog", "syntax"), ("SELECT wrong", "wrong")],
)
def test_a_faulty_query_is_found_before_anything_is_read(tmp_path, statement, text):
    suite = shutil.copytree(shipped.suite("dca"), tmp_path / "dca")
    path = sorted((suite / "queries/stability").glob("*.sql"))[0]
    header = path.read_text().split("*/")[0]
    path.write_text(f"{header}*/\n{statement}\n")
    with pytest.raises(errors.InputError, match=path.name) as caught:
        make_job(tmp_path / "run", suite=str(suite))
    assert text in str(caught.value).lower()
    assert not (tmp_path / "run").exists()


def call(*flags: str, **options):
    script = str(paths.ROOT / "scripts" / "run_benchmark.py")
    return subprocess.run(
        [sys.executable, script, *flags],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        **options,
    )


FAULTY = {
    "--config.methods.independent.method=nothing": "nothing",
    "--config.wrong=1": "wrong",
    "--config.budget.epsilon=0.0": "budget.epsilon",
    "--config.budget.delta=1.0": "budget.delta",
    "--config.num_devices=many": "num_devices",
    "--labels=independent,nothing": "no ['nothing']",
    "stray": "stray",
    "--wrong=1": "wrong",
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What the main script answers to flags at fault, and its folder."""
    folder = tmp_path_factory.mktemp("answers")
    (folder / "file").write_text("")
    tiny, workdir = "--config=tests/configs/tiny.py", f"--workdir={folder}/run"
    flags = {fault: (tiny, workdir, fault) for fault in FAULTY} | {
        "help": ("--help",),
        "missing": ("--config=no/such.py", workdir),
        "unwritable": (tiny, f"--workdir={folder}/file/run"),
    }
    calls = [("run_benchmark", *each) for each in flags.values()]
    found = scripts_in_one_process.run(folder, calls)
    return dict(zip(flags, found, strict=True)), folder


@pytest.mark.parametrize("flag", FAULTY)
def test_a_faulty_flag_ends_with_status_2_and_one_line(answers, flag):
    status, _, stderr = answers[0][flag]
    assert status == 2, stderr
    assert FAULTY[flag] in stderr.splitlines()[-1]
    assert "Traceback" not in stderr
    assert not (answers[1] / "run").exists()


def test_help_shows_an_example_and_every_flag(answers):
    status, stdout, stderr = answers[0]["help"]
    assert status == 0, stderr
    assert "--config=configs/demo.py --workdir=runs/demo" in stdout
    for flag in ("--config", "--workdir", "--world", "--labels"):
        assert f"\n  {flag}" in stdout.replace("--[no]", "--")


def test_a_missing_config_ends_with_status_2(answers):
    status, _, stderr = answers[0]["missing"]
    assert status == 2, stderr
    assert "no/such.py" in stderr
    assert "Traceback" not in stderr


def test_a_workdir_that_cannot_be_written_ends_with_status_2(answers):
    status, _, stderr = answers[0]["unwritable"]
    assert status == 2, stderr
    assert "--workdir" in stderr.splitlines()[-1]


def test_a_disk_that_takes_no_more_ends_with_status_2(tmp_path):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = call(
        "--config=tests/configs/tiny.py", f"--workdir={tmp_path}/run", preexec_fn=limit
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.partial"))
