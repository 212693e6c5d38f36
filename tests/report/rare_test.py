"""What the page says of rare events."""

from teledp_jax.report import rare, run_files


def make_event(label, value, real, ratio):
    return {
        "label": label, "table": "t", "column": "c", "value": value,
        "real_share": str(real), "synthetic_share": str(real * ratio),
        "ratio": str(ratio),
    }  # fmt: skip


def test_rare_events_are_kept_within_a_factor_of_two_or_lost():
    rows = [make_event("pe", "a", 0.01, 2.0), make_event("pe", "b", 0.02, 0.25)]
    rows += [make_event("pe", "c", 0.03, 0.0)]
    assert rare.summary(rows).rows == (("pe", "3", "1", "1", "0.25"),)
    found = rare.events(rows)
    assert found.columns == ("table", "column", "value", "real", "pe")
    assert found.rows[0] == ("t", "c", "a", "1 %", "2 %")
    assert found.rows[2] == ("t", "c", "c", "3 %", "0 %")
    assert len(rare.events(rows * 2).rows) == 3


def test_a_run_without_rare_events_has_no_figure(run, draw):
    run.rare_events.unlink()
    inputs = run_files.read(run, run.folder)
    found = rare.section(inputs, draw)
    assert found["figure"] is None and found["grid"].rows == ()
