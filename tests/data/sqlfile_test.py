import pytest

from teledp_jax import errors
from teledp_jax.data import sqlfile

TEXT = "/*\nkeys: [a, b]\ncolumns: {a: first}\nrole: event\n*/\nSELECT 1\n"


def make(folder, text=TEXT):
    path = folder / "one.sql"
    path.write_text(text)
    return sqlfile.read(path)


def test_a_file_is_its_header_and_its_statement(tmp_path):
    file = make(tmp_path)
    assert file.name == "one"
    assert file.get("role") == "event"
    assert file.names("keys") == ("a", "b")
    assert file.names("within", optional=True) == ()
    assert file.mapping("columns") == {"a": "first"}
    assert file.statement == "\nSELECT 1\n"


@pytest.mark.parametrize(
    ("ask", "match"),
    [
        (lambda file: file.get("grain"), "lacks 'grain'"),
        (lambda file: file.names("within"), "lacks 'within'"),
        (lambda file: file.names("role"), "role must be a list of names"),
        (lambda file: file.mapping("keys"), "keys must be a mapping"),
        (lambda file: file.check_keys({"keys", "role"}), r"unknown header keys"),
    ],
)
def test_a_faulty_field_is_named_with_its_file(tmp_path, ask, match):
    with pytest.raises(errors.InputError, match=match) as caught:
        ask(make(tmp_path))
    assert str(tmp_path / "one.sql") in str(caught.value)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("SELECT 1", "begin it with"),
        ("/* [1, 2] */ SELECT 1", "no YAML mapping"),
        ("/* a: [ */ SELECT 1", "no YAML"),
        ("/* a: 1 */", "no statement"),
    ],
)
def test_a_file_without_header_or_statement_is_refused(tmp_path, text, match):
    with pytest.raises(errors.InputError, match=match):
        make(tmp_path, text)


def test_a_folder_gives_sql_files_only(tmp_path):
    make(tmp_path)
    (tmp_path / ".DS_Store").write_bytes(b"\0\xff")
    (tmp_path / "._one.sql").write_bytes(b"\0\xff")
    (tmp_path / "README.md").write_text("no SQL")
    (tmp_path / "old.sql").mkdir()
    assert [file.name for file in sqlfile.read_folder(tmp_path)] == ["one"]
    assert sqlfile.read_folder(tmp_path / "absent") == []
