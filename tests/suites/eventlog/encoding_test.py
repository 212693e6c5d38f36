"""An encoding is stated, or told by a mark; a broken character stays in its line."""

import pytest

from teledp_jax import errors
from teledp_jax.suites.eventlog import encoding

TEXT = "User ID\nzoë\n"


def read(path, stated: str) -> tuple[bytes, str]:
    with encoding.as_utf8(path, stated) as (text, name):
        found = text.read_bytes()
    assert text.exists() == (text == path)
    return found, name


@pytest.mark.parametrize(
    ("written", "stated", "name"),
    [
        ("utf-8", "UTF8", "utf-8"),
        ("utf-8-sig", "cp1252", "utf-8"),  # the mark decides
        ("utf-16", "utf-8", "utf-16-le"),
        ("utf-32", "utf-8", "utf-32-le"),
        ("utf-16-le", "utf-16-le", "utf-16-le"),
        ("utf-16-be", "UTF-16BE", "utf-16-be"),
        ("cp1252", "windows-1252", "cp1252"),
        ("latin-1", "latin1", "iso8859-1"),
    ],
)
def test_a_stated_or_marked_encoding_is_read(tmp_path, written, stated, name):
    path = tmp_path / "log.csv"
    path.write_bytes(TEXT.encode(written))
    found, used = read(path, stated)
    assert used == name
    assert found.decode("utf-8-sig") == TEXT


def test_no_byte_changes_the_encoding(tmp_path):
    path = tmp_path / "log.csv"
    content = TEXT.encode() + b"\xff\xfe\0\n" + TEXT.encode()
    path.write_bytes(content)
    assert read(path, "utf-8") == (content, "utf-8")


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("utf-16-le", b"\x00\xd8"),  # half of a pair
        ("utf-16-be", b"\xdc\x00"),
        ("utf-32-le", b"\xff\xff\xff\xff"),
        ("cp1252", b"\x81"),  # stands for nothing
    ],
)
def test_a_broken_character_breaks_its_line_only(tmp_path, monkeypatch, name, broken):
    path = tmp_path / "log.csv"
    parts = ["é\n".encode(name), broken, "\nö\n".encode(name)]
    path.write_bytes(b"".join(parts))
    for size in (3, 1 << 22):
        monkeypatch.setattr(encoding, "_BLOCK", size)
        first, odd, last, rest = read(path, name)[0].split(b"\n")
        assert (first, last, rest) == ("é".encode(), "ö".encode(), b"")
        with pytest.raises(UnicodeDecodeError):
            odd.decode()


def test_an_end_in_the_middle_of_a_character_breaks_the_last_line(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes("a\nb".encode("utf-16-le") + b"c")
    first, last = read(path, "utf-16-le")[0].split(b"\n")
    assert first == b"a" and last.startswith(b"b") and not last.isascii()


@pytest.mark.parametrize(
    "name", ["utf-7", "shift_jis", "iso2022_jp", "unicode_escape", "hex", "no"]
)
def test_an_encoding_in_which_lines_are_not_apart_is_refused(tmp_path, name):
    path = tmp_path / "log.csv"
    path.write_bytes(TEXT.encode())
    with (
        pytest.raises(errors.InputError, match="one byte per character"),
        encoding.as_utf8(path, name),
    ):
        pass
