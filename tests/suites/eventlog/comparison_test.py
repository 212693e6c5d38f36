"""Logs are read from raw and device tables; a second draw keeps users whole."""

import numpy as np
import pyarrow as pa

from teledp_jax.suites.eventlog import comparison


def events(users: list[str]) -> pa.Table:
    """Raw events of users, in which each event has a second of its own."""
    times = np.datetime64("2024-05-01", "us") + np.arange(len(users)) * 10**6
    return pa.table(
        {
            "product_type": ["A"] * len(users),
            "event_type": ["open"] * len(users),
            "event_time": times,
            "user_id": users,
        }
    )


def test_raw_events_become_seconds_since_the_first_day():
    log = comparison.from_raw(events(["u1", "u2"]))
    assert log["product"].tolist() == ["A", "A"]
    assert log["time_s"].tolist() == [0, 1]


def test_device_rows_become_events_within_their_hour():
    table = pa.table(
        {
            "user_id": ["u1", "u1", "u2", "u3"],
            # The last is what a private vocabulary pools: neither product nor type.
            "product_event": ["A/open", "Others/error", None, "Other"],
            "day": [0, 90, 3, 4],
            "hour": [0, 23, 4, 5],
        }
    )
    log = comparison.from_device_table(table, np.random.default_rng(0))
    assert log["product"].tolist() == ["A", "Others"]
    assert log["event_type"].tolist() == ["open", "error"]
    np.testing.assert_array_equal(log["time_s"] // 3600, [0, 90 * 24 + 23])


def test_a_second_draw_keeps_ordinary_users_whole():
    # Users of 1, 2 and 3 events, and one of 9 that is always in.
    users = ["a", "b", "b", "c", "c", "c", *["heavy"] * 9]
    seen = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        drawn = comparison.second_draw(rng, events(users), like=events(users))
        seconds = comparison.from_raw(drawn)["time_s"]
        times = np.bincount(seconds.astype(int), minlength=15)
        assert times[1] == times[2]
        assert times[3] == times[4] == times[5]
        assert times[0] + times[1] + times[3] == 3
        assert times[6:].sum() == 9
        seen.add(tuple(times[[0, 1, 3]]))
    assert len(seen) > 5


def test_a_heavy_user_whom_the_other_log_lacks_is_not_drawn():
    users = ["a", "b", "c", *["heavy"] * 9]
    drawn = comparison.second_draw(
        np.random.default_rng(0), events(users), like=events(["x", "y"])
    )
    assert len(drawn) == 2
    assert set(drawn["user_id"].to_pylist()) <= {"a", "b", "c"}
