"""`teledp sample`: conditions from texts, and tables in a new folder."""

import pyarrow.parquet as pq
import pytest
from absl import flags

import teledp_jax as teledp
from teledp_jax import errors
from teledp_jax.cli import sample
from teledp_jax.job import conditions

SCHEMA = teledp.schema(
    teledp.anchor(
        "laptops",
        {
            "os": teledp.category(["a", "b"]),
            "ram": teledp.integer(low=1, high=8, bins=8),
        },
    ),
    teledp.entity(
        "apps", {"name": teledp.category(["x=1", "y"])}, max_rows=2, cap_by="name"
    ),
    device="guid",
)


def run(*arguments):
    values = flags.FlagValues()
    sample.define(values)
    values(["sample", *arguments])
    sample.main(values)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    ids = [str(number) for number in range(400)]
    tables = {
        "laptops": {"guid": ids, "os": ["a", "b"] * 200, "ram": [4, 8] * 200},
        "apps": {"guid": ids, "name": ["x=1", "y"] * 200},
    }
    devices = teledp.encode(tables, SCHEMA)
    path = tmp_path_factory.mktemp("sample") / "one.model"
    teledp.fit(devices, "independent", epsilon=4.0, delta=1e-5, seed=0).save(path)
    return path


def test_conditions_are_read_from_texts():
    texts = ["os=a", "os=b", "laptops.ram=:4", "apps.name=x=1"]
    assert conditions.read_texts(SCHEMA, texts) == {
        "os": ["a", "b"],
        "laptops.ram": (None, 4.0),
        "apps.name": ["x=1"],
    }
    assert conditions.read_texts(SCHEMA, ["ram=8"]) == {"ram": 8.0}


def test_devices_of_the_conditions_are_written(model, tmp_path, capsys):
    output = tmp_path / "more"
    run(
        f"--model={model}", f"--output={output}", "--num_devices=30",
        "--where=os=b", "--where=ram=8:", "--seed=1",
    )  # fmt: skip
    laptops = pq.read_table(output / "laptops.parquet")
    assert laptops["os"].to_pylist() == ["b"] * 30
    assert set(laptops["ram"].to_pylist()) == {8}
    assert (output / "apps.parquet").exists()
    assert "EXPERIMENT under seed 0" in capsys.readouterr().out
    with pytest.raises(errors.InputError, match="more: exists; name a new folder"):
        run(f"--model={model}", f"--output={output}")


@pytest.mark.parametrize(
    ("where", "match"),
    [
        ("os", "--where=os: expected NAME=VALUE"),
        ("ram=many", "ram=many: expected a number, or a range as 8:16"),
        ("cpu=1", "no column 'cpu'"),
        ("os=c", "os='c' is no value of the column"),
    ],
)
def test_a_condition_that_means_nothing_is_refused(model, tmp_path, where, match):
    with pytest.raises(errors.InputError, match=match):
        run(f"--model={model}", f"--output={tmp_path / 'm'}", f"--where={where}")
    assert not (tmp_path / "m").exists()
