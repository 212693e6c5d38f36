"""Keeps a figure as a file of the run folder and as a part of the page."""

import pathlib
from collections.abc import Callable
from typing import NamedTuple

import markupsafe

from teledp_jax import runs


class Figure(NamedTuple):
    """A figure as the page embeds it.

    Attributes:
        svg: The drawing itself, whose texts are escaped.
        alt: What it shows, in words.
    """

    svg: markupsafe.Markup
    alt: str


Draw = Callable[[str, str, str], Figure]
"""Keeps a figure: takes its name, its SVG and what it shows in words."""


def keeper(folder: pathlib.Path) -> Draw:
    """Makes a `Draw` that writes each figure into a folder.

    Args:
        folder: Gets `<name>.svg`.

    Returns:
        A function that writes a figure and returns what the page embeds.
    """

    def draw(name: str, svg: str, alt: str) -> Figure:
        with runs.atomic(folder / f"{name}.svg") as temporary:
            temporary.write_text(svg, encoding="utf-8")
        return Figure(svg=markupsafe.Markup(svg), alt=alt)

    return draw
