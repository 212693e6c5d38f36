"""Figures of an event log."""

import datetime

from teledp_jax.suites.eventlog import figures


def test_each_figure_is_a_png(tmp_path):
    written = figures.write(
        tmp_path,
        types=[{"Event Type": "open", "event_count": 3, "percentage": 100.0}],
        products=[{"Product Type": "A", "event_count": 3, "percentage": 100.0}],
        days=[
            {"event_date": datetime.date(2024, 5, day), "event_count": day}
            for day in (1, 2, 3)
        ],
        rates=[
            {"Product Type": "A", "Error Rate": 0.02, "Error Rate Z-Score": -1.0},
            {"Product Type": "B", "Error Rate": 0.04, "Error Rate Z-Score": 1.0},
        ],
    )
    assert len(written) == 5
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)
