"""Encodings are found by their bytes; a copy in UTF-8 is gone afterwards."""

import pytest

from teledp_jax import errors
from teledp_jax.suites.eventlog import encoding

TEXT = "User ID\nzoë\n"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
    ],
)
def test_an_encoding_is_found_and_read(tmp_path, written, found):
    path = tmp_path / "log.csv"
    path.write_bytes(TEXT.encode(written))
    with encoding.as_utf8(path) as (text, name):
        assert name == found
        assert text.read_text(encoding="utf-8-sig") == TEXT
        assert (text == path) == (found == "utf-8")
    assert text.exists() == (found == "utf-8")


def test_bytes_that_windows_1252_lacks_are_latin_1(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"zo\xeb\x81\n")
    assert encoding.detect(path) == "latin-1"


def test_a_character_may_lie_across_two_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding, "_CHUNK", 3)
    path = tmp_path / "log.csv"
    path.write_text("ab€abcdef", encoding="utf-8")
    assert encoding.detect(path) == "utf-8"
    path.write_bytes("ab€".encode()[:-1] + b"abc")
    assert encoding.detect(path) == "cp1252"


def test_a_broken_file_is_refused_in_one_line(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(TEXT.encode("utf-16") + b"\x00")
    with (
        pytest.raises(errors.InputError, match="save it as CSV in UTF-8"),
        encoding.as_utf8(path),
    ):
        pass
    path.write_bytes(b"")
    with pytest.raises(errors.InputError, match="is empty"):
        encoding.detect(path)
