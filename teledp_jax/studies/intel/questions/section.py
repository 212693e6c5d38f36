"""Makes the part of the report that answers the questions of the study."""

import pathlib

from teledp_jax import schemas
from teledp_jax.data import definition
from teledp_jax.report import embed, page, run_files
from teledp_jax.studies.intel.questions import answer, costs, devices, limits, queries

WORKLOAD = "intel"
"""The study's queries; a run without them is not asked its questions."""


def addition(
    inputs: run_files.Inputs, suite: definition.Suite, draw: embed.Draw
) -> page.Addition:
    """Makes the part; see `page.MakeAddition`."""
    del draw
    return page.Addition(
        folder=pathlib.Path(__file__).parent,
        template="questions.html.jinja",
        facts={"answers": answers(inputs, suite.schema)},
        links={"questions": "Open questions"},
    )


def answers(inputs: run_files.Inputs, schema: schemas.Schema) -> list[answer.Answer]:
    """Answers every question that the run has files for.

    Args:
        inputs: The run.
        schema: The public schema of its suite.

    Returns:
        The answers that have numbers, in the order of a reader.
    """
    found = [
        queries.by_type(inputs),
        queries.joins(inputs),
        devices.minorities(inputs),
        devices.downstream(inputs),
        costs.costs(inputs),
        limits.caps(inputs, schema),
        limits.missing(inputs),
    ]
    return [one for one in found if one.grid.rows]
