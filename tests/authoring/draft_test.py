"""A draft: what it is made of, that it binds, and that it holds no value."""

import datetime
import pathlib

import duckdb
import pyarrow as pa
import pytest

from teledp_jax import errors
from teledp_jax.authoring import check, choosing, device_tables, files, reading
from teledp_jax.data import inspect, suite
from tests.authoring import sources


def draft(
    source: pathlib.Path, out: pathlib.Path, device: str, table: str | None = None
) -> dict[str, str]:
    """Texts of all files of a draft, by their place in it."""
    read = reading.read(source, device)
    written = files.write(out, read, device_tables.plan(read.tables, table))
    return {str(path.relative_to(out)): path.read_text() for path in written}


@pytest.fixture(scope="module")
def drafted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("draft")
    source = sources.vehicles(folder / "raw")
    draft(source, folder / "mine", "vehicle_id")
    return folder / "mine"


def test_the_table_that_is_named_for_the_id_lists_the_devices(drafted):
    loaded = suite.load(drafted)
    schema = loaded.schema
    assert schema.anchor.name == "vehicles"
    assert {t.name: t.role for t in schema.tables[1:]} == {
        "trips_per_device": "group",
        "faults_per_device": "group",
        "faults_by_code": "entity",
    }
    columns = {c.name: c for c in schema.anchor.columns}
    assert list(columns) == ["fuel_type", "order_", "is_leased"]
    assert columns["is_leased"].categories == ("false", "true", "Other")
    faults = {c.name: c.bounds for c in schema.table("faults_per_device").columns[:2]}
    assert faults == {"num_rows": (1, 1_000_000), "mean_temperature": (-100, 200)}
    trips = [c.name for c in schema.table("trips_per_device").columns]
    assert trips == ["num_rows", "num_days", "mean_km"]
    assert loaded.sources["trips"].time == "started_at"


def test_a_draft_has_no_fault_and_a_workload(drafted):
    found = check.check(drafted)
    assert found.faults == ()
    names = {path.stem for path in (drafted / "queries").rglob("*.sql")}
    assert found.num_queries == len(names)
    assert {
        "devices_by_fuel_type",
        "devices_by_fuel_type_and_is_leased",
        "means_by_fuel_type",
        "top_faults_by_code",
        "heavy_users_of_trips_per_device",
        "spread_of_devices",
        "spread_of_trips_per_device",
    } <= names


def test_a_draft_depends_on_schemas_alone(tmp_path):
    one = sources.vehicles(tmp_path / "one/raw")
    two = sources.vehicles(tmp_path / "two/raw", shift=1)
    texts = [draft(s, s.parent / "mine", "vehicle_id") for s in (one, two)]
    for found, source in zip(texts, (one, two), strict=True):
        config = found["config.py"].replace(str(source), "raw")
        found["config.py"] = config.replace(str(source.parent / "mine"), "mine")
    assert texts[0] == texts[1]


def test_what_is_left_out_is_told(tmp_path):
    source = sources.vehicles(tmp_path)
    read = reading.read(source, "VEHICLE_ID")
    assert [text.partition(":")[0] for text in read.left_out] == ["depots"]
    trips = next(table for table in read.tables if table.name == "trips")
    assert list(trips.left_out) == ["driver_id", "stops"]
    assert trips.left_out["stops"] == "no draft can use its type BIGINT[]."


def test_without_a_list_the_devices_are_those_of_all_tables(tmp_path):
    sources.write(tmp_path / "a/x.parquet", {"serial": ["p", "q"], "n": [1, 2]})
    sources.write(tmp_path / "b/x.parquet", {"serial": ["q", "r"], "m": [1.0, 2.0]})
    text = draft(tmp_path, tmp_path / "mine", "serial")["device/a.sql"]
    assert text.count('FROM "a"\n') == text.count('FROM "b"\n') == 1
    loaded = suite.load(tmp_path / "mine")
    assert loaded.reads("a") == ("a", "b")
    assert loaded.sources["a"].folder == ""  # folders of tables only


def test_a_table_of_events_alone_gives_each_device_one_row(tmp_path):
    days = [datetime.datetime(2024, 1, day) for day in (1, 2, 2)]
    sources.write(
        tmp_path / "raw/buys/x.parquet",
        {"who": ["p", "p", "q"], "day": days, "item": ["a", "b", "a"], "n": [3, 5, 7]},
    )
    draft(tmp_path / "raw", tmp_path / "mine", "who")
    loaded = suite.load(tmp_path / "mine")
    with duckdb.connect() as connection:
        connection.read_parquet(str(tmp_path / "raw/buys/*")).create_view("buys")
        rows = {
            name: sorted(connection.sql(file.statement).fetchall())
            for name, file in loaded.device_files.items()
        }
    assert rows == {
        "buys": [("p", "b", 5), ("q", "a", 7)],
        "buys_per_device": [("p", 2, 2, 4.0), ("q", 1, 1, 7.0)],
        "buys_by_item": [("p", "a", 1, 3.0), ("p", "b", 1, 5.0), ("q", "a", 1, 7.0)],
    }
    assert inspect.describe(loaded, tmp_path / "raw").faults == ()


def test_the_owner_may_name_the_list(tmp_path):
    sources.write(tmp_path / "a/x.parquet", {"serial": ["p"], "n": [1]})
    sources.write(tmp_path / "b/x.parquet", {"serial": ["q"], "m": [1.0]})
    draft(tmp_path, tmp_path / "mine", "serial", "b")
    assert suite.load(tmp_path / "mine").reads("b") == ("b",)
    with pytest.raises(errors.InputError, match=r"--devices_table=c: .*\['a', 'b'\]"):
        device_tables.plan(reading.read(tmp_path, "serial").tables, "c")


def test_of_files_of_different_schemas_a_draft_uses_what_all_of_them_hold(tmp_path):
    def column(*values, kind=None):
        return pa.array([*values], kind)

    alike = {
        "n": [column(1, kind=pa.int32()), column(1, kind=pa.float32()), column(None)],
        "code": [column("7"), column(7), column(7)],
        "exact": [column(1, kind=pa.int64()), column(1.0), column(1.0)],
        "where": [column("x"), column([1]), column("y")],
        "empty": [column(None)] * 3,
    }
    for number in range(3):
        columns = {"id": column("p")} | {n: given[number] for n, given in alike.items()}
        columns |= {f"own{number}": column("a")}
        columns |= {"Same" if number else "same": column(1)}
        sources.write(tmp_path / f"raw/log/{number}.parquet", columns)
    draft(tmp_path / "raw", tmp_path / "mine", "id")
    table = reading.read(tmp_path / "raw", "id").tables[0]
    assert [(c.name, c.type, c.kind) for c in table.columns] == [
        ("n", "DOUBLE", "double"),
        ("code", "VARCHAR", "text"),
    ]
    assert "write CAST(exact AS DOUBLE) into all files" in table.left_out["exact"]
    assert "no draft can use its type BIGINT[], VARCHAR" in table.left_out["where"]
    assert table.left_out["own1"].startswith("only 1 of 3 files have it; write it")
    assert "rename all but one" in table.left_out["same"] == table.left_out["Same"]
    assert table.left_out["empty"] == "no file has a value of it."
    found = inspect.describe(suite.load(tmp_path / "mine"), tmp_path / "raw")
    assert found.faults == ()  # what is left out stops no run


def test_an_id_that_some_files_of_a_table_lack_is_refused(tmp_path):
    sources.write(tmp_path / "log/1.parquet", {"id": ["p"], "n": [1]})
    sources.write(tmp_path / "log/2.parquet", {"n": [1]})
    with pytest.raises(errors.InputError, match="column id: only 1 of 2 files have it"):
        reading.read(tmp_path, "id")


def test_files_are_held_against_their_manifest(tmp_path):
    sources.write(tmp_path / "log/1.parquet", {"id": ["p"], "n": [1]})
    assert reading.read(tmp_path, "id").differences == ()
    entries = '{"entries": [{"url": "s3://b/1.parquet"}, {"url": "s3://b/2.parquet"}]}'
    (tmp_path / "log/log-manifest.json").write_text(entries)
    (told,) = reading.read(tmp_path, "id").differences
    assert told.endswith("log: 2.parquet is in the manifest, but absent.")


WORDS = """table,column,description,unit
events,c7,what it weighs,kg
events,c9,what it is,
"""


@pytest.fixture
def wide(tmp_path):
    columns = {"id": ["p"], "store_id": ["s"]} | {f"c{i}": [i] for i in range(98)}
    columns |= {"t0": ["a"], "t1": ["b"]}
    columns |= {"seen": [datetime.datetime(2024, 1, 1)]}
    sources.write(tmp_path / "events/1.parquet", columns)
    sources.write(tmp_path / "sales/1.parquet", {"id": ["p"], "c7": [1], "price": [1]})
    (tmp_path / "dictionary.csv").write_text(WORDS)
    return reading.read(tmp_path, "id").tables


def used(tables):
    return {table.name: [column.name for column in table.columns] for table in tables}


def test_of_many_columns_documented_ones_and_some_of_each_kind_are_used(wide):
    chosen = choosing.choose(wide)
    names = used(chosen)["events"]
    assert len(names) == choosing.MOST_COLUMNS
    assert {"c7", "c9", "t0", "t1", "seen", "c0", "c36"} <= set(names)
    assert chosen[0].left_out["c60"].startswith("beyond 40 of a table; state --num_dev")
    assert len(chosen[0].left_out) == 101 - 40 + 1  # store_id is an id


def test_devices_that_an_owner_expects_carry_so_many_columns(wide):
    assert [choosing.num_columns(n) for n in (1, 3_000, 20_000)] == [1, 25, 100]
    many = choosing.choose(wide, num_devices=20_000)
    assert sum(map(len, used(many).values())) == 100
    few = choosing.choose(wide, num_devices=1_500)  # six of all tables, in turn
    assert used(few) == {"events": ["c0", "c7", "c9", "seen"], "sales": ["c7", "price"]}
    assert "6 columns that 1,500 devices and memory carry" in few[0].left_out["t0"]
    with pytest.raises(errors.InputError, match="--num_devices=0: expected 1"):
        choosing.choose(wide, num_devices=0)
    with pytest.raises(errors.InputError, match="not both"):
        choosing.choose(wide, names=["c1"], num_devices=1)


def test_an_owner_names_columns_of_one_table_or_of_all(wide):
    chosen = choosing.choose(wide, names=["c7", "events.store_id", "sales.price"])
    assert used(chosen) == {"events": ["c7", "store_id"], "sales": ["c7", "price"]}
    assert "store_id" not in chosen[0].left_out
    assert chosen[0].left_out["c1"] == "not named in --columns."
    with pytest.raises(errors.InputError, match=r"no table has c700, x\.c7; known: e"):
        choosing.choose(wide, names=["c700", "x.c7"])


def test_names_that_sql_keeps_for_itself_are_no_fault(tmp_path):
    columns = {"user": ["p"], "from": ["x"], "group by": [1], 'a"b': ["y"]}
    sources.write(tmp_path / "raw/select/1.parquet", columns | {" end": [1]})
    draft(tmp_path / "raw", tmp_path / "mine", "user")
    assert check.check(tmp_path / "mine").faults == ()
    names = [c.name for c in suite.load(tmp_path / "mine").schema.anchor.columns]
    assert names == ["from_", "group_by", "a_b", "num_rows"]
    left_out = reading.read(tmp_path / "raw", "user").tables[0].left_out
    assert left_out[" end"].startswith("rename it")


DBT = """
models:
  - name: cars
    columns:
      - {name: vin, tests: [unique]}
      - name: fuel
        description: what it burns
        tests: [{accepted_values: {values: [diesel, petrol]}}]
      - name: doors
        tests: [{accepted_range: {min_value: 2, max_value: 5}}]
"""
SDV = '{"tables": {"cars": {"primary_key": "vin", "columns": {"vin": {}}}}}'


@pytest.mark.parametrize(
    ("name", "text", "fuel", "doors"),
    [
        ("schema.yml", DBT, ("diesel", "petrol", "Other"), (2, 5)),
        ("metadata.json", SDV, ("Other",), (1, 1_000_000_000)),
        (
            "dictionary.csv",
            "table,column,description,unit\ncars,fuel,what it burns,\n",
            ("Other",),
            (1, 1_000_000_000),
        ),
        ("", "", ("Other",), (1, 1_000_000_000)),
    ],
)
def test_a_draft_states_what_each_kind_of_document_states(
    name, text, fuel, doors, tmp_path
):
    columns = {"vin": ["p"], "fuel": ["diesel"], "doors": [4]}
    sources.write(tmp_path / "raw/lab/cars/1.parquet", columns)
    if name:
        (tmp_path / "raw" / name).write_text(text)
    else:  # the dictionary table of an unload
        words = {"table_name": ["cars"], "column_name": ["fuel"]}
        words["description"] = ["what it burns"]
        sources.write(tmp_path / "raw/lab/data_dictionary/1.parquet", words)
    draft(tmp_path / "raw", tmp_path / "mine", "vin")
    loaded = suite.load(tmp_path / "mine")
    anchor = loaded.schema.anchor
    assert anchor.column("fuel").categories == fuel
    assert anchor.column("doors").bounds == doors
    if name != "metadata.json":
        assert anchor.column("fuel").about == "what it burns"
    # Only documents say that each row of this table is another device.
    is_listed = [column.name for column in anchor.columns] == ["fuel", "doors"]
    assert is_listed == (name in ("schema.yml", "metadata.json"))


def test_a_draft_goes_to_a_new_folder(tmp_path):
    sources.write(tmp_path / "raw/t/1.parquet", {"id": ["p"], "n": [1]})
    (tmp_path / "mine").mkdir()
    with pytest.raises(errors.InputError, match="mine: exists; name a new folder"):
        draft(tmp_path / "raw", tmp_path / "mine", "id")
    assert not list((tmp_path / "mine").iterdir())


def test_a_table_whose_name_no_file_can_have_is_refused(tmp_path):
    sources.write(tmp_path / "events.v2/1.parquet", {"id": ["p"], "n": [1]})
    with pytest.raises(errors.InputError, match=r"events\.v2: .* rename the folder"):
        reading.read(tmp_path, "id")


@pytest.mark.parametrize(
    ("columns", "device", "text"),
    [
        ({"a": [1]}, "id", "--device=id: no table has that column. t: .*it has a"),
        ({"id": [1.5]}, "id", "column id is DOUBLE; an id is a text or a whole"),
    ],
)
def test_a_source_without_an_id_is_refused(columns, device, text, tmp_path):
    sources.write(tmp_path / "s/t/1.parquet", columns)
    with pytest.raises(errors.InputError, match=text):
        reading.read(tmp_path, device)


def test_a_folder_of_another_form_is_refused(tmp_path):
    with pytest.raises(errors.InputError, match="no such source folder"):
        reading.read(tmp_path / "none", "id")
    sources.write(tmp_path / "a.parquet", {"id": ["p"]})
    with pytest.raises(errors.InputError, match="expected <schema>/<table>"):
        reading.read(tmp_path, "id")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Fuel Type", "fuel_type"),
        ("buildYear", "build_year"),
        ("select", "select_"),
        ("7day", "n7day"),
        ("é", "unnamed"),
    ],
)
def test_names_become_names_of_sql(name, slug):
    assert device_tables.slug(name) == slug
