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
        vocabularies: Texts of each vocabulary, beside public ones, the most common
            first.
        open: Names of vocabularies whose public texts stay beside these.
        presences: Noisy number of devices of each table, not below 0.
    """

    edges: Mapping[str, tuple[float, ...]]
    vocabularies: Mapping[str, tuple[str, ...]]
    open: frozenset[str]
    presences: Mapping[str, int]


def apply(schema: schemas.Schema, domain: Domain) -> schemas.Schema:
    """Returns the schema with bins and vocabularies as they were learnt.

    Of a private column the header's bins or values play no part. Of a vocabulary it
    keeps the text that stands for all others, `Other` where it has none. That comes
    last, after the most common first; in the column that caps a table the order is
    reversed, since the largest codes are kept. An open vocabulary keeps the header's
    texts, in their order, on the other side of what was learnt.

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
    is_open = name in domain.open
    stated = [text for text in column.categories if is_open and text != other]
    known = {*stated, other}
    own = [text for text in domain.vocabularies[name] if text not in known]
    del own[schemas.MOST_CODES - 1 - len(known) :]
    if column.name == table.cap_by:
        texts = [other, *reversed(own), *stated]
    else:
        texts = [*stated, *own, other]
    return dataclasses.replace(column, categories=tuple(texts), other=other)


def num_names(domain: Domain) -> int:
    """Counts the texts that were learnt, of all vocabularies."""
    return sum(len(texts) for texts in domain.vocabularies.values())


def to_json(domain: Domain) -> dict[str, Any]:
    """Returns a domain as JSON can hold it."""
    return {
        "edges": dict(domain.edges),
        "vocabularies": dict(domain.vocabularies),
        "open": sorted(domain.open),
        "presences": dict(domain.presences),
    }


def from_json(saved: Mapping[str, Any]) -> Domain:
    """Returns the domain that `to_json` wrote."""
    return Domain(
        edges={name: tuple(edges) for name, edges in saved["edges"].items()},
        vocabularies={
            name: tuple(texts) for name, texts in saved["vocabularies"].items()
        },
        open=frozenset(saved["open"]),
        presences=saved["presences"],
    )
