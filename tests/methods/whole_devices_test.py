"""Fleets at the edge of what whole devices may be, fitted and drawn by `chain`."""

import jax
import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax.marginals import clipped, plans, vectors
from teledp_jax.methods import chain
from tests import toys


def schema_of(app, rows):
    """An anchor and a table of apps."""
    uses = toys.whole("uses", 1, 2, 4, 8)
    apps = toys.entity("apps", app, uses, rows=rows, by="uses", unique=("app",))
    return toys.schema(toys.anchor("base", toys.KIND), apps)


def fleet(schema, num_rows, seed=0):
    """Devices with random apps, so many rows each."""
    generator = np.random.default_rng(seed)
    total = int(num_rows.sum())
    app, uses = (column.num_codes for column in schema.table("apps").columns)
    codes = np.stack(
        [generator.integers(1, app, total), generator.integers(1, uses, total)], axis=1
    )
    kinds = generator.integers(1, 4, (len(num_rows), 1))
    return {
        "base": arrays.TableArrays(
            kinds.astype(np.uint8), np.arange(len(num_rows) + 1)
        ),
        "apps": arrays.TableArrays(
            codes.astype(arrays.code_dtype(max(app, uses))), arrays.edges(num_rows)
        ),
    }


def drawn(schema, devices, count):
    """A fit at epsilon 4 and as many devices drawn from it."""
    budget = toys.budget(4.0, num_devices=count)
    method = chain.make(chain.Config(), schema, budget)
    fitted = method.fit(toys.KEYS, devices, toys.context())
    made = method.sample(jax.random.key(2), fitted, count)
    arrays.check(schema, made)
    return made


_NAMES = [f"app{number:05}" for number in range(20_000)]


@pytest.mark.parametrize(
    ("app", "own"),
    [
        (toys.category("app", "p", "q", "Other", other="Other"), 65_535),
        (toys.category("app", *_NAMES, "Other", other="Other"), 20_000),
    ],
    ids=["rows", "names"],
)
def test_a_device_of_any_size_is_clipped_like_the_others(app, own):
    schema = schema_of(app, 65_535)
    plan = plans.plan(schema, ())
    one = fleet(schema, np.array([own]))
    if own == 20_000:
        one["apps"].codes[:, 0] = np.arange(1, own + 1)
    sums = vectors.sums(schema, plan, one, norm=float(vectors.norms(plan)[0]))
    assert 0 < (sums**2).sum() <= clipped.STEPS**2


def test_a_table_where_nobody_has_two_rows_is_drawn_so():
    schema = schema_of(toys.category("app", "p", "q", "Other", other="Other"), 500)
    made = drawn(schema, fleet(schema, np.arange(2000) % 2), 2000)
    counts = np.bincount(arrays.num_rows(made["apps"]), minlength=3)
    assert abs(counts[1] - 1000) < 100
    assert counts[2:].sum() < 100


def test_a_vocabulary_that_noise_leaves_empty_holds_what_stands_for_all():
    schema = schema_of(toys.category("app", "Other", other="Other"), 8)
    made = drawn(schema, fleet(schema, np.full(1000, 3)), 1000)
    assert (made["apps"].codes[:, 0] == 1).mean() > 0.98
    assert abs(arrays.num_rows(made["apps"]).mean() - 3) < 0.5


def test_a_name_that_is_the_empty_text_is_a_name():
    schema = schema_of(toys.category("app", "", "q", "Other", other="Other"), 8)
    devices = fleet(schema, np.full(1000, 1))
    devices["apps"].codes[:, 0] = 1
    made = drawn(schema, devices, 1000)
    assert (made["apps"].codes[:, 0] == 1).mean() > 0.95
