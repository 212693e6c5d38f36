"""Models that were trained on synthetic devices."""

from teledp_jax.report import downstream, run_files


def test_each_score_has_a_figure_and_each_task_its_rows(run, suite, draw):
    inputs = run_files.read(run, suite.folder)
    found = downstream.section(inputs, draw)
    assert [figure.svg for figure in found["figures"]] == [
        "downstream_auc",
        "downstream_f1",
    ]
    assert found["grid"].columns[:2] == ("task", "trained on")
    tasks = [row[0] for row in found["grid"].rows]
    assert tasks == ["will_crash"] * 3 + ["is_portable"] * 3


def test_without_a_task_nothing_is_drawn(run, suite, draw):
    run.downstream.unlink()
    inputs = run_files.read(run, suite.folder)
    found = downstream.section(inputs, draw)
    assert found == {"figures": [], "grid": ((), (), 0)}
