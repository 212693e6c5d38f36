"""Writes the report: one self-contained HTML page beside the files it is made of."""

import base64
import hashlib
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jinja2
import markupsafe

from teledp_jax import runs
from teledp_jax.data import definition
from teledp_jax.report import (
    audits,
    costs,
    distributions,
    downstream,
    embed,
    graded,
    origin,
    overview,
    promise,
    provider,
    quality,
    queries,
    rare,
    run_files,
    tables,
    template,
    verdict,
)


class Addition(NamedTuple):
    """A part of the page that a suite or a study adds.

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


MakeAddition = Callable[[run_files.Inputs, definition.Suite, embed.Draw], Addition]
"""Makes a part from the files of a run and its suite; `Draw` keeps a figure."""


def write(
    run: runs.Run,
    suite: definition.Suite,
    *,
    rates: Sequence[pathlib.Path] = (),
    make_additions: Sequence[MakeAddition] = (),
) -> pathlib.Path:
    """Writes `report.html` and `figures/` from the files of a run folder.

    A section whose files are not there says so.

    Args:
        run: The run folder.
        suite: The suite, for the SQL of its queries and its public schema.
        rates: Data files of the suite's simulator, if it has one.
        make_additions: Make the parts that others add, in order.

    Returns:
        Path of the page.

    Raises:
        InputError: If a file of the run folder cannot be read.
    """
    inputs = run_files.read(run, suite.folder)

    draw = embed.keeper(run.figures)
    additions = [make(inputs, suite, draw) for make in make_additions]
    environment = template.environment(*(part.folder for part in additions))
    page = environment.get_template("report.html.jinja")
    html = page.render(
        additions=additions,
        **script_of(environment),
        **_facts(inputs, suite, rates, draw),
    )
    with runs.atomic(run.report) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return run.report


def script_of(environment: jinja2.Environment) -> dict[str, Any]:
    """Gives a page its script, and the hash by which it allows no other."""
    script = environment.get_template("report.js").render()
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    encoded = base64.b64encode(digest).decode("ascii")
    return {"script": markupsafe.Markup(script), "script_hash": encoded}


def _facts(
    inputs: run_files.Inputs,
    suite: definition.Suite,
    rates: Sequence[pathlib.Path],
    draw: embed.Draw,
) -> dict[str, Any]:
    """Collects what every section shows, by the name that the template uses."""
    return {
        "inputs": inputs,
        "suite": suite,
        "seeded": bool(inputs.config.get("seeded")),
        "overview": overview.section(inputs),
        "promise": promise.section(inputs),
        "audit": audits.section(inputs.audit, set(map(inputs.method, inputs.labels))),
        "domains": promise.domains(inputs),
        "verdict": verdict.section(inputs, draw),
        "ceiling": verdict.ceiling(inputs),
        "graded": graded.section(inputs),
        "queries": queries.section(inputs, draw),
        "columns": distributions.section(inputs, suite, draw),
        "rare": rare.section(inputs, draw),
        "downstream": downstream.section(inputs, draw),
        "costs": costs.costs(inputs, draw),
        "provider": provider.section(inputs),
        "engineering": costs.engineering(inputs),
        "quality": tables.grid(inputs.quality),
        "raw_rows": quality.raw_rows(inputs.quality),
        "assumed": origin.assumed(inputs, suite, rates),
        "reproduce": origin.reproduce(inputs),
    }
