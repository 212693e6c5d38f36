import pathlib

import duckdb
import pytest

from teledp_jax import errors
from teledp_jax.data import sources, sqlfile

HEADER = {
    "about": "One row a crash.",
    "role": "event",
    "device": "guid",
    "time": "ts",
    "columns": {"guid": "id", "ts": "time"},
}


def parse(
    ddl="CREATE TABLE crashes (guid VARCHAR, ts DATE)", name="crashes", **changes
):
    path = pathlib.Path(f"tiny/source/prod/{name}.sql")
    header = {**HEADER, **changes}
    with duckdb.connect() as connection:
        found = sources.parse(
            connection,
            sqlfile.SqlFile(path=path, header=header, statement=ddl),
            pathlib.Path("tiny/source"),
        )
        assert connection.execute("SHOW TABLES").fetchall() == []
    return found


def test_a_raw_table_is_what_its_ddl_makes():
    found = parse(assumed=["ts"])
    assert found.types == {"guid": "VARCHAR", "ts": "DATE"}
    assert (found.folder, found.name, found.device) == ("prod", "crashes", "guid")
    assert found.assumed == {"ts"}
    assert found.empty().column_names == ["guid", "ts"]
    assert len(found.empty()) == 0


@pytest.mark.parametrize(
    ("ddl", "text"),
    [
        ("CREATE TABLE other (guid VARCHAR, ts DATE)", "expected one CREATE TABLE"),
        ("SELECT 1", "found SELECT"),
        ("COMMIT; CREATE TABLE crashes (guid VARCHAR)", "found TRANSACTION, CREATE"),
        ("CREATE TABLE crashes (guid TEXT)", "differ in"),
        ("CREATE TABLE crashes (ts DATE, guid TEXT)", "the order"),
        ("CREATE TABLE crashes (guid NOTYPE)", "expected one CREATE TABLE"),
    ],
)
def test_a_faulty_ddl_is_named(ddl, text):
    with pytest.raises(errors.InputError, match=text) as caught:
        parse(ddl)
    assert "crashes.sql" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"role": ["event"]}, "none of devices, event, public"),
        ({"device": ["guid"]}, "device must be a column"),
        ({"device": None}, "name the id column"),
        ({"role": "public"}, "unless the role is public"),
        ({"time": "guid"}, "use DATE or TIMESTAMP"),
        ({"time": "when"}, "lacks the columns"),
        ({"name": "a.b", "ddl": 'CREATE TABLE "a.b" (guid TEXT, ts DATE)'}, "no dot"),
    ],
)
def test_a_faulty_header_is_named(changes, text):
    with pytest.raises(errors.InputError, match=text):
        parse(**changes)
