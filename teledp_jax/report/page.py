"""The report: one self-contained HTML page beside the files that it is made of."""

import base64
import pathlib
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jinja2

from teledp_jax import runs
from teledp_jax.data import suite as suite_lib
from teledp_jax.report import audits, costs, provider, questions, sections, tables
from teledp_jax.report import inputs as inputs_lib

_NUMBER = re.compile(
    r"([\u2713\u2717] )?-?[\d.,]+(e[+-]?\d+)?( (%|s|min|[KMG]iB|B|of \d+))?( \(.*\))?"
    r"|[\u2013\u221e]"
)


class Figure(NamedTuple):
    """A figure as the page embeds it: a data URI, and what it shows in words."""

    src: str
    alt: str


class Addition(NamedTuple):
    """A part of the page that a suite adds.

    Attributes:
        folder: Where `template` lies.
        template: Name of a Jinja template; it is rendered with `facts`.
        facts: What it shows.
        links: Anchor of each of its sections to its title, for the contents.
    """

    folder: pathlib.Path
    template: str
    facts: Mapping[str, Any]
    links: Mapping[str, str]


MakeAddition = Callable[[inputs_lib.Inputs, sections.Draw], Addition]
"""Makes the part of a suite from a run's files; `Draw` keeps a figure."""


def write(
    run: runs.Run,
    suite: suite_lib.Suite,
    *,
    rates: pathlib.Path | None = None,
    make_addition: MakeAddition | None = None,
) -> pathlib.Path:
    """Writes `report.html` and `figures/` from the files of a run folder.

    A section whose files are not there says so.

    Args:
        run: The run folder.
        suite: The suite, for the SQL of its queries and its public schema.
        rates: Data file of the suite's simulator, if it has one.
        make_addition: Makes the part that the suite adds, if it has one.

    Returns:
        Path of the page.

    Raises:
        InputError: If a file of the run folder cannot be read.
    """
    inputs = inputs_lib.read(run, suite.folder)

    def draw(name: str, svg: str, alt: str) -> Figure:
        with runs.atomic(run.figures / f"{name}.svg") as temporary:
            temporary.write_text(svg, encoding="utf-8")
        encoded = base64.b64encode(svg.encode()).decode()
        return Figure(src=f"data:image/svg+xml;base64,{encoded}", alt=alt)

    addition = None if make_addition is None else make_addition(inputs, draw)
    html = (
        _environment(addition)
        .get_template("report.html.jinja")
        .render(
            inputs=inputs,
            suite=suite,
            seeded=bool(inputs.config.get("seeded")),
            references=inputs_lib.REFERENCES,
            promise=sections.promise(inputs),
            audit=audits.section(inputs.audit, set(map(inputs.method, inputs.labels))),
            domains=sections.domains(inputs),
            verdict=sections.verdict(inputs, draw),
            summary=sections.summary(inputs),
            ceiling=sections.ceiling(inputs),
            questions=questions.answers(inputs, suite.schema),
            addition=addition,
            queries=sections.queries(inputs, draw),
            columns=sections.columns(inputs, suite, draw),
            rare=sections.rare(inputs, draw),
            downstream=sections.downstream(inputs, draw),
            costs=costs.costs(inputs, draw),
            provider=provider.section(inputs),
            engineering=costs.engineering(inputs),
            quality=tables.grid(inputs.quality),
            assumed=sections.assumed(inputs, suite, rates),
            reproduce=sections.reproduce(inputs),
        )
    )
    with runs.atomic(run.report) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return run.report


def _environment(addition: Addition | None) -> jinja2.Environment:
    """Templates with everything shown escaped, and a missing name an error."""
    loaders: list[jinja2.BaseLoader] = [jinja2.PackageLoader("teledp_jax.report")]
    if addition is not None:
        loaders.append(jinja2.FileSystemLoader(addition.folder))
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "anchor": sections.anchor,
        "epsilon": tables.epsilon,
        "heading": tables.heading,
        "numeric": _numeric,
        "show": tables.show,
    }
    environment.tests["number"] = lambda text: bool(_NUMBER.fullmatch(str(text)))
    return environment


def _numeric(grid: tables.Grid) -> list[bool]:
    """Whether each column of a table holds a number, so that it is set to the right."""
    return [
        any(_NUMBER.fullmatch(text) for text in column)
        for column in zip(*grid.rows, strict=True)
    ]
