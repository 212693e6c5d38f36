"""What a release says of itself, held to the real answers."""

import pyarrow as pa
import pyarrow.parquet as pq

from teledp_jax.report import graded, run_files, texts


def test_intervals_and_grades_are_held_to_the_real_answers(run, suite):
    inputs = run_files.read(run, suite.folder)
    assert graded.section(inputs).rows == ()
    rows = [
        # Real is 1,234.5 in all groups; dpsgd_vae has HP right, Dell wrong.
        {"group_key": '{"vendor": "Dell"}', "low": 1000.0, "high": 1300.0},
        {"group_key": '{"vendor": "HP"}', "low": 1300.0, "high": 1400.0},
        {"group_key": '{"vendor": "of no real device"}', "low": 0.0, "high": 9e9},
    ]
    grades = ("use", "use", "avoid")
    path = run.trust("dpsgd_vae") / "trust.parquet"
    path.parent.mkdir(parents=True)
    common = {"query": "crash_by_vendor", "column": "num_devices"}
    found = [
        row | common | {"grade": grade} for row, grade in zip(rows, grades, strict=True)
    ]
    pq.write_table(pa.Table.from_pylist(found), path)
    assert graded.section(inputs).rows == (
        ("dpsgd_vae", "2", "50 %", "1 of 2", texts.NOTHING, texts.NOTHING),
    )
