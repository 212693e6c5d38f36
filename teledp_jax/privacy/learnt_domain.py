"""What was learnt of private domains, and the schema that follows from it."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from teledp_jax import schemas

_OTHER = "Other"


class Domain(NamedTuple):
    """What was learnt, safe to release.

    Attributes:
        edges: Bin edges of each number.
        vocabularies: Texts of each vocabulary, the most common first.
        presences: Noisy number of devices of each table, not below 0.
    """

    edges: Mapping[str, tuple[float, ...]]
    vocabularies: Mapping[str, tuple[str, ...]]
    presences: Mapping[str, int]


def apply(schema: schemas.Schema, domain: Domain) -> schemas.Schema:
    """Returns the schema with bins and vocabularies as they were learnt.

    Of a column that was learnt the header's bins or values play no part. Of a
    vocabulary it keeps the text that stands for all others, `Other` where it has none.
    That comes last, after the most common first; in the column that caps a table the
    order is reversed, since the largest codes are kept.

    Args:
        schema: As the headers state it.
        domain: What was learnt.

    Returns:
        What methods see: a function of headers and noisy answers only.
    """
    tables = [
        dataclasses.replace(
            table,
            columns=tuple(_column(table, column, domain) for column in table.columns),
        )
        for table in schema.tables
    ]
    return dataclasses.replace(schema, tables=tuple(tables))


def _column(
    table: schemas.Table, column: schemas.Column, domain: Domain
) -> schemas.Column:
    """A column as it was learnt, or as it is if nothing was."""
    name = f"{table.name}.{column.name}"
    if name in domain.edges:
        return dataclasses.replace(column, edges=domain.edges[name])
    if name not in domain.vocabularies:
        return column
    other = column.other or _OTHER
    texts = [text for text in domain.vocabularies[name] if text != other]
    texts.append(other)
    if column.name == table.cap_by:
        texts.reverse()
    return dataclasses.replace(column, categories=tuple(texts), other=other)


def to_json(domain: Domain) -> dict[str, Any]:
    """Returns a domain as JSON can hold it."""
    return {name: dict(part) for name, part in domain._asdict().items()}


def from_json(saved: Mapping[str, Any]) -> Domain:
    """Returns the domain that `to_json` wrote."""
    return Domain(
        edges={name: tuple(edges) for name, edges in saved["edges"].items()},
        vocabularies={
            name: tuple(texts) for name, texts in saved["vocabularies"].items()
        },
        presences=saved["presences"],
    )
