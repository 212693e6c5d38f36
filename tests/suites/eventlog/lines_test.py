"""Lines are read one by one, whatever bytes stand in the others."""

import random
from collections import Counter

import hypothesis
import pytest
from hypothesis import strategies as st

from teledp_jax.suites.eventlog import lines
from tests.data.malformed_test import cases
from tests.suites.eventlog import log_run

HEADER = b"a,b,c\n"
ODD = (
    b'"', b'"x,y",z,1', b'"x""y",z,1', b'1,2,"open', b'"a"b,2,3', b'1,2"3,4', b"1,2,3",
    b"1,2,3\r", b"1,\r2,3", b"1,\0,3", b"", b"\r", b",,", b"1,2", b"1,2,3,4",
    b"1,\xff,3", b"\xef\xbb\xbf1,2,3", b"\xef\xbb\xbf", "ö,€,3".encode(), b"\xe2\x82",
    b" 1 , 2 ,3 ",    b"x" * 70 + b",2,3", b'"' + b"y" * 70,
)  # fmt: skip


def read(path, content: bytes, *, end: bytes = b"\n") -> list[tuple]:
    """Rows of a file with a header of three columns, of which two are read."""
    path.write_bytes(HEADER + content + (end if content else b""))
    rows = []
    for block in lines.blocks(path, [2, 0], 3):
        assert block.column_names == ["file_row", "0", "1", "fault", "line_text"]
        rows += [tuple(row.values()) for row in block.to_pylist()]
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    return [row[1:] for row in rows]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("lines") / "log.csv"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"1,2,3", ["1", "2", "3"]),
        (b',"",', ["", "", ""]),
        (b'"x,y","a""b",3', ["x,y", 'a"b', "3"]),
        (b'1,2"3,4', ["1", '2"3', "4"]),
        (b'1,2,"open', None),
        (b'1,2,"', None),
        (b'"a"b,2,3', None),
        (b'""""', ['"']),
    ],
)
def test_a_line_splits_at_its_commas_and_closes_its_quotes(line, expected):
    found = lines.split(line)
    assert expected == (found and [field.decode() for field in found])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"", lines.EMPTY),
        (b"1,2", lines.MALFORMED),
        (b"1,2,3,4", lines.MALFORMED),
        (b'1,2,"', lines.MALFORMED),
        (b"1,2,\0", lines.NUL_BYTE),
        (b"1,\r2,3", lines.STRAY_CR),
        (b"1,2,3\r\r", lines.STRAY_CR),
        (b"1,2,\xff", lines.BROKEN),
        (b"1,2," + b"x" * lines.LONGEST, lines.TOO_LONG),
    ],
)
def test_a_fault_is_of_its_line_only(path, line, fault):
    good = ("3", "1", None, None)
    first, odd, last = read(path, b"1,2,3\n" + line + b"\r\n1,2,3")
    assert first == last == good
    assert odd[:3] == (None, None, fault)
    assert "\n" not in odd[3] and "\r" not in odd[3] and "\0" not in odd[3]


def test_what_is_shown_of_a_long_line_is_short(path):
    ((*_, text),) = read(path, b"y" * (3 << 20))
    assert text.startswith("yyy") and len(text) < 1100
    ((*_, text),) = read(path, b"1,\x00\xff,3")
    assert text == "1,\\x00\\xff,3"


def test_a_last_line_needs_no_end_and_an_end_makes_no_line(path):
    assert len(read(path, b"1,2,3\n1,2,3", end=b"")) == 2
    assert len(read(path, b"1,2,3\n1,2,3", end=b"\n")) == 2
    assert len(read(path, b"1,2,3\n1,2,3", end=b"\n\n")) == 3
    assert read(path, b"") == []


CONTENTS = st.lists(
    st.one_of(
        st.sampled_from(ODD),
        st.just(b"1,2,3"),
        st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"")),
        st.text(alphabet='x",é\r\0', max_size=8).map(lambda text: text.encode()),
    ),
    max_size=12,
)


@hypothesis.settings(cases(1), phases=(hypothesis.Phase.generate,))
@hypothesis.given(
    content=CONTENTS,
    block=st.sampled_from((1, 7, 64, 1 << 24)),
    ends=st.sampled_from((b"\n", b"\r\n")),
)
def test_a_file_reads_as_its_lines_do(path, monkeypatch, content, block, ends):
    monkeypatch.setattr(lines, "_BLOCK", block)
    monkeypatch.setattr(lines, "LONGEST", 60)
    found = read(path, ends.join(content), end=ends if content else b"")
    if content == [b""]:
        content = []
    alone = [lines._odd(line.removesuffix(b"\r"), [2, 0], 3) for line in content]
    if ends == b"\r\n":
        alone = [lines._odd(line, [2, 0], 3) for line in content]
    for one, other, line in zip(found, alone, content, strict=True):
        assert one[:3] == other[:3]
        if len(line) <= 60:
            assert one == other


def test_the_first_line_names_the_columns(path):
    for head, names in (
        (b"\xef\xbb\xbfa,b\r\n", ["a", "b"]),
        (b'"a,b",c\n', ["a,b", "c"]),
        (b"a,b", ["a", "b"]),
        (b"", [""]),
        (b'"a\n', None),
        (b"\xff\n", None),
    ):
        path.write_bytes(head)
        assert lines.header(path) == names


def test_lines_read_as_another_parser_reads_each_by_itself(path):
    tried = sum(
        (log_run.check_lines(path, random.Random(n)) for n in range(8)), Counter()
    )
    assert 0 < tried["rejects"] < tried["lines"]
