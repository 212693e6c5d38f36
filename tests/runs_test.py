import json
import os

import numpy as np
import pytest

from teledp_jax import errors, runs


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.json"
    runs.write_json(path, {"x": 1})
    with pytest.raises(RuntimeError), runs.atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert json.loads(path.read_text()) == {"x": 1}
    assert os.listdir(tmp_path) == ["a.json"]


def test_numbers_that_json_lacks_are_written_as_text_or_null(tmp_path):
    path = tmp_path / "a.json"
    runs.write_json(
        path, {"a": float("inf"), "b": np.float32("nan"), "c": np.arange(2)}
    )
    assert runs.read_json(path) == {"a": "inf", "b": None, "c": [0, 1]}


def test_a_run_folder_is_its_owners_alone(tmp_path):
    run = runs.Run(tmp_path / "run")
    run.create()
    assert run.folder.stat().st_mode & 0o777 == 0o700
    assert run.private.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.InputError, match="choose another --workdir"):
        runs.Run(tmp_path / "file" / "run").create()


def test_a_fingerprint_sees_values_and_files(tmp_path):
    path = tmp_path / "a"
    path.write_text("1")
    first = runs.fingerprint({"x": 1}, path)
    assert runs.fingerprint({"x": 1}, path) == first
    assert runs.fingerprint({"x": 2}, path) != first
    path.write_text("12")
    assert runs.fingerprint({"x": 1}, path) != first
