"""Sets up the templates of pages and cards."""

import pathlib

import jinja2

from teledp_jax.report import tables, texts


def environment(*folders: pathlib.Path, autoescape: bool = True) -> jinja2.Environment:
    """Makes an environment of the report's templates and those of other folders.

    Args:
        folders: Searched after the report's own.
        autoescape: Whether everything shown is escaped for HTML.

    Returns:
        An environment in which a missing name is an error.
    """
    loaders: list[jinja2.BaseLoader] = [jinja2.PackageLoader("teledp_jax.report")]
    loaders += [jinja2.FileSystemLoader(folder) for folder in folders]
    found = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "anchor": texts.anchor,
        "cell": lambda text: str(text).replace("|", "\\|"),  # of a Markdown table
        "domain": texts.domain,
        "epsilon": texts.epsilon,
        "heading": texts.heading,
        "numeric": tables.numeric,
        "percent": texts.percent,
        "plain": texts.plain,
        "show": texts.show,
    }
    found.tests["number"] = texts.is_number
    return found
