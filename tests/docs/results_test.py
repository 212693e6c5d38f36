"""Tables and figures of results show the recorded files, and say how old they are."""

import json
import re

import pytest

from teledp_jax.job import provenance
from tests.benchmarks import modules

origin = modules.load("origin")
result_forms = modules.load("result_forms")
table_form = modules.load("table_form")
results_tables = modules.load("results_tables")


def test_documents_and_figures_are_what_the_command_makes():
    assert results_tables.stale() == [], "run make tables"


def test_each_result_is_shown_and_each_table_has_a_result():
    names = {path.stem for path in results_tables.RESULTS.glob("*.json")}
    texts = [path.read_text() for path in results_tables.documents()]
    assert {name for text in texts for name in results_tables.shown(text)} == names


def test_a_stale_table_is_made_anew():
    text = "a\n<!-- table: adult -->\n| stale row |\n<!-- end of table -->\nb\n"
    filled = results_tables.filled(text)
    assert "stale row" not in filled and "`mst`" in filled
    assert filled.startswith("a\n") and filled.endswith("\nb\n")
    assert results_tables.filled(filled) == filled


def test_code_that_is_unchanged_is_present():
    assert origin.age(origin.of_method("pe")) == origin.PRESENT


@pytest.mark.parametrize(
    ("code", "age"),
    [
        (None, origin.BEFORE_HASHES),
        ({"modules": ["teledp_jax.methods.pe"], "hash": "other"}, origin.OLDER),
        ({"modules": ["teledp_jax.methods.gone"], "hash": "other"}, origin.OLDER),
    ],
)
def test_code_that_changed_is_older(code, age):
    assert origin.age(code) == age


def test_code_of_a_label_follows_its_method():
    methods = {"mine": {"method": "pe"}}
    expected = provenance.code_hash("teledp_jax.methods.pe")
    assert origin.of_label("mine", methods)["hash"] == expected
    for reference in ("half_sample", "ceiling", "ceiling_public", "query_answers"):
        assert origin.age(origin.of_label(reference, methods)) == origin.PRESENT


def test_a_table_marks_single_rows_that_are_older(tmp_path, monkeypatch):
    label = {"passed": {"mean": 3}, "evaluated": {"mean": 4}}
    result = {
        "command": "python benchmarks/utility.py",
        "hardware": "here",
        "num_seeds": 1,
        "methods": {
            "pe": {**label, "code": origin.of_method("pe")},
            "independent": label,
        },
    }
    (tmp_path / "utility_toy.json").write_text(json.dumps(result))
    monkeypatch.setattr(results_tables, "RESULTS", tmp_path)
    lines = results_tables.table("utility_toy").splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    assert rows[0].endswith(f"| {origin.PRESENT} |")
    assert rows[1].endswith(f"| {origin.BEFORE_HASHES} |")


def test_the_headline_is_the_share_of_answers_right_and_ties_are_called_so():
    def label(share):
        fields = {"passed": 3, "evaluated": 4, "share_right": share}
        fields |= {"queries_trusted": 1, "queries_judged": 4}
        return {name: {"mean": value, "std": 0.01} for name, value in fields.items()}

    methods = {"ceiling": label(0.9), "pe": label(0.5), "mst": label(0.25)}
    result = {"num_seeds": 2, "methods": methods, "not_beaten": ["pe"]}
    header, rows = result_forms.utility(result)
    assert header[1] == "answers right, mean share" and header[4] == "passed of 4"
    assert [row[1:4] for row in rows] == [
        ["0.900 ± 0.010", "1.0 of 4", table_form.NONE],
        ["0.500 ± 0.010", "1.0 of 4", "best"],
        ["0.250 ± 0.010", "1.0 of 4", table_form.NONE],
    ]
    _, rows = result_forms.utility(result | {"not_beaten": ["pe", "mst"]})
    assert [row[3] for row in rows] == [table_form.NONE, "tied", "tied"]


def test_a_form_is_found_by_the_longest_beginning_of_a_name():
    assert (
        result_forms.of("eventlog_preprocess_cpu2")
        is result_forms.speed_forms.eventlog_preprocess
    )
    assert result_forms.of("eventlog") is result_forms.eventlog
    with pytest.raises(KeyError):
        result_forms.of("unknown")


def test_modules_that_benchmarks_name_exist():
    named = {
        name
        for path in modules.FOLDER.glob("*.py")
        for name in re.findall(r'"(teledp_jax\.[\w.]+)"', path.read_text())
    }
    assert "teledp_jax.pe.voting" in named
    for name in named:
        assert provenance.closure(name), name
