import pathlib

import pytest

from teledp_jax import errors
from teledp_jax.data import shipped
from tests import paths


def make_folders(folder: pathlib.Path, *names: str) -> pathlib.Path:
    for name in names:
        (folder / name).mkdir(parents=True)
    return folder


def test_a_shipped_suite_is_found_by_its_name_from_any_folder(tmp_path, monkeypatch):
    make_folders(tmp_path, "dca/source", "dca/device", "dca/queries")
    monkeypatch.chdir(tmp_path)
    assert shipped.suite("dca") == paths.SQL / "dca"
    assert shipped.suite(tmp_path / "dca") == tmp_path / "dca"


def test_a_suite_of_ones_own_is_found_by_its_path(tmp_path, monkeypatch):
    own = make_folders(tmp_path / "own", "source", "device", "queries")
    monkeypatch.chdir(tmp_path)
    assert shipped.suite("own") == shipped.suite("./own/") == shipped.suite(own) == own


@pytest.mark.parametrize("name", ["", "nothing", "no/such/folder"])
def test_an_unknown_suite_gets_the_known_ones_and_the_way_out(name):
    text = "known: dca, eventlog, flights, purchases. The path of a suite's folder"
    with pytest.raises(errors.InputError, match=text):
        shipped.suite(name)


def test_a_folder_that_is_no_suite_is_told_what_it_lacks(tmp_path):
    make_folders(tmp_path, "source")
    with pytest.raises(errors.InputError, match="no folder device and no queries"):
        shipped.suite(tmp_path)


def test_a_config_is_a_file_or_a_shipped_one_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    demo = str(paths.ROOT / "configs" / "demo.py")
    assert shipped.config("configs/demo.py") == shipped.config("demo") == demo
    assert shipped.config("demo:small") == f"{demo}:small"
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "demo.py").write_text("")
    assert shipped.config("configs/demo.py") == "configs/demo.py"


def test_an_unknown_config_gets_the_shipped_ones():
    with pytest.raises(errors.InputError, match=r"no/demo\.py; shipped: .*configs/dca"):
        shipped.config("no/demo.py")
