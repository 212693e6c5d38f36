"""Preprocessing of an event log: what is kept, what is rejected and why."""

import csv
import pathlib

import numpy as np
import pyarrow as pa
import pytest

from teledp_jax import errors
from teledp_jax.data import eventlog

SUITE = pathlib.Path(__file__).parents[2] / "sql" / "eventlog"
HEADER = "Product Type,Event Type,Time of Event,User ID\n"
GOOD = "A,open,2024-05-04 13:00:01,u1\n"


def preprocess(tmp_path, text, *, encoding="utf-8", **options):
    path = tmp_path / "log's *.csv"
    path.write_bytes(text.encode(encoding))
    return eventlog.preprocess(path, tmp_path, suite_folder=SUITE, **options)


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_row_gains_date_hour_and_day_of_the_week(tmp_path):
    events, rejects = preprocess(tmp_path, HEADER + GOOD)
    assert events.num_rows == 1
    assert not rejects
    assert read(tmp_path / eventlog.CLEAN) == [
        {
            "Product Type": "A",
            "Event Type": "open",
            "Time of Event": "2024-05-04 13:00:01",
            "event_date": "2024-05-04",
            "event_hour": "13",
            "event_dow": "5",
            "is_weekend": "1",
            "User ID": "u1",
        }
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("G,open,2024-05-04 13:00:01,u2", "unknown product"),
        (",open,2024-05-04 13:00:01,u2", "unknown product"),
        ("A,crash,2024-05-04 13:00:01,u2", "unknown event type"),
        ("A,open,yesterday,u2", "unparseable time"),
        ("A,open,,u2", "unparseable time"),
        ("A,open,2024-04-30 23:59:59,u2", "time out of range"),
        ("A,open,2024-07-31 00:00:00,u2", "time out of range"),
        ("A,open,2024-05-04 13:00:01,", "empty user"),
        ('A,open,2024-05-04 13:00:01,"  "', "empty user"),
        ("A,open,2024-05-04 13:00:01,u1", "duplicated row"),
        ("A,open,2024-05-04 13:00:01,u2,more", "malformed line"),
        ("A,open", "malformed line"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason(tmp_path, row, reason):
    events, rejects = preprocess(
        tmp_path, HEADER + GOOD + row + "\n" + GOOD[:-3] + "u3"
    )
    assert events["user_id"].to_pylist() == ["u1", "u3"]
    assert rejects == {reason: 1}
    (rejected,) = read(tmp_path / eventlog.REJECTS)
    assert rejected["reason"] == reason


def test_equal_rows_are_kept_on_demand(tmp_path):
    events, rejects = preprocess(tmp_path, HEADER + GOOD * 3, keep_duplicates=True)
    assert events.num_rows == 3
    assert not rejects


def test_columns_may_come_in_any_order_after_a_byte_order_mark(tmp_path):
    text = "User ID,Event Type,More,Product Type,Time of Event\nü,save,1,B,2024-07-30\n"
    events, _ = preprocess(tmp_path, text, encoding="utf-8-sig")
    assert events["user_id"].to_pylist() == ["ü"]
    assert events["product_type"].to_pylist() == ["B"]


@pytest.mark.parametrize(
    ("text", "encoding", "fault"),
    [
        ("", "utf-8", "is empty"),
        ("\n", "utf-8", "must name the columns"),
        (HEADER.replace("User ID", "User"), "utf-8", "'User ID'"),
        (HEADER.replace("User ID", "Event Type"), "utf-8", "once each"),
        (HEADER.replace(",", ";") + GOOD.replace(",", ";"), "utf-8", "commas"),
        (HEADER + GOOD.replace("u1", "ü"), "latin-1", "no UTF-8"),
        (HEADER + GOOD, "utf-16", "no UTF-8"),
        (HEADER, "utf-8", "no row can be used"),
        (HEADER + "G,open,2024-05-04,u1\n", "utf-8", "no row can be used"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path, text, encoding, fault):
    with pytest.raises(errors.InputError, match=fault) as caught:
        preprocess(tmp_path, text, encoding=encoding)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / eventlog.CLEAN).exists()


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(errors.InputError, match="cannot be read"):
        eventlog.preprocess(tmp_path / "absent.csv", tmp_path, suite_folder=SUITE)
    with (
        pytest.raises(errors.InputError, match="is absent"),
        eventlog.open_clean(tmp_path),
    ):
        pass


def test_device_rows_become_events_within_their_hour():
    table = pa.table(
        {
            "user_id": ["u1", "u1", "u2"],
            "product_event": ["A/open", "Others/error", None],
            "day": [0, 90, 3],
            "hour": [0, 23, 4],
        }
    )
    log = eventlog.from_device_table(table, np.random.default_rng(0))
    assert log["product"].tolist() == ["A", "Others"]
    assert log["event_type"].tolist() == ["open", "error"]
    np.testing.assert_array_equal(log["time_s"] // 3600, [0, 90 * 24 + 23])


def test_a_second_draw_keeps_users_whole():
    table = pa.table({"user_id": ["u1"] * 2 + ["u2"] * 3, "day": [1, 2, 3, 4, 5]})
    seen = set()
    for seed in range(20):
        drawn = eventlog.second_draw(table, 2, np.random.default_rng(seed))
        days = drawn["day"].to_pylist()
        num_first, num_second = days.count(1), days.count(3)
        assert (days.count(2), days.count(4), days.count(5)) == (
            num_first, num_second, num_second,
        )  # fmt: skip
        assert num_first + num_second == 2
        seen.add(num_first)
    assert seen == {0, 1, 2}


def test_only_events_of_the_named_users_are_read():
    events, times = (
        ["A", "B"],
        np.array(["2024-05-01T00:00:01", "2024-05-02"], "M8[us]"),
    )
    raw = pa.table(
        {"product_type": events, "event_type": ["open", "save"], "event_time": times,
         "user_id": ["u1", "u2"]}
    )  # fmt: skip
    log = eventlog.from_raw(raw, pa.chunked_array([["u2", "u3"]]))
    assert log["product"].tolist() == ["B"]
    assert log["time_s"].tolist() == [86400]
