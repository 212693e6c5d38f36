"""One user's bytes change no row of another user, from the file to the results.

A few logs run with the other tests; hundreds with
python -m pytest tests/suites/eventlog/neighbours_test.py --hypothesis-profile=long
"""

import collections

import hypothesis
import pytest
from hypothesis import strategies as st

from teledp_jax.suites.eventlog import encoding, lines, log
from tests import paths
from tests.data.malformed_test import cases

SUITE = paths.SQL / "eventlog"
HEADER = b"Product Type,Event Type,Time of Event,User ID\n"
START = b"A,open,2024-05-04 13:00:01,"
IDS = (
    b'"', b'""', b"\xff", b"\0", b"\r", b"a\rb", b'"open', b'x"', b"\xef\xbb\xbf",
    b"\xc3", b"\xe2\x82", b"\x1a", b"\x00\xd8", b"u" * 300, b"me", "mé".encode(),
)  # fmt: skip
LINES = st.one_of(
    st.sampled_from(IDS).map(lambda name: START + name),
    st.sampled_from((b"", b'"', b"\xef\xbb\xbf" + START + b"me", HEADER[:-1], b",,,")),
    st.binary(max_size=40).map(lambda text: text.replace(b"\n", b"")),
    st.binary(max_size=8).map(lambda text: START + text.replace(b"\n", b"")),
)
OTHERS = [f"user-é{n}" for n in range(6)]


def rows_of_others(path, folder, **options) -> collections.Counter:
    """Events of other users; every line is an event or a reject."""
    made = log.preprocess(path, folder, suite_folder=SUITE, **options)
    num_rejects = sum(made.rejects.values())
    with (folder / log.REJECTS).open("rb") as file:
        assert len(file.read().split(b"\n")) == num_rejects + 2
    with encoding.as_utf8(path, options.get("encoding", "utf-8")) as (text, _):
        content = text.read_bytes()
    num_lines = content.count(b"\n") + (not content.endswith(b"\n")) - 1
    assert len(made.events) + num_rejects == num_lines
    assert set(made.users["user_id"].to_pylist()) == set(
        made.events["user_id"].to_pylist()
    )
    events = [tuple(row.values()) for row in made.events.to_pylist()]
    return collections.Counter(row for row in events if row[-1] in OTHERS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("neighbours")


@hypothesis.settings(cases(4), phases=(hypothesis.Phase.generate,))
@hypothesis.given(
    own=st.lists(st.tuples(LINES, st.integers(0, 24)), min_size=1, max_size=6),
    name=st.sampled_from(("utf-8", "utf-8", "cp1252", "utf-16-le")),
    ends=st.sampled_from((b"\n", b"\r\n")),
    block=st.sampled_from((50, 1 << 24)),
)
def test_a_users_lines_change_no_others(folder, monkeypatch, own, name, ends, block):
    monkeypatch.setattr(lines, "_BLOCK", block)
    monkeypatch.setattr(lines, "LONGEST", 200)
    others = [
        f"{'ABC'[n % 3]},{'open' if n % 4 else 'error'},2024-06-{1 + n:02d},{user}"
        for n, user in enumerate(OTHERS * 4)
    ]
    body = [line.encode(name) for line in others]
    head, end = HEADER[:-1].decode().encode(name), ends.decode().encode(name)
    without = [head, *body, b""]
    with_own = list(body)
    for line, place in own:
        if name == "utf-16-le":  # lines of a file are made of its units
            line = (line + b" " * (len(line) % 2)).replace(b"\n\0", b"")
            if b"\n\0" in line or b"\n" in line:
                continue
        with_own.insert(place, line)
    path = folder / "log.csv"
    found = []
    for content in (without, [head, *with_own, b""]):
        path.write_bytes(end.join(content))
        found.append(rows_of_others(path, folder, encoding=name))
    assert found[0] == found[1]
    assert found[0].total() == len(others)


def test_a_lone_quote_and_a_broken_id_swallow_nobody(folder):
    rows = [START + f"u{n}".encode() for n in range(2000)]
    rows[100:100] = [START + b'"'] * 2 + [START + b"\xff"]
    path = folder / "log.csv"
    path.write_bytes(HEADER + b"\n".join(rows) + b"\n")
    made = log.preprocess(path, folder, suite_folder=SUITE)
    assert made.events["user_id"].to_pylist() == [f"u{n}" for n in range(2000)]
    assert made.rejects == {"malformed line": 2, "broken encoding": 1}
