import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, schemas
from teledp_jax.job import drawing

SCHEMA = schemas.Schema(
    suite="tiny",
    device="guid",
    tables=(
        schemas.Table(
            name="devices",
            role="anchor",
            grain="",
            columns=(schemas.Column(name="x", kind="category", categories=("a",)),),
        ),
    ),
)


def make(code=1):
    def sample(key, fitted, count):
        drawn = jax.random.randint(key, (count, 1), 0, code + 1)
        return arrays.unflatten(SCHEMA, np.asarray(drawn) // code * code)

    return base.Synthesizer(event=None, fit=None, sample=sample, facts={})


def test_a_key_repeats_devices_and_decoding():
    key = jax.random.key(1)
    first, second = (drawing.draw(make(), SCHEMA, {}, key, 40) for _ in range(2))
    other = drawing.draw(make(), SCHEMA, {}, jax.random.key(2), 40)
    codes = [draw[0]["devices"].codes for draw in (first, second, other)]
    assert (codes[0] == codes[1]).all() and (codes[0] != codes[2]).any()
    numbers = [draw[1].random() for draw in (first, second, other)]
    assert numbers[0] == numbers[1] != numbers[2]


def test_a_method_that_breaks_the_schema_is_found():
    with pytest.raises(ValueError, match="outside of its domain"):
        drawing.draw(make(code=2), SCHEMA, {}, jax.random.key(0), 40)
