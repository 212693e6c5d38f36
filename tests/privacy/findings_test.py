import json

from teledp_jax.privacy import findings

GOOD = findings.Finding("bound", "pe", "0.5", "1", findings.HOLDS)
BAD = findings.Finding("bound", "aim", "2 | 3", "1", findings.FAILS)
MISSED = findings.Finding("control, by bound", "no noise", "0", "1", findings.MISSED)
SKIPPED = findings.Finding("accountant", "all", "-", "-", findings.SKIPPED)


def test_a_failed_claim_or_an_unseen_fault_is_bad():
    assert [f.is_bad for f in (GOOD, BAD, MISSED, SKIPPED)] == [
        False,
        True,
        True,
        False,
    ]
    assert findings.verdict(True) == findings.HOLDS
    assert findings.verdict(False) == findings.FAILS


def test_the_summary_counts_each_verdict():
    assert findings.summary([GOOD, GOOD, BAD, MISSED, SKIPPED]) == (
        "2 claims hold, 1 fail; 0 negative controls caught, 1 not caught; 1 not run."
    )


def test_columns_of_the_table_are_aligned():
    first, *rows = findings.table([GOOD, MISSED]).splitlines()
    where = first.index("method")
    assert rows[0][where:].startswith("pe ") and rows[1][where:].startswith("no noise")


def test_all_files_are_written_and_say_whether_it_passed(tmp_path):
    findings.write(tmp_path / "audit", [GOOD, BAD], {"command": "audit"})
    content = json.loads((tmp_path / "audit/audit.json").read_text())
    assert content["command"] == "audit" and content["passed"] is False
    assert content["findings"][1]["measured"] == "2 | 3"
    assert r"2 \| 3" in (tmp_path / "audit/audit.md").read_text()
    assert "1 fail" in (tmp_path / "audit/audit.txt").read_text()
