import functools

import pyarrow.parquet as pq

from teledp_jax import runs
from teledp_jax.data import device_files, encode, references
from tests.data.raw import run_aggregate


def reader(run: runs.Run) -> references.Read:
    return functools.partial(device_files.read_table, run.real)


def ids(folder) -> list[str]:
    return pq.read_table(folder / "machines.parquet")["guid"].to_pylist()


def test_halves_part_the_fleet_and_the_ceiling_has_its_size(suite, source, tmp_path):
    run, _ = run_aggregate(suite, source, tmp_path)
    devices = encode.encode(suite.schema, run.real).devices
    references.write(suite.schema, run, devices, reader(run))
    first, second = ids(run.half("first")), ids(run.half("second"))
    assert len(first) == len(second) == 20
    assert sorted(first + second) == ids(run.real)
    assert first != ids(run.real)[:20]
    assert len(ids(run.ceiling)) == 40
    crashed = [
        len(pq.read_table(run.half(which) / "crashes.parquet"))
        for which in ("first", "second")
    ]
    assert sorted(crashed) == [0, 1]


def test_the_ceiling_encodes_to_the_codes_of_the_fleet(suite, source, tmp_path):
    run, _ = run_aggregate(suite, source, tmp_path)
    devices = encode.encode(suite.schema, run.real).devices
    references.write(suite.schema, run, devices, reader(run))
    again = encode.encode(suite.schema, run.ceiling).devices
    assert isinstance(run, runs.Run)
    for name, table in devices.items():
        assert (table.codes == again[name].codes).all()
