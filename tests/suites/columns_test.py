import numpy as np

from teledp_jax.suites import columns


def test_hexadecimal_keeps_the_lowest_digits():
    bits = np.array([0x0123456789ABCDEF, 0x10], dtype=np.uint64)
    assert columns.hexadecimal(bits, num_digits=4).to_pylist() == ["cdef", "0010"]
    assert columns.hexadecimal(bits, num_digits=16).to_pylist() == [
        "0123456789abcdef",
        "0000000000000010",
    ]


def test_identifiers_have_32_digits():
    one = np.array([1], dtype=np.uint64)
    assert columns.identifiers(one, one).to_pylist() == [("0" * 15 + "1") * 2]


def test_text_may_be_null():
    codes = np.array([1, 0])
    column = columns.text(["a", "b"], codes, null=np.array([False, True]))
    assert column.to_pylist() == ["b", None]


def test_an_interval_is_the_local_day():
    utc, offset = np.array([1_735_344_000]), np.array([-6 * 3600])  # 2024-12-28 00:00
    interval = columns.interval(utc, offset)
    assert str(interval["interval_local_start"][0]) == "2024-12-27 00:00:00"
    assert str(interval["interval_start_utc"][0]) == "2024-12-27 06:00:00"
    assert str(columns.moment(utc, offset)["dt"][0]) == "2024-12-27"
