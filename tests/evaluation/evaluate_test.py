import pyarrow.parquet as pq
import pytest

from teledp_jax import errors, runs
from teledp_jax.evaluation import compare, evaluate
from tests.queries import fleet


@pytest.fixture
def run(tmp_path):
    """A run with both halves, the ceiling, a good label and one that has no apps."""
    run = runs.Run(tmp_path / "run")
    run.create()
    for folder in (
        run.real, run.half("first"), run.ceiling, run.holdout, run.synthetic("good"),
    ):  # fmt: skip
        fleet.write_usual(folder)
    fleet.write(
        run.half("second"),
        countries=["DE", "US"],
        crashes={0: 3, 1: 4},
        apps=[(0, "a", 3), (0, "b", 2), (1, "c", 1)],
    )
    fleet.write(
        run.synthetic("poor"), countries=["DE", "US"], crashes={0: 9, 1: 30}, apps=[]
    )
    entry = {"epsilon_pld": 1.5, "delta": 1e-6}
    runs.write_json(run.ledger, {"good": entry, "poor": entry})
    runs.write_json(run.cost("good"), {"fit_seconds": 2.5, "facts": {"steps": 3}})
    return run


def score(run, suite, labels=("good", "poor"), min_devices=1, **options):
    evaluate.evaluate(
        run, suite, ["stability"], labels, min_devices=min_devices, **options
    )
    return runs.read_json(run.summary)["methods"]


def test_every_file_is_written(run, tmp_path):
    score(run, fleet.suite(tmp_path / "suite"))
    for label in ("real", "half_sample", "ceiling", "good", "poor"):
        assert (run.results(label) / "top_apps.csv").exists()
    assert (run.half_reference / "top_apps.csv").exists()
    rows = runs.read_csv(run.scores)
    assert tuple(rows[0]) == compare.COLUMNS
    assert {row["label"] for row in rows} == {"half_sample", "ceiling", "good", "poor"}
    assert len(runs.read_csv(run.statistics)) == 5 * 5
    assert len(runs.read_csv(run.downstream)) == 5 * 3
    assert runs.read_csv(run.rare_events) == []


def test_tables_in_parts_are_evaluated_as_whole_ones(run, tmp_path):
    suite = fleet.suite(tmp_path / "suite")
    written = ("scores", "statistics", "downstream", "rare_events")

    def found():
        score(run, suite)
        return [runs.read_csv(getattr(run, name)) for name in written]

    whole = found()
    for folder in (
        run.real, run.half("first"), run.half("second"), run.ceiling, run.holdout,
    ):  # fmt: skip
        for file in folder.glob("*.parquet"):
            rows = pq.read_table(file)
            file.unlink()
            file.mkdir()
            cut = len(rows) // 2
            pq.write_table(rows.slice(0, cut), file / "part-00000.parquet")
            pq.write_table(rows.slice(cut), file / "part-00001.parquet")
    assert found() == whole


def test_summary_follows_the_contract(run, tmp_path):
    methods = score(run, fleet.suite(tmp_path / "suite"))
    good, poor, half = methods["good"], methods["poor"], methods["half_sample"]
    assert (good["epsilon"], good["delta"]) == (1.5, 1e-6)
    assert good["fit_seconds"] == 2.5 and good["facts"] == {"steps": 3}
    assert half["epsilon"] is None and methods["ceiling"]["epsilon"] is None
    assert good["evaluated"] == good["passed"] == good["passed_corrected"] == 2
    assert good["mean_score"] == good["mean_score_corrected"] == 1.0
    # Coverage 1; devices 1/2 and 0, median 1/4, passes; crashes 2 and 4, median 3,
    # fails. The ranking is empty.
    assert poor["evaluated"] == 2 and poor["passed"] == 1
    assert poor["mean_score"] == pytest.approx((2 / 3 + 0) / 2)
    assert poor["passed_corrected"] == 1
    assert half["median_normalized_error"] == 1.0


def judged(run, label):
    """Rows of `judgement.csv` of a label, by query."""
    rows = runs.read_csv(run.judgement)
    return {row["query"]: row for row in rows if row["label"] == label}


def test_summary_states_the_share_of_answers_right(run, tmp_path):
    methods = score(run, fleet.suite(tmp_path / "suite"))
    good, poor = methods["good"], methods["poor"]
    # Two countries with two values each, and three apps.
    assert good["answers"] == poor["answers"] == 7
    assert good["share_right"] == 1.0 and good["queries_trusted"] == 2
    assert (good["median_error"], good["p90_error"]) == (0.0, 0.0)
    # DE: 1 device for 2, 9 crashes for 3; US: 1 for 1, 30 for 6; no app at all.
    assert poor["share_right"] == pytest.approx((1 / 4 + 0) / 2)
    assert poor["queries_judged"] == 2 and poor["queries_trusted"] == 0
    assert poor["median_error"] == 4.0 and poor["p90_error"] == "inf"
    assert methods["half_sample"]["answers"] == 7


def test_a_fit_without_noise_stands_beside_the_method(run, tmp_path):
    fleet.write_usual(run.noiseless("poor"))
    suite = fleet.suite(tmp_path / "suite")
    methods = score(run, suite, noiseless=["poor"])
    assert methods["poor"]["share_right"] < 0.2
    assert methods["poor"]["noiseless"]["share_right"] == 1.0
    assert methods["poor"]["noiseless"]["answers"] == 7
    assert "noiseless" not in methods["good"] and "poor+noiseless" not in methods
    assert judged(run, "poor+noiseless")["top_apps"]["share_right"] == "1.0"


def test_methods_are_compared_query_by_query(run, tmp_path):
    score(run, fleet.suite(tmp_path / "suite"))
    (row,) = runs.read_csv(run.judgement.with_name("comparisons.csv"))
    assert (row["label"], row["other"], row["queries"]) == ("good", "poor", "2")
    # 1 and 1 right against 1/4 and 0.
    assert float(row["difference"]) == 0.875 and row["verdict"] == "better"


def test_a_query_says_what_is_lost_and_why_it_is_not_judged(run, tmp_path):
    suite = fleet.suite(tmp_path / "suite")
    score(run, suite)
    apps = judged(run, "poor")["top_apps"]
    assert apps["groups_lost"] == "3" and apps["coverage"] == "0.0"
    assert apps["trusted"] == "False" and apps["note"] == ""
    # Only Germany has two devices with crashes.
    score(run, suite, min_devices=2)
    assert judged(run, "good")["crashes_by_country"]["num_answers"] == "2"
    rows = [row for row in runs.read_csv(run.answers) if row["label"] == "good"]
    assert {row["group_key"] for row in rows if row["query"] != "top_apps"} == {
        '{"country": "DE"}'
    }
    score(run, suite, min_devices=3)
    apps = judged(run, "good")["top_apps"]
    assert apps["num_answers"] == "0" and apps["note"] == "no group has 3 devices"
    assert apps["trusted"] == "" == apps["share_right"]


def test_the_error_of_the_halves_stands_beside_each_answer(run, tmp_path):
    score(run, fleet.suite(tmp_path / "suite"))
    rows = [row for row in runs.read_csv(run.answers) if row["label"] == "poor"]
    found = {(row["column"], row["group_key"]): row for row in rows}
    row = found["mean_crashes", '{"country": "US"}']
    assert (row["real"], row["synthetic"], row["devices"]) == ("6.0", "30.0", "1")
    assert (row["error"], row["right"]) == ("4.0", "False")
    assert float(row["half_sample"]) == pytest.approx(1 / 3)  # 4 for 6


def test_half_sample_is_held_to_the_first_half(run, tmp_path):
    score(run, fleet.suite(tmp_path / "suite"))
    found = {
        row["column"]: row
        for row in runs.read_csv(run.scores)
        if row["label"] == "half_sample" and row["query"] == "crashes_by_country"
    }
    # DE: 3 against 3 crashes; US: 4 against 6.
    assert float(found["mean_crashes"]["value"]) == pytest.approx(1 / 6)
    assert found["mean_crashes"]["half_sample"] == found["mean_crashes"]["value"]


def test_missing_tables_are_an_error_or_leave_queries_out(run, tmp_path):
    suite = fleet.suite(tmp_path / "suite")
    for folder in tmp_path.rglob("crashes.parquet"):
        folder.unlink()
    with pytest.raises(errors.InputError, match=r"lacks crashes.parquet"):
        score(run, suite)
    methods = score(run, suite, missing_tables=["crashes"])
    assert methods["good"]["evaluated"] == 1
    assert methods["good"]["mean_score"] == 1.0
    assert methods["good"]["mean_score_corrected"] == 0.5
    assert methods["good"]["not_evaluated"] == ["crashes_by_country"]


def test_a_syntax_error_stops_before_anything_is_written(run, tmp_path):
    suite = fleet.suite(
        tmp_path / "suite", broken=fleet.TOP_APPS.replace("GROUP", "GRUOP")
    )
    with pytest.raises(errors.InputError, match=r"broken.sql: does not run"):
        score(run, suite)
    assert not run.results("real").exists()


def test_a_label_without_tables_is_refused(run, tmp_path):
    with pytest.raises(errors.InputError, match="label lost has no tables"):
        score(run, fleet.suite(tmp_path / "suite"), ["lost"])


def test_answers_without_synthetic_data_are_scored(run, tmp_path):
    suite = fleet.suite(tmp_path / "suite")
    runs.write_csv(
        run.results("query_answers") / "crashes_by_country.csv",
        ["country", "num_devices", "mean_crashes"],
        [
            {"country": "DE", "num_devices": 2.0, "mean_crashes": 3.1},
            {"country": "US", "num_devices": 1.0, "mean_crashes": 5.8},
        ],
    )
    methods = score(run, suite, ["query_answers"])
    answers = methods["query_answers"]
    assert answers["evaluated"] == answers["passed"] == 1
    assert answers["passed_corrected"] == 1 and answers["mean_score_corrected"] == 0.5
    folder = suite.folder / "queries"
    (folder / "unseen").mkdir()
    (folder / "stability" / "top_apps.sql").rename(folder / "unseen" / "top_apps.sql")
    methods = score(run, suite, ["query_answers"], unseen=["unseen"])
    assert "unseen" in methods["half_sample"]
    assert "unseen" not in methods["query_answers"]  # it has no tables to ask


def test_progress_ends_at_its_total(run, tmp_path):
    steps = []
    score(
        run,
        fleet.suite(tmp_path / "suite"),
        progress=lambda done, total: steps.append((done, total)),
    )
    assert [done for done, _ in steps] == list(range(1, len(steps) + 1))
    assert steps[-1][0] == steps[-1][1]


def test_without_halves_holdout_or_ceiling_the_rest_is_scored(tmp_path):
    run = runs.Run(tmp_path / "run")
    for folder in (run.real, run.synthetic("good")):
        fleet.write_usual(folder)
    methods = score(run, fleet.suite(tmp_path / "suite"), ["good"])
    assert list(methods) == ["good"]
    assert methods["good"]["median_normalized_error"] is None
    assert runs.read_csv(run.downstream) == []


def test_queries_that_no_method_was_told_of_are_summarized_apart(run, tmp_path):
    suite = fleet.suite(tmp_path / "suite")
    queries = suite.folder / "queries"
    before = score(run, suite)["poor"]
    told = (queries / "stability" / "top_apps.sql").read_text()
    (queries / "unseen").mkdir()
    (queries / "unseen" / "same_apps.sql").write_text(told)
    after = score(run, suite, unseen=("unseen",))
    apart = after["poor"].pop("unseen")
    assert after["poor"] == before
    assert apart["evaluated"] == 1 and apart["passed"] == 0
    assert apart["answers"] > 0 and apart["share_right"] == 0
    assert after["good"]["unseen"]["share_right"] == 1
    assert {row["workload"] for row in runs.read_csv(run.judgement)} == {
        "stability",
        "unseen",
    }
