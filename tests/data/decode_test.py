import pathlib
import tempfile

import hypothesis
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import strategies

from teledp_jax import arrays, schemas
from teledp_jax.data import coding, decode, device_files, encode, headers
from tests import toys


def column(kind: str, low: float, high: float, bins: int, scale: str, **fields):
    spaced = {"kind": kind, "low": low, "high": high, "bins": bins, "scale": scale}
    return headers.column("x", {**spaced, **fields}, {})


REGION = toys.category("region", "EU", "it's", other="it's")
NUMBERS = [
    column("integer", 1, 400, 16, "log"),
    column("integer", 0, 30, 4, "linear"),
    column("integer", 0, 3, 8, "linear", zero=False),
    column("integer", -50, 50, 5, "linear"),
    column("double", 0.1, 300, 20, "log"),
    column("double", 0, 100, 5, "linear"),
    column("double", -20, 90, 7, "linear"),
    toys.number("x", 0, 1e-9, 1e9),
]


def schema_of(number: schemas.Column) -> schemas.Schema:
    return toys.schema(
        toys.anchor("machines", number, REGION),
        toys.group("usage", number),
        toys.entity("apps", REGION, number, rows=3, by="x"),
    )


def random_devices(
    schema: schemas.Schema, rng: np.random.Generator
) -> arrays.DeviceArrays:
    codes = np.stack([rng.integers(head.num_codes, size=40) for head in schema.heads])
    return arrays.unflatten(schema, codes.T)


def test_a_device_keeps_each_of_a_thousand_rows(tmp_path):
    schema = toys.schema(
        toys.anchor("machines", REGION),
        toys.entity("apps", REGION, toys.whole("x", *range(1002)), rows=2000, by="x"),
    )
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(1, 3, 1001), rng.permutation(1001)], axis=1)
    devices = {  # one device has the rows, another none, and one the last of them
        "machines": arrays.TableArrays(np.ones((3, 1), np.uint8), np.arange(4)),
        "apps": arrays.TableArrays(
            codes.astype(np.uint16), np.array([0, 1000, 1000, 1001])
        ),
    }
    decode.decode(schema, devices, rng, tmp_path)
    found, counts = encode.encode(schema, tmp_path)
    assert found["apps"].offsets.tolist() == [0, 1000, 1000, 1001]
    order = np.lexsort((-codes[:1000, 0], -codes[:1000, 1]))
    np.testing.assert_array_equal(found["apps"].codes[:1000], codes[order])
    assert not any(count.count for count in counts)


@hypothesis.settings(max_examples=25, deadline=None)
@hypothesis.given(strategies.sampled_from(NUMBERS), strategies.integers(0, 2**32 - 1))
def test_what_was_encoded_decodes_and_encodes_to_the_same_codes(number, seed):
    schema = schema_of(number)
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        decode.decode(schema, random_devices(schema, rng), rng, folder / "0")
        first, _ = encode.encode(schema, folder / "0")
        decode.decode(schema, first, rng, folder / "1")
        second, counts = encode.encode(schema, folder / "1")
    for table in schema.tables:
        for one, other in zip(first[table.name], second[table.name], strict=True):
            np.testing.assert_array_equal(one, other)
    assert all(count.count == 0 for count in counts)


def test_tables_have_the_parquet_schema_and_fresh_ids(tmp_path):
    schema = schema_of(NUMBERS[0])
    rng = np.random.default_rng(0)
    decode.decode(schema, random_devices(schema, rng), rng, tmp_path)
    for table in schema.tables:
        file = pa.parquet.read_schema(tmp_path / f"{table.name}.parquet")
        assert file == device_files.arrow_schema(schema, table)
    ids = pa.parquet.read_table(tmp_path / "machines.parquet")["guid"].to_pylist()
    assert ids[0] == "synthetic-0000001"
    assert len(set(ids)) == 40


def test_the_same_generator_gives_the_same_tables(tmp_path):
    schema = schema_of(NUMBERS[4])
    devices = random_devices(schema, np.random.default_rng(0))
    for name in ("one", "two"):
        decode.decode(schema, devices, np.random.default_rng(5), tmp_path / name)
    one, two = (
        pa.parquet.read_table(tmp_path / name / "apps.parquet")
        for name in ("one", "two")
    )
    assert one.equals(two)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("kind", ["integer", "double"])
def test_means_of_lognormals_survive(kind, sigma):
    rng = np.random.default_rng(1)
    values = rng.lognormal(3.0, sigma, 200_000)
    number = column(kind, 1 if kind == "integer" else 0.01, 20_000, 16, "log")
    if kind == "integer":
        values = np.floor(values) + 1
    codes, _ = coding.of_numbers(number, values)
    drawn = decode.draw(number, codes - number.first_bin, rng)
    assert drawn.mean() == pytest.approx(values.mean(), rel=0.03)
    for level in (0.1, 0.5, 0.9):
        assert np.quantile(drawn, level) == pytest.approx(
            np.quantile(values, level), rel=0.15, abs=1
        )


def test_a_mean_on_linear_bins_survives():
    rng = np.random.default_rng(2)
    values = rng.exponential(20, 200_000)
    number = column("double", 0, 400, 16, "linear")
    codes, _ = coding.of_numbers(number, values)
    drawn = decode.draw(number, codes - number.first_bin, rng)
    assert drawn.mean() == pytest.approx(values.mean(), rel=0.03)


def test_an_even_density_is_drawn_evenly():
    number = column("double", 0, 4, 4, "linear")
    bins = np.repeat(np.arange(4), 50_000)
    drawn = decode.draw(number, bins, np.random.default_rng(3))
    histogram, _ = np.histogram(drawn, np.linspace(0, 4, 17))
    np.testing.assert_allclose(histogram, 12_500, rtol=0.05)


@pytest.mark.parametrize("number", NUMBERS[:6])
def test_the_mean_of_a_bin_is_that_of_its_draws(number):
    masses = np.arange(1, number.num_bins + 1) * 20_000 // number.num_bins
    bins = np.repeat(np.arange(number.num_bins), masses)
    drawn = decode.draw(number, bins, np.random.default_rng(4))
    means = np.bincount(bins, drawn) / masses
    widths = np.diff(np.asarray(number.edges))
    found = decode.bin_means(number, masses)
    rounding = 0.5 if number.kind == "integer" else 0.0
    assert (np.abs(found - means) <= 0.05 * widths + rounding).all()


def test_tables_of_means_of_a_device_are_its_own():
    schema = schema_of(NUMBERS[1])
    devices = random_devices(schema, np.random.default_rng(0))
    means = decode.means(schema, devices)
    some = arrays.take(devices, slice(3, 9))
    whole = dict(decode.tables_of_means(schema, some, means))
    (alone,) = (
        dict(decode.tables_of_means(schema, arrays.take(some, slice(0, 1)), means)),
    )
    for name, rows in alone.items():
        own = pa.compute.equal(whole[name]["guid"], "device-0000001")
        assert rows.equals(whole[name].filter(own))
    assert whole["machines"]["guid"].to_pylist()[-1] == "device-0000006"
