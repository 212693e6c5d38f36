"""Noisy marginals as shares that weights of records should meet."""

import numpy as np

from teledp_jax import schemas
from teledp_jax.marginals import margins

KIND = schemas.Column(name="kind", kind="category", categories=("a", "b"))
SCHEMA = schemas.Schema(
    suite="tiny",
    device="guid",
    tables=(
        schemas.Table(name="base", role="anchor", grain="g", columns=(KIND,)),
        schemas.Table(
            name="apps",
            role="entity",
            grain="app",
            columns=(KIND,),
            max_rows=2,
            cap_by="kind",
        ),
    ),
)
MODEL = {  # shares by bucket of the number of rows and code
    "base/kind": np.array([[0.0, 0.25, 0.75]]),
    "apps/rows": np.array([[0.5, 0.3, 0.2]]),
    "apps/kind": np.array([[0.0, 1.0, 0.0], [0.0, 0.5, 0.5]]),
}
# kind of the device; number of apps; kind of each app.
CODES = np.array([[1, 0, 0, 0], [2, 1, 1, 0], [2, 2, 2, 1]])


def test_each_record_lies_in_the_cells_of_its_codes():
    kind, rows, app = margins.one_way(SCHEMA, MODEL, CODES)
    assert kind[0].tolist() == [[1], [2], [2]]
    assert rows[0].tolist() == [[0], [1], [2]]
    # Two buckets of three codes; cell 6 is for devices without an app.
    assert app[0].tolist() == [[6, -1], [1, -1], [5, 4]]


def test_shares_are_of_all_devices():
    kind, rows, app = margins.one_way(SCHEMA, MODEL, CODES)
    np.testing.assert_allclose(kind[1], [0.0, 0.25, 0.75, 0.0])
    np.testing.assert_allclose(rows[1], [0.5, 0.3, 0.2])
    np.testing.assert_allclose(app[1], [0.0, 0.3, 0.0, 0.0, 0.1, 0.1, 0.5])
    for _, shares in (kind, rows, app):
        assert np.isclose(shares.sum(), 1.0)
