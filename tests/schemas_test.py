import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teledp_jax import arrays, errors, schemas
from teledp_jax.data import array_files, headers
from tests import toys


def parse(**fields):
    return headers.column("x", fields, {"letters": ["a", "b"]})


def test_codes_are_absent_zero_then_bins():
    column = parse(kind="integer", low=1, high=8, bins=3, scale="log")
    assert column.edges == (1.0, 2.0, 4.0, 9.0)
    assert column.num_codes == 5
    assert [column.code_of(v) for v in (None, 0.0, 1.0, 2.0, 3.0, 4.0, 8.0)] == [
        0,
        1,
        2,
        3,
        3,
        4,
        4,
    ]
    assert column.labels() == ("absent", "zero", "1", "2 to 4", "4 to 9")
    assert column.bounds == (1.0, 8.0)


def test_values_outside_are_clamped_and_impossible_ones_absent():
    column = parse(kind="double", edges=[1, 2, 4], zero=False)
    values = (0.0, -5.0, 1e9, float("nan"), float("inf"))
    assert [column.code_of(v) for v in values] == [1, 0, 2, 0, 0]
    signed = parse(kind="double", edges=[-1, 2, 4])
    assert [signed.code_of(v) for v in values] == [1, 1, 2, 0, 0]


def test_a_category_has_a_code_for_each_value():
    column = parse(kind="category", values="letters", other="b")
    assert [column.code_of(v) for v in ("a", "b", "zzz", None)] == [1, 2, 2, 0]
    closed = parse(kind="category", values=["a"])
    assert closed.code_of("zzz") == 0


@given(
    low=st.integers(1, 1000), span=st.integers(1, 10**6), bins=st.integers(1, 40),
    scale=st.sampled_from(["linear", "log"]),
)  # fmt: skip
def test_whole_bins_cover_the_range_once(low, span, bins, scale):
    edges = schemas.spaced_edges(
        float(low), float(low + span), bins, scale=scale, whole=True
    )
    assert edges[0] == low
    assert edges[-1] == low + span + 1
    assert len(edges) <= bins + 1
    assert all(edge == int(edge) for edge in edges)
    assert list(edges) == sorted(set(edges))


TABLES = toys.schema(
    toys.anchor("a", parse(kind="double", edges=[1, 2])),
    toys.entity("e", parse(kind="category", values="letters"), rows=2, by="x"),
)


def test_heads_are_row_counts_and_columns_in_order():
    heads = [(h.table, h.row, h.num_codes) for h in TABLES.heads]
    assert heads == [("a", 0, 3), ("e", -1, 3), ("e", 0, 3), ("e", 1, 3)]


@pytest.mark.parametrize(
    ("rows", "fixed", "asked", "found"),
    [(40, 0, 0, 16), (40, 3, 0, 3), (40, 3, 30, 30), (5, 0, 0, 5), (5, 0, 99, 5)],
)
def test_methods_of_fixed_shapes_read_few_rows(rows, fixed, asked, found):
    apps = toys.entity("apps", toys.SIZE, rows=rows, fixed=fixed, by="size")
    schema = toys.schema(toys.anchor("base", toys.KIND), apps)
    narrow = schema.narrowed(asked)
    assert narrow.max_rows == {"base": 1, "apps": found}
    assert narrow.narrowed(asked) == narrow


@pytest.mark.parametrize(("rows", "fixed"), [(0, 0), (65_536, 0), (5, 6), (5, -1)])
def test_limits_on_rows_are_checked(rows, fixed):
    with pytest.raises(errors.InputError, match="_rows in 1"):
        toys.entity("apps", toys.SIZE, rows=rows, fixed=fixed, by="size")


def test_flatten_and_unflatten_are_inverse_and_drop_what_does_not_exist():
    codes = np.array([[1, 0, 2, 1], [0, 1, 2, 1], [1, 2, 0, 1]], np.uint8)
    devices = arrays.unflatten(TABLES, codes)
    arrays.check(TABLES, devices)
    assert devices["e"].offsets.tolist() == [0, 0, 1, 3]
    expected = [[1, 0, 0, 0], [0, 1, 2, 0], [1, 2, 0, 1]]
    assert arrays.flatten(TABLES, devices).tolist() == expected
    assert arrays.exists(TABLES, codes).tolist() == [
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]


@pytest.mark.parametrize("fault", ["code", "offsets", "shape", "anchor"])
def test_a_broken_bound_is_found_on_the_arrays(fault):
    devices = arrays.unflatten(TABLES, np.array([[1, 2, 1, 1]], np.uint8))
    codes, offsets = (array.copy() for array in devices["e"])
    if fault == "code":
        codes[0, 0] = 3
    elif fault == "offsets":
        offsets[0] = 1
    elif fault == "shape":
        codes = codes[:1]
    else:
        devices["a"] = arrays.TableArrays(devices["a"].codes[:0], np.zeros(2, np.int64))
    devices["e"] = arrays.TableArrays(codes, offsets)
    with pytest.raises(ValueError, match="Table"):
        arrays.check(TABLES, devices)


def test_arrays_are_read_back(tmp_path):
    devices = arrays.unflatten(TABLES, np.array([[1, 2, 1, 1], [1, 0, 0, 0]], np.uint8))
    array_files.save(tmp_path, devices)
    loaded = array_files.load(tmp_path, TABLES)
    for name in devices:
        assert (loaded[name].codes == devices[name].codes).all()
        assert (loaded[name].offsets == devices[name].offsets).all()


def _fleet(*rows):
    return arrays.unflatten(TABLES, np.array(rows, np.uint8).reshape(-1, 4))


@pytest.mark.parametrize("start, stop", [(0, 3), (0, 1), (1, 3), (2, 9), (3, 3)])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_range_of_devices_is_read_from_one_folder_or_from_parts(
    tmp_path, start, stop, parts
):
    rows = ([1, 2, 1, 1], [1, 0, 0, 0], [2, 1, 2, 0])
    if parts == 1:
        array_files.save(tmp_path, _fleet(*rows))
    else:
        array_files.save(tmp_path / "part-00000", _fleet(*rows[:2]))
        array_files.save(tmp_path / "part-00001", _fleet())
        array_files.save(tmp_path / "part-00002", _fleet(*rows[2:]))
    assert array_files.stored_devices(tmp_path, TABLES) == 3
    whole, cut = _fleet(*rows), _fleet(*rows[start:stop])
    for expected, found in (
        (whole, array_files.load(tmp_path, TABLES)),
        (cut, array_files.load_range(tmp_path, TABLES, start, stop)),
    ):
        for name in expected:
            np.testing.assert_array_equal(found[name].codes, expected[name].codes)
            np.testing.assert_array_equal(found[name].offsets, expected[name].offsets)
