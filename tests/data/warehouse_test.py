import datetime
import hashlib

import duckdb
import pytest
from duckdb import ColumnExpression

from teledp_jax import errors
from teledp_jax.data import warehouse


def test_a_connection_keeps_its_settings(tmp_path):
    folder = tmp_path / 'it\'s "temp"'
    with warehouse.connect(
        memory_limit="400MB", temp_folder=folder, threads=1
    ) as connection:
        rows = connection.sql(
            "SELECT current_setting('memory_limit'), "
            "current_setting('temp_directory'), "
            "current_setting('threads'), "
            "current_setting('preserve_insertion_order')"
        ).fetchall()
    assert rows == [("286.1 MiB", str(folder), 1, False)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('{other}')",
        "COPY (SELECT 1) TO '{other}'",
        "ATTACH '{other}'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SELECT * FROM read_csv('{folder}/../other.csv')",
    ],
)
def test_a_statement_reaches_the_named_folders_alone(tmp_path, statement):
    folder, other = tmp_path / "[it's]", tmp_path / "other.csv"
    folder.mkdir()
    other.write_text("a\n1\n")
    with warehouse.connect(
        memory_limit="400MB", temp_folder=tmp_path / "temp", folders=[folder]
    ) as connection:
        connection.sql("SELECT 7 AS a").write_parquet(str(folder / "a.parquet"))
        rows = warehouse.read_files(connection, [folder / "a.parquet"]).fetchall()
        text = statement.format(other=other, folder=str(folder).replace("'", "''"))
        with pytest.raises(duckdb.Error):
            connection.execute(text)
    assert rows == [(7,)]
    assert other.read_text() == "a\n1\n"


@pytest.mark.parametrize(
    ("size", "expected"),
    [("4GB", 4 * 10**9), ("1.5 GiB", 1.5 * 2**30), ("200mb", 2 * 10**8)],
)
def test_sizes_are_read(size, expected):
    assert warehouse.num_bytes(size) == expected


@pytest.mark.parametrize("size", ["", "0GB", "4", "much", "-1GB", "80%"])
def test_a_text_that_is_no_size_is_refused(size):
    with pytest.raises(errors.InputError, match="expected a size"):
        warehouse.num_bytes(size)


def test_names_with_quotes_and_wildcards_are_read_as_they_stand(tmp_path):
    with duckdb.connect() as connection:
        for name in ("a*", "ab", "[a]?", 'it\'s "a"'):
            relation = connection.sql("SELECT $1 AS name", params=[name])
            relation.write_parquet(str(tmp_path / f"{name}.parquet"))
        for name in ("a*", "ab", "[a]?", 'it\'s "a"'):
            file = tmp_path / f"{name}.parquet"
            relation = warehouse.read_files(connection, [file])
            assert relation.fetchall() == [(name,)]
        warehouse.create_views(connection, tmp_path, ['it\'s "a"', "ab"])
        assert connection.sql("SELECT name FROM ab").fetchall() == [("ab",)]
        with pytest.raises(errors.InputError, match=r"absent\.parquet"):
            warehouse.create_views(connection, tmp_path, ["absent"])


def test_a_share_of_devices_is_drawn_by_md5():
    with duckdb.connect() as connection:
        relation = connection.sql('SELECT i::VARCHAR AS "my id" FROM range(2000) r(i)')
        drawn = relation.filter(warehouse.hashed_below("my id", 0.25, salt="s"))
        ids = {row[0] for row in drawn.project(ColumnExpression("my id")).fetchall()}
    expected = {
        str(i)
        for i in range(2000)
        if int(hashlib.md5(f"s:{i}".encode()).hexdigest(), 16) < 2**126
    }
    assert ids == expected


def test_a_window_holds_its_last_day():
    assert warehouse.parse_window(("2024-01-01", "2024-01-31")) == (
        datetime.datetime(2024, 1, 1),
        datetime.datetime(2024, 2, 1),
    )
    assert warehouse.parse_window(("", "")) == (None, None)
