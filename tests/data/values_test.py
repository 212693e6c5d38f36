import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from teledp_jax import errors
from teledp_jax.data import batches, values
from tests import toys

VENDOR = toys.category("vendor", "Dell", "Unknown", other="Unknown")
WATTS = toys.number("watts", 1, 9, has_zero=True)
APP = toys.category("app", "x")
COUNT = toys.whole("count", 1, 2, 99)
SCHEMA = toys.schema(
    toys.anchor("machines", VENDOR, WATTS),
    toys.entity("apps", APP, COUNT, rows=2, by="count"),
)
MACHINES = {
    "guid": ["a", "b", "c", "d", "e"],
    "vendor": ["Acer", "Unknown", None, "Acer", "Dell"],
    "watts": [5.0, 0.0, -1.0, float("nan"), 1e9],
}
APPS = {
    "guid": ["a", "a", "a", "b", "x"],
    "app": ["one", "two", "one", "Acer", "orphan"],
    "count": [3, None, 7, 5, 9],
}


def read(folder: pathlib.Path, machines=MACHINES, apps=APPS, secret=b"key", public=()):
    folder.mkdir(exist_ok=True)
    for name, columns in (("machines", machines), ("apps", apps)):
        pa.parquet.write_table(pa.table(columns), folder / f"{name}.parquet")
    return values.read(
        SCHEMA,
        folder,
        numbers=["machines.watts", "apps.count"],
        vocabularies={"apps.app": public, "machines.vendor": ()},
        presences=["apps"],
        secret=secret,
    )


def texts(found: values.Values) -> set[tuple[int, int, str]]:
    """Device, vocabulary and text."""
    triples = zip(found.device, found.vocabulary, found.text, strict=True)
    return {(int(d), int(v), found.texts[t]) for d, v, t in triples}


def test_what_devices_bring_is_worked_by_hand(tmp_path):
    found = read(tmp_path)
    # A zero has a code of its own; what is negative or not a number has no bin.
    assert found.numbers["machines.watts"].tolist() == [5.0, 1e9]
    first, second = found.numbers["apps.count"]  # a brings one of its rows
    assert first in (3, 7) and second == 5
    assert texts(found) == {
        (0, 0, "one"), (0, 0, "two"), (1, 0, "Acer"),
        (0, 1, "Acer"), (3, 1, "Acer"), (4, 1, "Dell"),
    }  # fmt: skip
    assert found.presences == {"apps": 2}


def test_public_texts_are_nobodys_in_their_own_vocabulary(tmp_path):
    found = read(tmp_path, public=("one", "Acer"))
    assert texts(found) == {
        (0, 0, "two"),
        (0, 1, "Acer"),
        (3, 1, "Acer"),
        (4, 1, "Dell"),
    }


def test_the_empty_text_is_a_text(tmp_path):
    found = read(tmp_path, apps={**APPS, "app": ["", "two", "", None, "orphan"]})
    assert {own for own in texts(found) if own[1] == 0} == {(0, 0, ""), (0, 0, "two")}


def test_a_device_that_joins_changes_nothing_of_what_others_bring(tmp_path):
    count = 40
    machines = {
        "guid": [f"{i:03}" for i in range(count)],
        "vendor": ["Acer"] * count,
        "watts": [2.0] * count,
    }
    apps = {
        "guid": np.repeat(machines["guid"], 5),
        "app": [f"app{i % 7}" for i in range(5 * count)],
        "count": np.arange(5 * count),
    }
    before = read(tmp_path / "before", machines, apps)
    machines = {name: [own[0], *own] for name, own in machines.items()}
    machines["guid"][0] = "+"  # the first of all
    more = {"guid": ["+"] * 9, "app": [f"own{i}" for i in range(9)], "count": [50] * 9}
    apps = {name: [*more[name], *own] for name, own in apps.items()}
    after = read(tmp_path / "after", machines, apps)
    assert after.numbers["apps.count"][1:].tolist() == (
        before.numbers["apps.count"].tolist()
    )
    picked = before.numbers["apps.count"] % 5
    assert len(np.unique(picked)) == 5  # not always the first row

    def ranks(found, shift):
        keys = zip(found.device - shift, found.vocabulary, found.text, strict=True)
        own = [(int(d), int(v), found.texts[t]) for d, v, t in keys]
        return {k: r for k, r in zip(own, found.rank, strict=True) if k[0] >= 0}

    assert ranks(after, 1) == ranks(before, 0)
    other = read(tmp_path / "before", secret=b"another")
    assert set(other.rank) != set(before.rank)


def test_an_empty_fleet_brings_nothing(tmp_path):
    machines = {
        "guid": pa.array([], pa.string()),
        "vendor": pa.array([], pa.string()),
        "watts": pa.array([], pa.float64()),
    }
    apps = {
        "guid": pa.array([], pa.string()),
        "app": pa.array([], pa.string()),
        "count": pa.array([], pa.int64()),
    }
    found = read(tmp_path, machines, apps)
    assert not len(found.numbers["apps.count"]) and not len(found.text)
    assert found.presences == {"apps": 0}


def test_batches_bring_what_all_devices_bring_at_once(tmp_path, monkeypatch):
    apps = {name: own[:4] for name, own in APPS.items()}  # those in order
    whole = read(tmp_path, apps=apps)
    monkeypatch.setattr(batches, "VALUES", 8)
    assert batches.count(SCHEMA, tmp_path) == 4
    found = read(tmp_path, apps=apps)
    for name, own in whole.numbers.items():
        assert found.numbers[name].tolist() == own.tolist()

    def ranked(of: values.Values) -> list[tuple]:
        each = zip(of.device, of.vocabulary, of.text, of.rank, strict=True)
        return sorted((d, v, of.texts[t], r) for d, v, t, r in each)

    assert ranked(found) == ranked(whole)
    assert found.presences == whole.presences


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(errors.InputError, match=r"machines\.parquet: column watts"):
        read(tmp_path, {name: MACHINES[name] for name in ("guid", "vendor")})
