"""Days that tables cover."""

import datetime

from teledp_jax.suites.dca import windows


def test_all_tables_end_on_the_same_day_and_some_begin_late():
    ends = set()
    for table, days in (
        ("crashlog", 91),
        ("userwait_v2", 730),
        ("hw_metric_stats/C0", 730),
    ):
        window = windows.of(table)
        assert window.days == days
        start = datetime.datetime.fromtimestamp(window.start, datetime.UTC)
        assert start.time() == datetime.time(0)
        ends.add(start.date() + datetime.timedelta(days=days - 1))
    assert ends == {datetime.date(2024, 12, 28)}
