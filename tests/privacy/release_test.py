"""Noise has one door: counted once, added up over processes, saved before use."""

import ast
import pathlib

import jax
import numpy as np
import pytest

from teledp_jax import base
from teledp_jax.privacy import mechanisms, release

PACKAGE = pathlib.Path(release.__file__).parent.parent
SAMPLERS = {"integer_noise", "secure_integer_noise", "seeded_integer_noise"}
DOOR = {"privacy/release.py", "privacy/mechanisms.py"}


def make_context(total=None):
    part = base.Part() if total is None else base.Part(total=total)
    return base.Context(
        base.MemoryStore(),
        lambda *args: None,
        mechanisms.seeded_integer_noise,
        part,
    )


def count(context, exact, name="counts", key=0, sigma=3.0):
    return release.count_once(
        name,
        lambda: np.array(exact),
        key=jax.random.key(key),
        sigma=sigma,
        context=context,
    )


def never():
    raise AssertionError("counted a second time")


def test_counts_get_the_noise_of_their_key():
    noisy = count(make_context(), [[10, 20], [30, 40]])
    expected = mechanisms.seeded_integer_noise(
        jax.random.key(0), np.array([[10, 20], [30, 40]]), 3.0
    )
    np.testing.assert_array_equal(noisy, expected)


def test_counts_are_added_up_over_processes_before_noise():
    alone = count(make_context(), [100, 200])
    both = count(make_context(total=lambda own: 2 * own), [100, 200])
    np.testing.assert_array_equal(both - alone, [100, 200])


def test_what_was_saved_is_read_and_nothing_is_counted():
    context = make_context()
    first = count(context, [5, 6])
    again = release.count_once(
        "counts", never, key=jax.random.key(9), sigma=3.0, context=context
    )
    np.testing.assert_array_equal(first, again)
    assert (count(context, [5, 6], name="other", key=1) != first).any()


def test_counts_are_saved_before_they_are_used():
    class Full(base.MemoryStore):
        def save(self, name, tree):
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        count(make_context()._replace(store=Full()), [1])


def test_vectors_share_one_noise_and_come_back_one_by_one():
    context = make_context()
    ones, twos = release.count_vectors_once(
        "vectors",
        lambda: [np.array([1, 1, 1]), np.array([2, 2])],
        sizes=[3, 2],
        key=jax.random.key(0),
        sigma=3.0,
        context=context,
    )
    flat = count(make_context(), [1, 1, 1, 2, 2])
    np.testing.assert_array_equal(np.concatenate([ones, twos]), flat)
    assert len(ones) == 3


def test_no_vectors_draw_nothing():
    found = release.count_vectors_once(
        "none",
        never,
        sizes=[],
        key=jax.random.key(0),
        sigma=1.0,
        context=make_context(),
    )
    assert found == []


def calls_of_samplers(tree: ast.AST) -> list[int]:
    """Lines that call a sampler, by its name or as a parameter of its type."""
    names = set(SAMPLERS)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            if ast.unparse(node.annotation).endswith("IntegerNoise"):
                names.add(node.arg)
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id in names)
            or (
                isinstance(node.func, ast.Attribute)
                and node.func.attr.lstrip("_") in SAMPLERS | (names - {"noise"})
            )
        )
    ]


def test_the_search_finds_calls_in_every_form():
    for text in (
        "context.integer_noise(key, counts, sigma)",
        "mechanisms.seeded_integer_noise(key, counts, sigma)",
        "self._integer_noise(key, counts, sigma)",
        "def f(noise: base.IntegerNoise):\n    return noise(key, counts, sigma)",
    ):
        assert calls_of_samplers(ast.parse(text)), text
    assert not calls_of_samplers(ast.parse("Context(integer_noise=integer_noise)"))


def test_only_the_door_calls_integer_noise():
    found = {
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if str(path.relative_to(PACKAGE)) not in DOOR
        for line in calls_of_samplers(ast.parse(path.read_text()))
    }
    assert not found


def test_only_the_mechanisms_draw_from_the_library_of_noise():
    users = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "from opendp import" in path.read_text()
    }
    assert users == {"privacy/mechanisms.py"}
