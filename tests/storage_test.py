"""Source and run folder in object storage, against an S3 server of this machine."""

import pathlib
import subprocess
import sys
import threading

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
import pytest
import werkzeug.serving
from moto.moto_server import werkzeug_app

from teledp_jax import errors, runs, storage
from teledp_jax.data import parts, warehouse
from teledp_jax.job import settings
from tests import paths
from tests.small_jobs import make_config, make_job, quiet


class Failing:
    """An S3 server's application that can fail at writes, or let nobody read."""

    def __init__(self, application):
        self.application = application
        self.writes_left = None
        self.reads_left = None

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] in ("PUT", "POST") and (
            self.writes_left is not None
        ):
            self.writes_left -= 1
            if self.writes_left < 0:
                start_response("500 Internal Server Error", [("Content-Length", "0")])
                return [b""]
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") and self.reads_left is not None:
            self.reads_left -= 1
            if self.reads_left < 0:
                length = [("Content-Length", str(len(EXPIRED)))]
                start_response("400 Bad Request", length)
                return [EXPIRED if environ["REQUEST_METHOD"] == "GET" else b""]
        return self.application(environ, start_response)


EXPIRED = (
    b'<?xml version="1.0"?><Error><Code>ExpiredToken</Code>'
    b"<Message>The provided token has expired.</Message></Error>"
)


class Quiet(werkzeug.serving.WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, type, message, *args):
        del type, message, args


@pytest.fixture(scope="module")
def served():
    """An S3 server: its application and address."""
    application = Failing(
        werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
    )
    server = werkzeug.serving.make_server(
        "127.0.0.1", 0, application, threaded=True, request_handler=Quiet
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield application, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def bucket(served, monkeypatch, request):
    """An empty bucket, which the environment leads to."""
    application, endpoint = served
    application.writes_left = application.reads_left = None
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    name = f"bucket-{abs(hash(request.node.name)) % 10**8}"
    owner = pyarrow.fs.S3FileSystem(
        endpoint_override=endpoint.removeprefix("http://"),
        scheme="http",
        allow_bucket_creation=True,
    )
    owner.create_dir(name)
    return storage.Remote(f"s3://{name}")


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> runs.Run:
    """A run on this machine's disk, up to the arrays."""
    job = make_job(tmp_path_factory.mktemp("local"))
    with job.open():
        job.simulate(quiet)
        job.aggregate(quiet)
        job.encode(quiet)
    return job.run


def put(folder: pathlib.Path, remote: storage.Remote) -> None:
    storage.filesystem().create_dir(remote.key)
    pyarrow.fs.copy_files(
        str(folder),
        remote.key,
        source_filesystem=pyarrow.fs.LocalFileSystem(),
        destination_filesystem=storage.filesystem(),
    )


def tables(folder: pathlib.Path) -> dict[str, pa.Table]:
    found = {path.name: pq.read_table(path) for path in folder.glob("*.parquet")}
    assert found
    return found


def test_a_source_in_storage_gives_the_tables_of_one_on_disk(local, bucket, tmp_path):
    put(local.raw, bucket / "raw")
    job = make_job(tmp_path / "run", source=f"{bucket}/raw/")
    with job.open():
        job.aggregate(quiet)
    assert tables(job.run.real) == tables(local.real)
    assert tables(job.run.holdout) == tables(local.holdout)


def test_credentials_that_expire_in_a_pass_are_told_and_finished_passes_stay(
    local, served, bucket, tmp_path, monkeypatch
):
    put(local.raw, bucket / "raw")
    application, _ = served
    true, made = parts.reduce_partition, []

    def reduce(*arguments):
        made.append(len(made))
        application.reads_left = 0 if len(made) == 2 else None
        return true(*arguments)

    monkeypatch.setattr(parts, "reduce_partition", reduce)
    job = make_job(tmp_path / "run", source=f"{bucket}/raw", passes=3)
    with job.open(), pytest.raises(errors.InputError, match="renew the cred") as caught:
        job.aggregate(quiet)
    assert "\n" not in str(caught.value) and made == [0, 1]
    application.reads_left = None
    kept = (job.run.staging / "done/part-00000/finished.json").stat().st_mtime_ns
    with job.open():
        job.aggregate(quiet)
    assert kept and tables(job.run.real) == tables(local.real)


def test_a_cluster_reads_its_source_in_storage(local, bucket, tmp_path):
    pytest.importorskip("ray")
    put(local.raw, bucket / "raw")
    options = {"engine": "ray", "ray.num_partitions": 2, "ray.num_cpus": 2}
    job = make_job(tmp_path / "run", source=f"{bucket}/raw", **options)
    with job.open(), job.cluster():
        job.aggregate(quiet)
        job.encode(quiet)
    for folder in ("real", "holdout"):
        found, expected = (tables(getattr(run, folder)) for run in (job.run, local))
        assert found.keys() == expected.keys()
        for name, table in expected.items():
            one, other = (sorted(t.to_pylist(), key=repr) for t in (table, found[name]))
            assert one == other, name


def test_a_statement_reaches_nothing_else_in_the_storage(local, bucket, tmp_path):
    put(local.raw, bucket / "raw")
    other = sorted((bucket / "raw").rglob("*.parquet"))[0]
    with warehouse.connect(
        memory_limit="500MB", temp_folder=tmp_path, folders=(bucket / "elsewhere",)
    ) as connection:
        with pytest.raises(Exception, match="disabled by configuration"):
            warehouse.read_files(connection, [other])


def test_a_run_folder_in_storage_goes_on_on_another_machine(local, bucket, tmp_path):
    remote = bucket / "runs/one"
    for machine in ("first", "second"):
        mirror = storage.Mirror(remote, tmp_path / machine)
        job = make_job(mirror.folder, mirror, source=str(local.raw))
        with job.open():
            job.aggregate(quiet)
            job.encode(quiet)
    stored = storage.list_files(remote)
    assert {"config.json", "ledger.json", "private/stages/encode.json"} <= set(stored)
    assert not any("lock" in name or "partial" in name for name in stored)
    first, second = (runs.Run(tmp_path / name) for name in ("first", "second"))
    assert tables(first.real) == tables(second.real) == tables(local.real)
    stages = [run.private / "stages" / "aggregate.json" for run in (first, second)]
    assert stages[0].read_text() == stages[1].read_text()  # fetched, not made again
    assert second.folder.stat().st_mode & 0o777 == 0o700


def test_a_file_that_was_deleted_is_deleted_in_the_storage(bucket, tmp_path):
    mirror = storage.Mirror(bucket / "run", tmp_path)
    for name in ("key", "table"):
        (tmp_path / name).write_text(name)
    mirror.upload()
    (tmp_path / "key").unlink()
    mirror.upload()
    assert set(storage.list_files(mirror.remote)) == {"table"}


def test_keys_and_unfinished_fits_never_leave_the_machine(bucket, tmp_path):
    mirror = storage.Mirror(bucket / "run", tmp_path)
    for name in ("private/keys/pe.json", "private/fits/pe/votes_0.msgpack", "table"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    mirror.upload()
    assert set(storage.list_files(mirror.remote)) == {"table"}


@pytest.mark.parametrize("writes", [0, 7, 40])
def test_a_storage_that_fails_half_way_has_no_unfinished_stage(
    local, served, bucket, tmp_path, writes
):
    application, _ = served
    remote = bucket / "run"
    mirror = storage.Mirror(remote, tmp_path / "run")
    job = make_job(mirror.folder, mirror, source=str(local.raw))
    with job.open():
        application.writes_left = writes
        with pytest.raises(errors.InputError, match="the storage fails"):
            job.aggregate(quiet)
            job.encode(quiet)
    application.writes_left = None
    stored = set(storage.list_files(remote))
    if "private/stages/aggregate.json" in stored:
        names = {f"real/{path.name}" for path in local.real.iterdir()}
        assert names <= stored
    assert "private/stages/encode.json" not in stored
    again = make_job(mirror.folder, mirror, source=str(local.raw))
    with again.open():
        again.aggregate(quiet)
        again.encode(quiet)
    assert "private/stages/encode.json" in storage.list_files(remote)
    assert tables(again.run.real) == tables(local.real)


def test_a_changed_stage_loses_its_marker_before_its_files(local, bucket, tmp_path):
    remote = bucket / "run"
    mirror = storage.Mirror(remote, tmp_path / "run")
    job = make_job(mirror.folder, mirror, source=str(local.raw))
    with job.open():
        job.aggregate(quiet)
    empty = tmp_path / "empty"
    empty.mkdir()
    changed = make_job(mirror.folder, mirror, source=str(empty))
    with changed.open(), pytest.raises(errors.InputError, match="is missing"):
        changed.aggregate(quiet)
    assert "private/stages/aggregate.json" not in storage.list_files(remote)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("credentials", "credentials are missing; export AWS_ACCESS_KEY_ID"),
        ("bucket", "make the bucket, or correct the name"),
        ("endpoint", "check AWS_ENDPOINT_URL"),
    ],
)
def test_what_is_wrong_with_the_storage_is_said_in_one_line(
    bucket, monkeypatch, fault, text
):
    source = f"{bucket}/raw"
    if fault == "credentials":
        for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
    elif fault == "bucket":
        source = "s3://no-such-bucket-at-all/raw"
    else:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(errors.InputError, match=text) as caught:
        settings.resolve(make_config(source=source))
    assert "\n" not in str(caught.value)


def test_an_empty_folder_of_the_storage_is_no_source(bucket):
    with pytest.raises(errors.InputError, match="no such folder"):
        settings.resolve(make_config(source=f"{bucket}/nothing"))


def test_the_main_job_runs_from_storage_to_storage(local, bucket, tmp_path):
    put(local.raw, bucket / "raw")
    done = subprocess.run(
        [
            sys.executable,
            str(paths.ROOT / "scripts" / "run_benchmark.py"),
            "--config=tests/configs/tiny.py",
            f"--workdir={bucket}/runs/tiny",
            f"--config.source={bucket}/raw",
            f"--config.temp_folder={tmp_path}",
            "--config.seed=0",
        ],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"{bucket}/runs/tiny/report.html"
    stored = storage.list_files(bucket / "runs/tiny")
    assert {"report.html", "summary.json", "scores.csv"} <= set(stored)
    assert any(name.startswith("synthetic/independent/") for name in stored)
    scratch = storage.scratch(bucket / "runs/tiny", tmp_path)
    assert scratch.stat().st_mode & 0o777 == 0o700
