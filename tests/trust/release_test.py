import shutil

import pytest

from teledp_jax import errors, runs
from teledp_jax.trust import release
from tests.cli.commands import call
from tests.queries import fleet

SQL = "SELECT country, count(*) AS n, avg(ram_gb) AS ram FROM devices GROUP BY country"


@pytest.fixture
def folder(tmp_path):
    """A release of four devices with two refits, and its card."""
    folder = tmp_path / "release"
    fleet.write_usual(folder)
    for number in (1, 2):
        fleet.write(
            folder / "refits" / str(number),
            countries=["DE", "DE", "US", "US"],
            crashes={0: 2, 1: 4, 2: 7},
            apps=[(0, "a", 4), (number, "b", number)],
        )
    names = ("devices", "apps", "crashes")
    card = {"method": "pe", "tables": [{"name": name} for name in names]}
    runs.write_json(folder / "card.json", card)
    return folder


def ask(folder, text, keys=None):
    path = folder.parent / "own.sql"
    path.write_text(text)
    rows = release.ask(release.read(folder), path, keys)
    return {(row["column"], row["group_key"]): row for row in rows}


def test_own_sql_is_answered_without_a_header(folder):
    rows = ask(folder, SQL)
    assert len(rows) == 4
    row = rows["n", '{"country": "DE"}']
    assert (row["value"], row["low"], row["high"], row["grade"]) == (2, 2, 2, "use")
    assert row["devices"] is None


def test_numbers_name_groups_only_if_they_are_said_to(folder):
    text = "SELECT ram_gb, count(*) AS n FROM devices GROUP BY ram_gb"
    rows = ask(folder, text, keys=["ram_gb"])
    assert {key for _, key in rows} == {f'{{"ram_gb": {4.0 * i}}}' for i in range(4)}
    with pytest.raises(errors.InputError, match=r"the SELECT has no \['ram'\]"):
        ask(folder, text, keys=["ram"])
    with pytest.raises(errors.InputError, match="gives no number beside the keys"):
        ask(folder, "SELECT country FROM devices")


def test_own_sql_may_have_the_header_of_a_query(folder):
    rows = ask(folder, fleet.BY_COUNTRY)
    row = rows["num_devices", '{"country": "DE"}']
    assert (row["devices"], row["reason"]) == (2, "fewer than 50 devices")


def test_a_method_of_independent_columns_answers_no_tie(folder):
    card = runs.read_json(folder / "card.json") | {"method": "independent"}
    runs.write_json(folder / "card.json", card)
    assert {row["grade"] for row in ask(folder, SQL).values()} == {"avoid"}
    text = "SELECT country, count(*) AS n FROM devices GROUP BY country"
    assert {row["grade"] for row in ask(folder, text).values()} == {"use"}
    assert release.read(folder).many_rows == {"apps"}


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (SQL.replace("ram_gb", "ram_mb"), 'does not run .* "ram_mb" .* they have dev'),
        ("SELECT 1 AS n FROM fans", "does not run over the released tables"),
        ("DROP TABLE devices", "expected one SELECT"),
        ("", "expected one SELECT, found nothing"),
        ("SELECT * FROM 'card.json'", "does not run"),
    ],
)
def test_own_sql_at_fault_is_one_line_that_names_the_file(folder, text, match):
    with pytest.raises(errors.InputError, match=match) as caught:
        ask(folder, text)
    assert "own.sql" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("lost", "match"),
    [
        ("card.json", "card.json: cannot be read"),
        ("apps.parquet", "lacks apps.parquet, which the card lists"),
        ("refits/2/devices.parquet", "refits/2: lacks devices.parquet"),
        ("refits/2", "holds 1 refits, two are needed"),
    ],
)
def test_a_release_that_lacks_a_file_is_refused(folder, lost, match):
    path = folder / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    with pytest.raises(errors.InputError, match=match):
        release.read(folder)


def test_the_command_prints_answers_and_writes_them(folder, monkeypatch, tmp_path):
    (tmp_path / "own.sql").write_text(SQL)
    own = [f"--release={folder}", f"--query={tmp_path / 'own.sql'}"]
    output = tmp_path / "rows.parquet"
    done = call(monkeypatch, "trust", *own, f"--output={output}")
    assert done.status == 0 and output.exists(), done.err
    lines = done.out.splitlines()
    assert lines[0] == "column,group_key,devices,value,low,high,grade,reason"
    assert lines[1] == 'n,"{""country"": ""DE""}",,2,2,2,use,'
    done = call(monkeypatch, "trust", own[0])
    assert done.status == 2 and done.err.startswith("error: State --query")
