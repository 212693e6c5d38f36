"""Which findings of an audit concern which methods."""

from teledp_jax.report import audits


def test_a_method_has_its_own_findings_and_those_of_what_it_is_made_of(audit):
    found = audits.section(audit, {"pe"})
    assert [row[0] for row in found["claims"].rows] == [
        "metadata", "sensitivity", "accountant",
    ]  # fmt: skip
    assert len(found["controls"].rows) == 2
    trained = audits.section(audit, {"dpsgd_vae"})
    assert ("worst case of a step", "DP-SGD, everyone drawn") in [
        row[:2] for row in trained["claims"].rows
    ]


def test_a_card_counts_the_faults_that_were_caught(audit):
    card = audits.for_card(audit, "pe")
    assert (card["controls_planted"], card["controls_caught"]) == (2, 1)
    assert {row["method"] for row in card["findings"]} == {
        "pe", "pe, counts of sigma 3", "RDP against PLD",
    }  # fmt: skip


def test_without_an_audit_there_is_nothing_to_show():
    assert audits.section({}, {"pe"}) == {}
    assert audits.for_card({}, "pe") is None
