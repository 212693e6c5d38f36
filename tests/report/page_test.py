import base64
import hashlib
import html
import html.parser
import pathlib
import re
import shutil

import pytest

from teledp_jax import runs
from teledp_jax.data import definition
from teledp_jax.report import page
from teledp_jax.studies.intel.questions import section as questions

SECTIONS = (
    "overview", "queries", "verdict", "ceiling", "summary", "promise", "questions",
    "distributions", "rare", "downstream", "quality", "assumed", "cost",
    "engineering", "reproduce",
)  # fmt: skip
EVIL = "<script>alert(1)</script>"


class Reader(html.parser.HTMLParser):
    """Collects the texts, tags, ids and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.sources: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        fields = dict(attrs)
        self.tags.append(tag)
        self.ids += [fields["id"]] if "id" in fields else []
        self.sources += [fields["src"]] if "src" in fields else []
        self.links += [fields["href"]] if "href" in fields else []

    def handle_data(self, data):
        if data.strip() and self.tags[-1] not in ("style", "script"):
            self.texts.append(data.strip())


def read(path: pathlib.Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader


def section(path: pathlib.Path, name: str) -> str:
    text = path.read_text(encoding="utf-8")
    start = text.index(f'<section id="{name}">')
    part = text[start : text.index("</section>", start)]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


def test_page_says_first_that_the_folder_is_private(written):
    texts = read(written).texts
    assert texts[1:3] == [
        "Skip to the content",
        "The whole run folder is private; only release/ may leave.",
    ]


def test_sections_stand_in_the_order_of_a_reader(written):
    ids = read(written).ids
    assert [name for name in ids if name in SECTIONS] == list(SECTIONS)


def test_page_is_self_contained_and_its_links_lead_somewhere(written):
    reader = read(written)
    assert not reader.sources  # charts are drawn in the page
    assert all(link.startswith("#") for link in reader.links)
    assert {link[1:] for link in reader.links} <= set(reader.ids)
    assert not {"link", "iframe", "img"} & set(reader.tags)
    assert reader.tags.count("script") == 1  # our own, by its hash
    text = written.read_text(encoding="utf-8")
    script = text[text.index("<script>") + 8 : text.index("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "default-src 'none'; base-uri 'none'; form-action 'none'" in text
    assert f"script-src 'sha256-{digest}'" in text


def test_text_of_data_headers_and_config_is_escaped(written):
    text = written.read_text(encoding="utf-8")
    assert EVIL not in text
    for name in ("rare", "quality", "reproduce", "queries"):
        assert "&lt;script&gt;alert(1)" in section(written, name)


def test_page_writes_itself_and_its_figures_and_nothing_else(run, suite):
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    written = page.write(run, suite)
    after = set(run.folder.rglob("*")) - set(before)
    assert written == run.report
    assert {path for path in after if run.figures not in (path, *path.parents)} == {
        run.report
    }
    assert {path.suffix for path in after - {run.report, run.figures}} == {".svg"}
    files = [path for path in before if path.is_file()]
    assert all(path.stat().st_mtime_ns == before[path] for path in files)


def test_seeded_run_is_stamped_wherever_results_stand(written, release_run, suite):
    page.write(release_run, suite, make_additions=[questions.addition])
    for name in SECTIONS[:9]:
        assert "seeded experiment, no release" in section(written, name)
    assert "seeded experiment" not in release_run.report.read_text(encoding="utf-8")


def test_promise_states_each_label_and_the_total(written):
    text = section(written, "promise")
    for part in (
        "one device with all its rows in all tables",
        "add or remove one device",
        "epsilon 4, delta 1e-05",
        "epsilon 7.2500, delta 1e-05",
        "all together",
        "3.9871",
        "4.3100",
        "RDP takes no discrete Gaussian",
        "Poisson sample (0.02) of Gaussian (noise multiplier 1.1)",
    ):
        assert part in text


def test_audits_stand_with_the_promise(run, suite, audit):
    page.write(run, suite)
    assert "No audit lies in audit/" in section(run.report, "promise")
    runs.write_json(run.audit, audit)
    text = section(page.write(run, suite), "promise")
    assert "audit_privacy.py --full" in text and "5 claims hold, 0 fail" in text
    assert "sensitivity pe, counts of sigma 3 L2 2 L2 2.5 holds" in text
    assert "DP-SGD, everyone drawn mu 1 &lt;script&gt;alert(1)" in text
    assert "Claims of these methods: 4" in text and "pe_conditional" not in text
    assert "a reused noise key x y NOT CAUGHT" in text
    assert "Faults injected" not in text
    faults = {"command": EVIL, "lines": ["9 kills, 0 files differ."], "faults": []}
    runs.write_json(run.faults, faults)
    text = section(page.write(run, suite), "promise")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; : 9 kills, 0 files differ." in text


def test_matrix_can_be_read_without_color(written):
    text = section(written, "verdict")
    assert "laptops crash most? ✗ 40 % ✓ 100 % ✓ 90 % ✓ 100 % ✓ 100 %" in text
    assert "memory do laptops have? ✗ 0 % ~ 75 % ~ 50 % ✓ 100 % ~ 75 %" in text
    assert "crash at all? ? not judged ? not judged ? not judged" in text
    assert "does best" not in text  # one run cannot tell


def test_first_screen_says_what_to_trust_in_the_words_of_the_questions(written):
    text = section(written, "overview")
    assert "each outcome is at most 53.9 times as likely (epsilon 3.9871)" in text
    assert "pe 1 to use, 1 with care, 1 cannot be told; on average 88 %" in text
    for part in (
        "✓ Answers to use: 1 Which vendors' laptops crash most? 10 of 10 answers right",
        "~ Use with care: 1 How much memory do laptops have? 3 of 4 answers right",
        "✗ Do not use: 0 None.",
        "Which rare vendors crash at all? no group has 50 devices",
        "Nothing: this run is an experiment.",
        "Questions that cannot be judged: 1.",
    ):
        assert part in html.unescape(text)


def test_query_stands_with_its_sql_and_both_results(written):
    text = section(written, "queries")
    assert "WHERE num_crashes &lt; 1000 GROUP BY vendor ORDER BY vendor" in text
    assert "Rows: real 5, dpsgd_vae 5 (5 keys in common), pe 5" in text
    assert "Dell 1,234 1,543 1,383 1,296" in text
    assert "dpsgd_vae Dell num devices 1,234 1,234 1,667 relative error 35 %" in text
    assert "✗ 0.31 (4.2\N{MULTIPLICATION SIGN})" in text


def test_assumed_columns_are_listed(written):
    text = section(written, "assumed")
    assert "sysinfo ram BIGINT memory" in text
    assert "vendor" not in text


@pytest.mark.parametrize(
    "name", ["config", "ledger", "scores", "answers", "judgement", "summary", "quality"]
)
def test_page_does_without_any_one_file(run, suite, name):
    for folder in ("real", "synthetic", "results"):
        shutil.rmtree(run.folder / folder)
    getattr(run, name).unlink()
    ids = read(page.write(run, suite, make_additions=[questions.addition])).ids
    assert [found for found in ids if found in SECTIONS] == list(SECTIONS)


def test_empty_run_folder_says_what_is_missing(tmp_path, suite):
    run = runs.Run(tmp_path / "empty")
    run.create()
    page.write(run, suite)
    for name, words in {
        "promise": "no ledger yet",
        "overview": "Nothing was judged yet",
        "verdict": "Nothing was judged yet",
        "summary": "summary.json is not there",
        "queries": "Not evaluated",
        "distributions": "The table was not read",
        "rare": "rare_events.csv is not there",
        "downstream": "downstream.csv is not there",
        "cost": "No method has run yet",
        "quality": "quality.csv is not there",
        "reproduce": "config.json is not there",
    }.items():
        assert words in section(run.report, name)


def test_a_run_without_questions_still_shows_columns_and_promises(run, suite):
    for path in (run.answers, run.judgement, run.scores, run.summary):
        path.unlink()
    shutil.rmtree(suite.folder / "queries")
    page.write(run, suite)
    assert "This run has no questions" in section(run.report, "overview")
    assert "This run has no questions" in section(run.report, "queries")
    assert "3.9871" in section(run.report, "promise")
    assert "vendor Maker of the laptop" in section(run.report, "distributions")


def test_same_files_give_the_same_page(run, suite: definition.Suite):
    first = page.write(run, suite).read_bytes()
    assert page.write(run, suite).read_bytes() == first


def test_figure_of_a_query_shows_what_most_methods_fail(run, suite):
    page.write(run, suite)
    svg = (run.figures / "query_crash_by_vendor.svg").read_text(encoding="utf-8")
    # num_devices and mean_crashes fail once each: the first in the header is shown.
    assert "num devices" in svg and "mean crashes" not in svg
    scores = runs.read_csv(run.scores)
    for row in scores:
        row["passed"] = str(row["column"] != "mean_crashes")
    runs.write_csv(run.scores, list(scores[0]), scores)
    page.write(run, suite)
    svg = (run.figures / "query_crash_by_vendor.svg").read_text(encoding="utf-8")
    assert "mean crashes" in svg
