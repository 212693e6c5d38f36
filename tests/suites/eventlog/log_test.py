"""Preprocessing of an event log: what is kept, what is rejected and why."""

import csv
import gzip

import pytest

from teledp_jax import errors
from teledp_jax.suites.eventlog import log
from tests import paths

SUITE = paths.SQL / "eventlog"
HEADER = "Product Type,Event Type,Time of Event,User ID\n"
GOOD = "A,open,2024-05-04 13:00:01,u1\n"


def preprocess(tmp_path, text, *, written="utf-8", **options):
    path = tmp_path / "log's *.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(written))
    return log.preprocess(path, tmp_path, suite_folder=SUITE, **options)


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_row_gains_date_hour_and_day_of_the_week(tmp_path):
    made = preprocess(tmp_path, HEADER + GOOD)
    assert made.events.num_rows == 1
    assert not made.rejects
    assert read(tmp_path / log.CLEAN) == [
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
        ("", "empty line"),
        ('A,open,2024-05-04 13:00:01,"', "malformed line"),
        ("A,open,2024-05-04 13:00:01,\0", "NUL byte"),
        ("A,open,2024-05-04 13:00:01,u\r2", "stray carriage return"),
        ("A,open,2024-05-04 13:00:01," + "u" * (3 << 20), "line too long"),
        ("A,open,2024-05-04 01:00:01 PM,u2", "unparseable time"),
        ("A,open,2024-05-04 13:00:01 Europe/Berlin,u2", "unparseable time"),
        ("A,open,2024-05-04 13:00:01 ?,u2", "unparseable time"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason(tmp_path, row, reason):
    made = preprocess(tmp_path, HEADER + GOOD + row + "\n" + GOOD[:-3] + "u3")
    assert made.events["user_id"].to_pylist() == ["u1", "u3"]
    assert sorted(made.users["user_id"].to_pylist()) == ["u1", "u3"]
    assert made.rejects == {reason: 1}
    (rejected,) = read(tmp_path / log.REJECTS)
    assert rejected["reason"] == reason
    assert rejected["file_row"] == "2"
    if rejected["csv_line"]:
        assert rejected["csv_line"].startswith(row[:20])
    elif row:
        assert rejected["Time of Event"] == row.split(",")[2]


def test_of_equal_rows_the_first_stays(tmp_path):
    rows = [f"A,open,2024-05-04 13:00:0{s},u{s}\n" for s in (3, 1, 3, 2, 1, 3)]
    made = preprocess(tmp_path, HEADER + "".join(rows))
    assert made.events["user_id"].to_pylist() == ["u3", "u1", "u2"]
    assert made.rejects == {"duplicated row": 3}
    rejected = read(tmp_path / log.REJECTS)
    assert [row["file_row"] for row in rejected] == ["3", "5", "6"]


def test_spaces_at_the_ends_do_not_count(tmp_path):
    made = preprocess(tmp_path, HEADER + " A,open , 2024-05-04 13:00:01 ,u1 \n" + GOOD)
    assert made.events["product_type"].to_pylist() == ["A"]
    assert made.rejects == {"duplicated row": 1}


def test_equal_rows_are_kept_on_demand(tmp_path):
    made = preprocess(tmp_path, HEADER + GOOD * 3, keep_duplicates=True)
    assert made.events.num_rows == 3
    assert not made.rejects


def test_columns_may_come_in_any_order_after_a_byte_order_mark(tmp_path):
    text = "User ID,Event Type,More,Product Type,Time of Event\nü,save,1,B,2024-07-30\n"
    made = preprocess(tmp_path, text, written="utf-8-sig")
    assert made.events["user_id"].to_pylist() == ["ü"]
    assert made.events["product_type"].to_pylist() == ["B"]


@pytest.mark.parametrize(
    ("written", "stated", "name"),
    [
        ("utf-16", "utf-8", "utf-16-le"),  # a mark tells
        ("cp1252", "cp1252", "cp1252"),
        ("utf-8", "utf-8", "utf-8"),
    ],
)
def test_a_log_in_a_stated_encoding_is_read(tmp_path, written, stated, name):
    text = HEADER + GOOD.replace("u1", "zoë")
    made = preprocess(tmp_path, text, written=written, encoding=stated)
    assert made.events["user_id"].to_pylist() == ["zoë"]
    assert made.encoding == name
    assert read(tmp_path / log.CLEAN)[0]["User ID"] == "zoë"


def test_bytes_of_another_encoding_are_rejects(tmp_path):
    text = (HEADER + GOOD).encode() + GOOD.replace("u1", "zoë").encode("cp1252")
    made = preprocess(tmp_path, text)
    assert made.events["user_id"].to_pylist() == ["u1"]
    assert made.rejects == {"broken encoding": 1}
    (rejected,) = read(tmp_path / log.REJECTS)
    assert rejected["csv_line"] == "A,open,2024-05-04 13:00:01,zo\\xeb"


def test_every_malformed_line_counts(tmp_path):
    made = preprocess(tmp_path, HEADER + GOOD + "A,open,2024-05-04,u7,extra\n" * 3000)
    assert made.rejects == {"malformed line": 3000}
    assert len(read(tmp_path / log.REJECTS)) == 3000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-04", "2024-05-04 00:00:00"),
        ("2024-05-04T13:00", "2024-05-04 13:00:00"),
        ("2024-05-04 13:00:01.123456789", "2024-05-04 13:00:01.123456"),
        ("2024-05-04T13:00:01Z", "2024-05-04 13:00:01"),
        ("2024-05-04 13:00:01+02:30", "2024-05-04 10:30:01"),
        ("2024-05-04T13:00:01-07", "2024-05-04 20:00:01"),
    ],
)
def test_a_time_with_an_offset_is_taken_to_utc(tmp_path, text, expected):
    preprocess(tmp_path, HEADER + f"A,open,{text},u1\n")
    assert read(tmp_path / log.CLEAN)[0]["Time of Event"] == expected


def test_an_id_is_what_stands_between_the_commas(tmp_path):
    ids = ['a"b', "NULL", "\N{BOM}", "\t", "'; DROP TABLE x; --", "\\N", "nan"]
    rows = "".join(f"A,open,2024-05-04 13:00:01,{name}\n" for name in ids)
    rows += 'A,open,2024-05-04 13:00:01,"x, ""y"""\n'
    made = preprocess(tmp_path, HEADER + rows)
    assert made.events["user_id"].to_pylist() == [*ids, 'x, "y"']
    with log.open_clean(tmp_path) as connection:
        found = connection.sql('SELECT "User ID" FROM log').fetchall()
    assert [row[0] for row in found] == [*ids, 'x, "y"']


@pytest.mark.parametrize(
    ("text", "written", "fault"),
    [
        ("", "utf-8", "is empty"),
        ("\n", "utf-8", "must name the columns"),
        (HEADER.replace("User ID", "User"), "utf-8", "'User ID'"),
        (HEADER.replace("User ID", "Event Type"), "utf-8", "once each"),
        (HEADER.replace(",", ";") + GOOD.replace(",", ";"), "utf-8", "commas"),
        (HEADER, "utf-8", "no row can be used"),
        (HEADER + "G,open,2024-05-04,u1\n", "utf-8", "1 unknown product"),
        (HEADER + GOOD, "utf-16-le", "needs --encoding"),
        (HEADER.replace("\n", "\r") + GOOD, "utf-8", "end with LF or CRLF"),
        (
            gzip.compress(HEADER.encode(), mtime=0),
            "",
            "compressed by gzip, not a CSV; unpack",
        ),
        (b"PAR1\x15\x04", "", "is Parquet, not a CSV"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path, text, written, fault):
    with pytest.raises(errors.InputError, match=fault) as caught:
        preprocess(tmp_path, text, written=written)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / log.CLEAN).exists()


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(errors.InputError, match="cannot be read"):
        log.preprocess(tmp_path / "absent.csv", tmp_path, suite_folder=SUITE)
    with (
        pytest.raises(errors.InputError, match="is absent"),
        log.open_clean(tmp_path),
    ):
        pass
