import numpy as np
import pytest

import teledp_jax as teledp
from teledp_jax import arrays, errors
from teledp_jax.job import conditions

SCHEMA = teledp.schema(
    teledp.anchor(
        "laptops",
        {
            "os": teledp.category(["a", "b", "other"], other="other"),
            "ram": teledp.integer(low=1, high=8, bins=8),
            "load": teledp.double(low=0, high=4, bins=4),
        },
    ),
    teledp.entity(
        "apps", {"name": teledp.category(["x", "y"])}, max_rows=2, cap_by="name"
    ),
    device="guid",
)
# os a, b, a; ram 1, 2, 8; load 0, 0.5, absent; apps: x and y, none, y
DEVICES = {
    "laptops": arrays.from_padded(
        np.array([[[1, 2, 1]], [[2, 3, 2]], [[1, 9, 0]]], np.uint8),
        np.ones((3, 1), bool),
    ),
    "apps": arrays.from_padded(
        np.array([[[1], [2]], [[1], [0]], [[2], [0]]], np.uint8),
        np.array([[True, True], [False, False], [True, False]]),
    ),
}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"os": "a"}, [1, 0, 1]),
        ({"os": ["a", "b"]}, [1, 1, 1]),
        ({"os": "a", "ram": 8}, [0, 0, 1]),
        ({"ram": (2, None)}, [0, 1, 1]),
        ({"ram": (None, 2)}, [1, 1, 0]),
        ({"load": (0, 1)}, [1, 1, 0]),
        ({"load": 0}, [1, 0, 0]),
        ({"apps.name": "x"}, [1, 0, 0]),
        ({"apps.name": ["x", "y"], "laptops.os": "a"}, [1, 0, 1]),
    ],
)
def test_devices_that_meet_all_conditions_are_kept(where, found):
    read = conditions.read(SCHEMA, where)
    np.testing.assert_array_equal(
        conditions.holds(read, DEVICES), np.array(found, bool)
    )


@pytest.mark.parametrize(
    ("where", "match"),
    [
        ({"cpu": "a"}, r"no column 'cpu'; name one of the anchor \(os, ram, load\)"),
        ({"apps.cpu": "a"}, "no column 'apps.cpu'"),
        ({"os": "c"}, "os='c' is no value of the column; some are a, b, other"),
        ({"os": 3}, "expected a text or a list"),
        ({"ram": "many"}, "expected a number, or a range"),
        ({"load": (0.2, 0.8)}, "no bin lies inside; the edges are 0, 1, 2, 3, 4"),
        ({"load": -1}, "outside the bounds"),
    ],
)
def test_a_condition_that_means_nothing_is_refused(where, match):
    with pytest.raises(errors.InputError, match=match):
        conditions.read(SCHEMA, where)
