"""Private domains from config to report, on a tiny fleet."""

import dataclasses
import pathlib
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from teledp_jax import arrays, errors, runs, schemas
from teledp_jax.data import array_files, encode, headers
from teledp_jax.job import learn as domains
from teledp_jax.job import pipeline, secrets, sections
from teledp_jax.job import settings as settings_lib
from teledp_jax.privacy import (
    accounting,
    book,
    domain,
    events,
    learnt_domain,
    ledger,
    quantiles,
)
from teledp_jax.report import page
from tests import small_jobs
from tests.small_jobs import quiet

ANCHOR = "system_sysinfo_unique_normalized"
ERRORS = "application_error_event_1000"
PRIVATE = (f"{ANCHOR}.modelvendor_normalized", ERRORS, "power_acdc_usage_v4_hist.ac_h")
NUMBERS = {f"{ERRORS}.num_errors", f"{ERRORS}.num_days", PRIVATE[-1]}
TEXTS = {PRIVATE[0], f"{ERRORS}.app_name", f"{ERRORS}.exception_code"}


def make_job(folder: pathlib.Path, **overrides) -> pipeline.Job:
    own = {
        "num_devices": 400,
        "budget.epsilon": 20.0,  # so that 400 devices have some texts in common
        "domains.private": PRIVATE,
        "domains.share": 0.5,
    }
    return small_jobs.make_job(folder, **{**own, **overrides})


@pytest.fixture(scope="module")
def aggregated(tmp_path_factory) -> pipeline.Job:
    """A job with device tables."""
    job = make_job(tmp_path_factory.mktemp("aggregated") / "run")
    with job.open():
        job.simulate(quiet)
        job.aggregate(quiet)
    return job


@pytest.fixture(scope="module")
def finished(aggregated, tmp_path_factory) -> pipeline.Job:
    folder = tmp_path_factory.mktemp("finished") / "run"
    shutil.copytree(aggregated.run.folder, folder)
    job = make_job(folder, **{"domains.presence": True, "query_answers": True})
    with job.open():
        job.encode(quiet)
        job.synthesize("independent", quiet)
        job.answer()
        page.write(job.run, job.learnt)
    return job


def test_the_ledger_of_every_label_composes_to_the_budget(finished):
    entries = runs.read_json(finished.run.ledger)
    for label, stage in (("independent", "fit"), ("query_answers", "answers")):
        parts = entries[label]["events"]
        assert [part["stage"] for part in parts] == ["count", "domains", stage]
        assert 19.9 < entries[label]["epsilon_pld"] <= 20.0
        assert entries[label]["epsilon_rdp"] > entries[label]["epsilon_pld"]
        assert "rdp_note" not in entries[label]
    total = ledger.total(entries, num_devices=400)["events"]
    assert [part["stage"] for part in total] == [
        "independent: count", "independent: domains", "independent: fit",
        "query_answers: answers",
    ]  # fmt: skip


def test_domains_cost_their_share(finished):
    saved = runs.read_json(finished.run.domains)
    event = events.from_json(saved["event"])
    assert 0.97 * 10 < accounting.epsilon_pld(event, 0.5e-5) <= 10.0
    assert saved["epsilon"] == accounting.epsilon_pld(event, saved["delta"])


def test_methods_see_what_was_learnt_and_nothing_of_the_header(finished):
    saved = runs.read_json(finished.run.domains)["domain"]
    assert set(saved["edges"]) == NUMBERS and set(saved["vocabularies"]) == TEXTS
    for table, stated in zip(
        finished.learnt.schema.tables, finished.suite.schema.tables, strict=True
    ):
        for column, before in zip(table.columns, stated.columns, strict=True):
            name = f"{table.name}.{column.name}"
            if name in NUMBERS:
                assert column.edges == tuple(saved["edges"][name]) != before.edges
                assert column.bounds == before.bounds
            elif name in TEXTS:
                assert set(column.categories) == {
                    *saved["vocabularies"][name], before.other
                }  # fmt: skip
            else:
                assert column == before
    vendors = finished.learnt.schema.anchor.column("modelvendor_normalized").categories
    assert 1 < len(vendors) < 20  # of 49 in the header
    path = finished.run.synthetic("independent") / f"{ANCHOR}.parquet"
    found = pc.unique(pq.read_table(path)["modelvendor_normalized"]).to_pylist()
    assert set(found) <= {*vendors, None} and len(found) > 1
    array_files.load(finished.run.arrays, finished.learnt.schema)


def test_the_public_ceiling_is_in_the_headers_domains(finished):
    own = pq.read_table(finished.run.public_ceiling / f"{ANCHOR}.parquet")
    vendors = set(own["modelvendor_normalized"].to_pylist())
    learnt = finished.learnt.schema.anchor.column("modelvendor_normalized")
    stated = finished.suite.schema.anchor.column("modelvendor_normalized")
    assert set(learnt.categories) < vendors <= set(stated.categories)


def test_the_ceiling_is_the_real_fleet_in_learnt_domains(finished):
    table = finished.learnt.schema.table(ERRORS)
    own = pq.read_table(finished.run.ceiling / f"{ERRORS}.parquet")
    assert set(own["app_name"].to_pylist()) <= set(table.column("app_name").categories)
    halves = [
        pq.read_metadata(finished.run.half(which) / f"{ANCHOR}.parquet").num_rows
        for which in ("first", "second")
    ]
    real = pq.read_metadata(finished.run.real / f"{ANCHOR}.parquet").num_rows
    assert sum(halves) == real


def test_the_report_says_which_columns_were_learnt_and_at_what_cost(finished):
    shown = finished.run.report.read_text()
    saved = runs.read_json(finished.run.domains)
    columns = sum(len(table.columns) for table in finished.suite.schema.tables)
    assert f"Of 6 of {columns} columns the files do not say all" in shown
    for name in NUMBERS | TEXTS:
        assert f"{name}</th>" in shown, name
    kept = saved["domain"]["vocabularies"].values()
    assert f"{sum(map(len, kept))} texts were found beside" in shown
    assert f"about {saved['devices']['1']} devices with 1 such text each" in shown
    assert "Shares of devices that have a table" in shown


def learn(job: pipeline.Job, run: runs.Run) -> learnt_domain.Domain:
    """Asks the device tables of a run folder."""
    schema = job.suite.schema
    inquiry = domains.inquire(job.settings, schema)
    domains.learn(job.settings, schema, inquiry, run, token="t")
    return learnt_domain.from_json(runs.read_json(run.domains)["domain"])


def copied(job: pipeline.Job, folder: pathlib.Path) -> runs.Run:
    """A run folder with the same device tables and nothing else."""
    run = runs.Run(folder)
    shutil.copytree(job.run.real, run.real)
    return run


def test_a_device_changes_no_metadata_but_through_noise(
    aggregated, tmp_path, monkeypatch
):
    def without_noise(seed):
        return lambda key, values, sigma: values

    monkeypatch.setattr(secrets, "noise_source", without_noise)
    before, after = (copied(aggregated, tmp_path / name) for name in "ab")
    add_device(after)
    one, two = learn(aggregated, before), learn(aggregated, after)
    assert one.vocabularies == two.vocabularies
    same = [edge in two.edges[name] for name, own in one.edges.items() for edge in own]
    assert np.mean(same) > 0.9  # equal noise on scores that differ by one at most
    for name, edges in two.edges.items():
        table, _, column = name.partition(".")
        stated = aggregated.suite.schema.table(table).column(column)
        assert set(edges) <= set(quantiles.grid(stated).tolist())
        assert edges[0] == stated.edges[0] and edges[-1] == stated.edges[-1]


def add_device(run: runs.Run) -> None:
    """Adds a device with extreme values and texts of its own, the first by its id."""
    path = run.real / f"{ANCHOR}.parquet"
    anchor = pq.read_table(path)
    extreme = {**anchor.slice(0, 1).to_pylist()[0], "guid": "+"}
    rows = [extreme | {"modelvendor_normalized": "Secret Ltd", "ram_gb": 10**15}]
    pq.write_table(
        pa.concat_tables([pa.Table.from_pylist(rows, anchor.schema), anchor]), path
    )
    path = run.real / f"{ERRORS}.parquet"
    crashes = pq.read_table(path)
    rows = [
        {"guid": "+", "app_name": f"secret{number}.exe", "num_errors": 10**12,
         "num_days": 1, "exception_code": "secret"}
        for number in range(30)
    ]  # fmt: skip
    pq.write_table(
        pa.concat_tables([pa.Table.from_pylist(rows, crashes.schema), crashes]), path
    )


def test_the_schema_is_a_function_of_the_noisy_answers_alone(
    aggregated, tmp_path, monkeypatch
):
    answers = learnt_domain.Domain(
        edges={name: (1.0, 2.0, 700.0) for name in NUMBERS},
        vocabularies={name: ("chrome.exe",) for name in TEXTS},
        open=frozenset(),
        presences={},
    )
    monkeypatch.setattr(domain, "estimate", lambda *args, **kwargs: answers)
    whole, half = (copied(aggregated, tmp_path / name) for name in "ab")
    for path in half.real.iterdir():
        table = pq.read_table(path)
        pq.write_table(table.filter(pc.less(table["guid"], "8")), path)
    found, sizes = [], []
    for run in (whole, half):
        learn(aggregated, run)
        found.append(domains.learnt(aggregated.suite.schema, run))
        sizes.append(arrays.num_devices(encode.encode(found[-1], run.real).devices))
    assert found[0] == found[1]
    assert sizes[0] > sizes[1] > 0


def test_a_run_that_goes_on_draws_nothing_twice(aggregated, tmp_path, monkeypatch):
    shutil.copytree(aggregated.run.folder, tmp_path / "run")
    lines = tmp_path / "book.jsonl"
    keys = {"book": str(lines), "data_set": "laptops", "cap_epsilon": 50.0}
    overrides = {f"budget.{key}": value for key, value in keys.items()}
    job = make_job(tmp_path / "run", seed=None, **overrides)

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(encode, "encode_columns", killed)
        with pytest.raises(KeyboardInterrupt), job.open():
            job.encode(quiet)
    entry = runs.read_json(job.run.ledger)["independent"]
    assert [part["stage"] for part in entry["events"]] == ["count", "domains"]
    learnt = job.run.domains.read_bytes()
    monkeypatch.setattr(domain, "estimate", killed)  # not to be called again
    with job.open():
        job.encode(quiet)
    count = job.run.count.read_bytes()
    shutil.rmtree(job.run.private / "stages")  # as if it was killed before its mark
    with job.open():
        job.encode(quiet)
    assert job.run.domains.read_bytes() == learnt
    assert job.run.count.read_bytes() == count
    assert not list((job.run.private / "keys").glob("*"))
    entered = lines.read_text().splitlines()
    assert len(entered) == 2 and "private domains" in entered[0]


def test_a_cap_is_refused_before_anything_is_read(aggregated, tmp_path, monkeypatch):
    def read(*args, **kwargs):
        raise AssertionError("read")

    monkeypatch.setattr(domains.values_lib, "read", read)
    owner = book.Book(
        path=tmp_path / "book.jsonl", data_set="laptops", epsilon=5.0, delta=1e-5
    )
    settings = dataclasses.replace(aggregated.settings, book=owner)
    inquiry = domains.inquire(settings, aggregated.suite.schema)
    run = runs.Run(tmp_path / "run")
    with pytest.raises(errors.InputError, match="above its cap"):
        domains.learn(settings, aggregated.suite.schema, inquiry, run, token="t")
    assert not run.domains.exists()


def test_another_share_is_learnt_anew(finished):
    other = make_job(finished.run.folder, **{"domains.share": 0.4})
    with pytest.raises(errors.InputError, match=r"stage encode .*did not finish"):
        other.synthesize("independent", quiet)


def asking(job: pipeline.Job, **changes) -> settings_lib.Settings:
    """The settings of a job, with the defaults of its section but for changes."""
    asked = sections.Domains(**settings_lib.default("dca").domains.to_dict())
    return dataclasses.replace(
        job.settings, domains=dataclasses.replace(asked, **changes)
    )


def test_names_are_found_beside_the_listed_ones(aggregated, tmp_path):
    listed = aggregated.suite.schema.table(ERRORS).column("app_name").categories
    run = copied(aggregated, tmp_path)
    path = run.real / f"{ERRORS}.parquet"
    crashes = pq.read_table(path)
    added = crashes.slice(0, 200).to_pylist()
    rows = [row | {"app_name": name} for row in added for name in ("new.exe", "")]
    rows += [added[0] | {"app_name": f"secret{number}"} for number in range(20_000)]
    pq.write_table(
        pa.concat_tables([crashes, pa.Table.from_pylist(rows, crashes.schema)]), path
    )
    fields = {"kind": "category", "values": listed, "other": "Other", "learnt": True}
    schema = with_column(aggregated, headers.column("app_name", fields, {}))
    settings = asking(aggregated, share=0.9)
    domains.learn(settings, schema, domains.inquire(settings, schema), run, token="t")
    saved = runs.read_json(run.domains)["sizes"]
    assert saved == {
        f"{ERRORS}.app_name": {
            "kind": "category", "stated": 24, "learnt": 26, "num_texts": 2,
        }
    }  # fmt: skip
    learnt = domains.learnt(schema, run)
    found = learnt.table(ERRORS).column("app_name")
    assert set(found.categories) == {*listed, "new.exe", ""}
    codes = encode.encode(learnt, run.real).devices[ERRORS].codes
    assert (codes == found.code_of("")).any()


def with_column(job: pipeline.Job, column: schemas.Column) -> schemas.Schema:
    """The schema of a job with another column of crashes under the same name."""
    schema = job.suite.schema
    old = schema.table(ERRORS)
    columns = tuple(column if one.name == column.name else one for one in old.columns)
    table = dataclasses.replace(old, columns=columns)
    tables = [table if one is old else one for one in schema.tables]
    return dataclasses.replace(schema, tables=tuple(tables))
