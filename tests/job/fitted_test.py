"""What a fitted method says of itself, draws and keeps."""

import dataclasses
import json

import numpy as np
import pytest

import teledp_jax as teledp
from teledp_jax.job import fitted as fitted_lib
from teledp_jax.job import model_file
from teledp_jax.methods import independent

SCHEMA = teledp.schema(
    teledp.anchor("devices", {"os": teledp.category(["a", "b"])}),
    teledp.entity(
        "apps",
        {"n": teledp.integer(low=1, high=9, bins=3)},
        max_rows=2,
        cap_by="n",
    ),
    device="guid",
    name="laptops",
)
ROWS = {
    "devices": {"guid": ["x", "y"], "os": ["a", "b"]},
    "apps": {"guid": ["x"], "n": [4]},
}


@pytest.fixture(scope="module")
def fitted():
    """An experiment, so that tests repeat."""
    devices = teledp.encode(ROWS, SCHEMA)
    return teledp.fit(devices, "independent", epsilon=1.0, delta=1e-5, seed=3)


def same(one, other):
    return all(one[name].equals(other[name]) for name in one)


def test_a_seed_repeats_fit_and_sample(fitted):
    devices = teledp.encode(ROWS, SCHEMA)
    again = teledp.fit(devices, "independent", epsilon=1.0, delta=1e-5, seed=3)
    other = teledp.fit(devices, "independent", epsilon=1.0, delta=1e-5, seed=4)
    assert same(fitted.sample(50), again.sample(50))
    assert not same(fitted.sample(50), other.sample(50))
    assert not same(fitted.sample(50), fitted.sample(50, seed=9))


def test_without_a_seed_each_sample_is_another(fitted):
    secret = dataclasses.replace(fitted, seed=None)
    assert not same(secret.sample(50), secret.sample(50))
    assert same(secret.sample(50, seed=0), secret.sample(50, seed=0))


def test_samples_have_the_columns_of_the_schema(fitted):
    tables = fitted.sample(7)
    assert list(tables) == ["devices", "apps"]
    assert tables["devices"].column_names == ["guid", "os"]
    assert tables["devices"].num_rows == 7
    assert len(set(tables["devices"]["guid"].to_pylist())) == 7
    frames = fitted.sample(7, kind="pandas")
    assert list(frames["devices"]["guid"]) == tables["devices"]["guid"].to_pylist()


@pytest.mark.parametrize("count", [0, -3])
def test_a_sample_has_devices(fitted, count):
    with pytest.raises(teledp.InputError, match=f"num_devices: .* got {count}"):
        fitted.sample(count)


def test_a_count_may_be_of_numpy(fitted):
    count = np.int64(2)
    assert fitted_lib.whole("n", count, least=1) == 2


def test_the_promise_is_in_words(fitted):
    text = fitted.promise
    assert 0.999 < fitted.epsilon <= 1
    spent = f"epsilon {fitted.epsilon:.4g} at delta 1e-05, of a budget of epsilon 1."
    assert spent in text
    assert "one device with all its rows in all tables" in text
    assert "noisy number of devices: discrete Gaussian (sigma 20" in text
    assert "independent: " in text
    assert "EXPERIMENT under seed 3" in text
    assert "EXPERIMENT" not in dataclasses.replace(fitted, seed=None).promise


def test_the_short_form_says_what_it_is(fitted):
    assert repr(fitted) == (
        f"Fitted(independent on laptops: epsilon {fitted.epsilon:.4g}, delta 1e-05, "
        "seeded experiment)"
    )


def test_what_is_saved_is_loaded(fitted, tmp_path):
    path = tmp_path / "one.model"
    fitted.save(path)
    loaded = teledp.load(path)
    assert loaded.schema == SCHEMA
    assert loaded.config == independent.Config()
    for name in ("method", "num_devices", "ledger", "seed", "promise"):
        assert getattr(loaded, name) == getattr(fitted, name)
    assert same(loaded.sample(40), fitted.sample(40))


def test_tuples_of_a_config_come_back_as_tuples():
    plain = {"pairs": [["a", "b"], ["c", "d"]], "n": 3, "text": "x"}
    assert fitted_lib._tuples(plain)["pairs"] == (("a", "b"), ("c", "d"))


def test_a_schema_comes_back_whole():
    for name in ("dca", "flights"):
        schema = teledp.load_suite(name)
        plain = json.loads(json.dumps(dataclasses.asdict(schema)))
        assert fitted_lib._schema(plain) == schema


@pytest.mark.parametrize(
    "change",
    [
        {"method": "gan"},
        {"config": {"unknown": 1}},
        {"schema": {"suite": "x", "device": "guid", "tables": []}},
    ],
)
def test_a_file_of_other_methods_names_its_version(fitted, tmp_path, change):
    path = tmp_path / "one.model"
    fitted.save(path)
    facts, tree = model_file.read(path)
    model_file.write(path, {**facts, **change, "version": "9.9.9"}, tree)
    with pytest.raises(teledp.InputError, match=r"teledp_jax 9\.9\.9") as caught:
        teledp.load(path)
    assert "\n" not in str(caught.value)
