"""Copies of real rows among released ones: 1 in 100 is found, chance is not."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax.audit import copies
from teledp_jax.privacy import findings
from tests import toys

SCHEMA = toys.schema(
    toys.anchor("devices", toys.category("country", "a", "b", other="b")),
    toys.group("use", toys.number("watts", 1, 8, 64), toys.whole("hours", 1, 5, 10)),
)


@pytest.fixture
def folders(tmp_path):
    """Tables of a fleet, of devices set aside, and of a release without copies."""
    generator = np.random.default_rng(0)
    for name, count in (("real", 3000), ("holdout", 300), ("released", 3000)):
        (tmp_path / name).mkdir()
        guid = pa.array([f"{name}{i}" for i in range(count)])
        country = pa.array(generator.choice(["a", "b"], count).tolist())
        watts = generator.uniform(1, 64, count)
        watts[: count // 3] = 8.0  # a value that devices share
        hours = generator.integers(1, 10, count)
        write(tmp_path / name, "devices", {"guid": guid, "country": country})
        write(tmp_path / name, "use", {"guid": guid, "watts": watts, "hours": hours})
    return {name: tmp_path / name for name in ("released", "real", "holdout")}


def write(folder, name, columns) -> None:
    pq.write_table(pa.table(columns), folder / f"{name}.parquet")


def verdicts(folders) -> list[str]:
    return [row.verdict for row in copies.check(SCHEMA, "pe", **folders)]


def test_rows_that_are_alike_by_chance_are_no_copies(folders):
    assert verdicts(folders) == [findings.SKIPPED, findings.HOLDS]


@pytest.mark.parametrize("noise", [0.0, 1e-6])
def test_one_copy_in_a_hundred_is_found_even_with_a_little_noise(folders, noise):
    released, real = (
        pq.read_table(folders[name] / "use.parquet").to_pylist()
        for name in ("released", "real")
    )
    for number in range(1000, 1030):  # of rows with a value of their own
        row = {**real[number], "guid": released[number]["guid"]}
        released[number] = {**row, "watts": row["watts"] * (1 + noise)}
    pq.write_table(pa.Table.from_pylist(released), folders["released"] / "use.parquet")
    assert verdicts(folders) == [findings.SKIPPED, findings.FAILS]


def test_whole_numbers_are_judged_where_hardly_any_row_repeats(tmp_path):
    schema = toys.schema(toys.anchor("devices", toys.whole("bytes", 1, 10**9)))
    generator = np.random.default_rng(0)
    folders = {}
    for name in ("released", "real", "holdout"):
        folders[name] = tmp_path / name
        folders[name].mkdir()
        sizes = generator.integers(1, 10**9, 1000)
        guid = [f"{name}{i}" for i in range(1000)]
        write(folders[name], "devices", {"guid": guid, "bytes": sizes})
    (row,) = copies.check(schema, "pe", **folders)
    assert row.verdict == findings.HOLDS
    released, real = (
        pq.read_table(folders[name] / "devices.parquet")
        for name in ("released", "real")
    )
    mixed = pa.concat_tables([released.slice(10), real.slice(0, 10)])
    pq.write_table(mixed, folders["released"] / "devices.parquet")
    (row,) = copies.check(schema, "pe", **folders)
    assert row.verdict == findings.FAILS
