"""How Sphinx builds the documentation: `make docs`."""

import teledp_jax

project = "teledp_jax"
release = getattr(teledp_jax, "__version__", "")
author = "the teledp_jax authors"
project_copyright = author

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "teledp_jax"
exclude_patterns = ["_build"]

# Docstrings write code between single backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True, "show-inheritance": False}
napoleon_numpy_docstring = False

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
