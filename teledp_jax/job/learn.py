"""Learns private domains: once for all labels, before data are encoded.

Columns that the config calls private have of their header only the meaning, the unit
and, of a number, bounds and scale; bins and vocabularies are what `privacy.domain` says
of them under noise. Columns that the header calls learnt (names of entity tables are,
unless it says no) keep the listed texts, which are public, and get further ones. All
other columns are as public as their header.
"""

import math
import shutil
from typing import Any, NamedTuple

import jax
import numpy as np

from teledp_jax import errors, keys, runs, schemas
from teledp_jax.data import values as values_lib
from teledp_jax.job import checkpoints, secrets, settings, spending
from teledp_jax.privacy import (
    accounting,
    domain,
    events,
    learnt_domain,
    ledger,
    texts,
)

STAGE = "domains"
"""Name of what is read, in ledgers."""


class Inquiry(NamedTuple):
    """States what will be asked and what it costs, before anything is read.

    Attributes:
        questions: The columns, and how finely they are asked.
        mechanism: The noise that fits the share of the budget.
    """

    questions: domain.Questions
    mechanism: domain.Mechanism


def inquire(settings: settings.Settings, schema: schemas.Schema) -> Inquiry | None:
    """States what will be asked about the private columns of a config.

    Args:
        settings: The checked config.
        schema: As the headers state it.

    Returns:
        The inquiry; None if no column is private.

    Raises:
        InputError: If a name is none of the schema's, or the share cannot be met.
    """
    asked, chosen = settings.domains, columns(settings, schema)
    if not chosen:
        return None
    private = _private(settings, schema)
    tables = [table.name for table in schema.tables if table.role != "anchor"]
    questions = domain.Questions(
        numbers={name: part for name, part in chosen.items() if part.is_number},
        vocabularies={
            name: () if name in private else part.categories
            for name, part in chosen.items()
            if not part.is_number
        },
        presences=tables if asked.presence else (),
        num_levels=asked.num_levels,
        max_texts=asked.max_texts,
        max_size=asked.max_size,
    )
    epsilon, delta = settings.budget_of(None)
    mechanism = domain.calibrate(
        questions, epsilon=epsilon, delta=delta, share=asked.share
    )
    return Inquiry(questions, mechanism)


def columns(
    settings: settings.Settings, schema: schemas.Schema
) -> dict[str, schemas.Column]:
    """Finds the columns that are learnt.

    Args:
        settings: The checked config.
        schema: As the headers state it.

    Returns:
        `table.column`, and the column as its header states it.

    Raises:
        InputError: If a name of the config is none of the schema's.
    """
    found = _private(settings, schema)
    if settings.domains.learnt:
        found |= {
            f"{table.name}.{column.name}": column
            for table in schema.tables
            for column in table.columns
            if column.is_learnt
        }
    return found


def _private(
    settings: settings.Settings, schema: schemas.Schema
) -> dict[str, schemas.Column]:
    """The columns that the config calls private, by `table.column`."""
    return {
        f"{table.name}.{column.name}": column
        for name in settings.domains.private
        for table, column in _columns(schema, name)
    }


def _columns(
    schema: schemas.Schema, name: str
) -> list[tuple[schemas.Table, schemas.Column]]:
    """The columns that a name of the config stands for."""
    owner, _, own = name.partition(".")
    tables = [table for table in schema.tables if table.name == owner]
    if not tables:
        known = ", ".join(table.name for table in schema.tables)
        raise errors.InputError(
            f"domains.private: {name!r} is of no table of these workloads; known: "
            f"{known}."
        )
    found = [
        (table, column)
        for table in tables
        for column in table.columns
        if name in (table.name, f"{table.name}.{column.name}")
    ]
    if not found:
        known = ", ".join(column.name for column in tables[0].columns)
        raise errors.InputError(
            f"domains.private: {owner} has no column {own!r}; known: {known}."
        )
    return found


def learn(
    settings: settings.Settings,
    schema: schemas.Schema,
    inquiry: Inquiry,
    run: runs.Run,
    *,
    token: str,
) -> None:
    """Asks device tables, once, and saves the noisy answers before any use.

    The event is in every ledger by now; here it goes into the budget book.

    Args:
        settings: The checked config.
        schema: As the headers state it.
        inquiry: What `inquire` returned.
        run: The run folder, with device tables.
        token: Fingerprint of config and inputs: a run that goes on asks no second time.

    Raises:
        InputError: If the book's cap would be exceeded or a table cannot be read.
    """
    key_file = run.private / "keys" / f"{STAGE}.json"
    folder = run.private / "noisy_domains"
    questions, mechanism = inquiry
    if _saved(run, token) is None:
        public, privacy = secrets.root_keys(
            settings.seed, key_file, token, stream=STAGE
        )
        spending.enter(
            settings,
            run,
            public,
            mechanism.event,
            token=token,
            name=STAGE,
            about="private domains",
        )
        streams = keys.split(public, privacy)
        values = values_lib.read(
            schema,
            run.real,
            numbers=questions.numbers,
            vocabularies=questions.vocabularies,
            presences=questions.presences,
            secret=np.asarray(jax.random.key_data(streams.batch)).tobytes(),
        )
        found = domain.estimate(
            streams.noise,
            questions,
            mechanism,
            values,
            context=secrets.own_context(
                settings.seed, checkpoints.FileStore(folder, token)
            ),
        )
        _save(settings, schema, inquiry, found, run, token)
    key_file.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def part(inquiry: Inquiry, run: runs.Run, token: str) -> ledger.Part:
    """States what the inquiry reads, for the ledger of every label.

    Args:
        inquiry: What `inquire` returned.
        run: The run folder.
        token: As for `learn`. If the answers lie there under it, the event is the one
            that they were bought with, whatever the present code would ask.

    Returns:
        Stage, mechanism and event.
    """
    saved = _saved(run, token)
    event = events.from_json(saved["event"]) if saved else inquiry.mechanism.event
    return (STAGE, "private bins, names and shares of tables", event)


def _saved(run: runs.Run, token: str) -> dict[str, Any] | None:
    """The answers, if they lie there already."""
    saved = runs.read_json(run.domains) if run.domains.exists() else {}
    return saved if saved.get("token") == token else None


def _save(
    settings: settings.Settings,
    schema: schemas.Schema,
    inquiry: Inquiry,
    found: learnt_domain.Domain,
    run: runs.Run,
    token: str,
) -> None:
    """Writes the noisy answers, what they cost by themselves, and sizes for people."""
    learnt_schema = learnt_domain.apply(schema, found)
    sizes = {
        name: {
            "kind": stated.kind,
            "stated": len(stated.categories) or stated.num_bins,
            "learnt": len(own.categories) or own.num_bins,
            "num_texts": len(found.vocabularies.get(name, ())),
        }
        for table in schema.tables
        for stated, own in zip(
            table.columns, learnt_schema.table(table.name).columns, strict=True
        )
        if (name := f"{table.name}.{stated.name}")
        in {**found.edges, **found.vocabularies}
    }
    runs.write_json(
        run.domains,
        {
            "token": token,
            **facts(settings, inquiry),
            "event": events.to_json(inquiry.mechanism.event),
            "num_columns": sum(len(table.columns) for table in schema.tables),
            "sizes": sizes,
            "domain": learnt_domain.to_json(found),
        },
    )


def facts(settings: settings.Settings, inquiry: Inquiry) -> dict[str, Any]:
    """States what is learnt for which part of the budget, for people.

    Args:
        settings: The checked config.
        inquiry: What `inquire` returned.

    Returns:
        `share` of the budget, `epsilon` at `delta` by itself, and `devices`: how many
        devices a text needs, about, by how many texts each of them has.
    """
    delta = settings.domains.share * settings.budget_of(None)[1]
    most = settings.domains.max_texts
    numbers = [number for number in (1, 10, 30, 100) if number <= most]
    own, mechanism = texts.weights(most), inquiry.mechanism
    return {
        "share": settings.domains.share,
        "epsilon": accounting.epsilon_pld(mechanism.event, delta),
        "delta": delta,
        "devices": {
            str(number): math.ceil(mechanism.threshold / own[number])
            for number in numbers
            if inquiry.questions.vocabularies
        },
    }


def learnt(schema: schemas.Schema, run: runs.Run) -> schemas.Schema:
    """Builds the schema that methods see: a function of headers and noisy answers only.

    Raises:
        InputError: If nothing was learnt in this run folder.
    """
    saved = runs.read_json(run.domains)["domain"]
    return learnt_domain.apply(schema, learnt_domain.from_json(saved))
