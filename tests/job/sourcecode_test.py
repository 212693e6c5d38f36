"""Of a file only what can change a result counts."""

import pytest

from teledp_jax.job import sourcecode

PLAIN = b"""import os
from a.b import c
def f(x):
    return f"{x!r:#>4}" + 'a # b' + x
class E(Exception):
    y: int = 1
"""
WORDS = """\
# What it is for.
'''Docstring with a # in it.'''
import os  # comment: "text"
from a.b import c

def f(x):
    '''Says, in é, # what it does.

    Not a # comment.
    '''
    return f"{x!r:#>4}" + 'a # b' + x # end

class E(Exception):
    '''An error.'''
    y: int = 1
    "What y is."
""".encode()


def test_comments_docstrings_and_blank_lines_are_left_out():
    assert sourcecode.read(WORDS) == sourcecode.read(PLAIN)
    assert sourcecode.read(PLAIN).code == PLAIN.strip()


def test_blank_lines_of_a_text_count():
    one, other = (b"x = '''a\n" + blank + b"b'''\n" for blank in (b"", b"\n"))
    assert sourcecode.read(one).code != sourcecode.read(other).code


@pytest.mark.parametrize("change", [(b"a # b", b"a # c"), (b"= 1", b"= 2")])
def test_texts_and_code_count(change):
    assert sourcecode.read(PLAIN.replace(*change)).code != sourcecode.read(PLAIN).code


def test_imports_name_modules_and_members():
    assert sourcecode.read(PLAIN).imports == ("os", "a.b.c")
