"""Tells Sphinx how to build the documentation: `make docs`."""

import importlib.metadata
import re
from typing import Any

project = "teledp_jax"
release = importlib.metadata.version("teledp_jax")
author = "the teledp_jax authors"
project_copyright = author

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",  # pages of the API, one per module, in docs/api/
    "sphinx.ext.napoleon",
]
templates_path = ["_templates"]
html_theme = "furo"
html_title = "teledp_jax"

# Docstrings write code between single backticks.
default_role = "code"
autodoc_default_options = {"members": True, "show-inheritance": False}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_attr_annotations = False  # shapes, as "*rows", would be read as markup
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # attributes of a docstring do not describe a member twice

myst_heading_anchors = 3


def _escape(
    app: Any, what: str, name: str, item: Any, options: Any, lines: list[str]
) -> None:
    """Escapes what reStructuredText would read as markup: docstrings are plain text."""
    parts = re.split(r"(`[^`]*`)", "\n".join(lines))  # odd parts are code
    parts[::2] = [re.sub(r"([*|])", r"\\\1", part) for part in parts[::2]]
    lines[:] = "".join(parts).split("\n")


def setup(app: Any) -> None:
    """Runs `_escape` before docstrings are parsed."""
    app.connect("autodoc-process-docstring", _escape, priority=100)
