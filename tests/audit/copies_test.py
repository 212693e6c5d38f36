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


def test_one_copy_in_a_hundred_is_found(folders):
    released, real = (
        pq.read_table(folders[name] / "use.parquet").to_pylist()
        for name in ("released", "real")
    )
    for number in range(1000, 1030):  # of rows with a value of their own
        released[number] = {**real[number], "guid": released[number]["guid"]}
    pq.write_table(pa.Table.from_pylist(released), folders["released"] / "use.parquet")
    assert verdicts(folders) == [findings.SKIPPED, findings.FAILS]
