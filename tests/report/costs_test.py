"""Time and memory of methods."""

from teledp_jax.report import costs, run_files, texts


def test_costs_stand_by_label_with_their_units(run, suite, draw):
    inputs = run_files.read(run, suite.folder)
    found = costs.costs(inputs, draw)
    rows = {row[0]: row[1:] for row in found["grid"].rows}
    assert rows["dpsgd_vae"] == ("2.5 min", "3.2 s", "0.4 s", "1.4 GiB", texts.NOTHING)
    assert found["facts"]["pe"] == {"noise multiplier": "1.1", "num steps": "100"}
    assert found["figure"].svg == "cost"
