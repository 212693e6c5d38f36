"""Writes a draft: the folder of a suite with a config, as text that owners edit."""

import json
import pathlib
from collections.abc import Sequence

from teledp_jax import errors
from teledp_jax.authoring import device_tables, questions, reading

WORKLOAD = "first_look"
"""Name of the workload of a draft."""

_ALL = '"id of any table"'  # a name that no raw column has
_FIXED_ROWS = 8  # of a device, for methods of fixed shapes; its author may know better

_CONFIG = '''"""Config of suite {name}, drafted from schemas; it holds no data.

    teledp run --config={config} --workdir=runs/{name}

Read it as the owner of the data: what a header states is public. Every column of
`domains.private` has its bins or values learnt under noise, for a share of the budget;
take a column out once its header states them from documentation.
"""

import pathlib

import ml_collections

from teledp_jax import settings
from teledp_jax.methods import pe_conditional


def get_config() -> ml_collections.ConfigDict:
    """One method at epsilon 4."""
    config = settings.default(str(pathlib.Path(__file__).parent))
    config.source = {source!r}
    config.workloads = ("{workload}",)
    config.budget.epsilon = 4.0  # per device, for all tables together
    config.budget.delta = 1e-6  # far below one over the number of devices
    config.domains.private = (
{private}
    )
    config.methods.pe_conditional = settings.entry(pe_conditional.Config())
    return config.lock()
'''


def write(
    folder: pathlib.Path,
    source: reading.Source,
    tables: Sequence[device_tables.DeviceTable],
) -> list[pathlib.Path]:
    """Writes all files of a draft.

    Args:
        folder: Made here; there must be none.
        source: The raw tables.
        tables: The device tables, the anchor first.

    Returns:
        The files.

    Raises:
        InputError: If the folder exists or cannot be written.
    """
    raw = {table.raw.name: table.raw for table in tables}
    texts = {
        str(pathlib.PurePosixPath("source", one.schema, f"{one.name}.sql")): _source(
            one, one is tables[0].raw
        )
        for one in raw.values()
    }
    texts |= {f"device/{table.name}.sql": _device(table) for table in tables}
    texts |= {
        f"queries/{WORKLOAD}/{one.name}.sql": _query(one)
        for one in questions.ask(tables)
    }
    texts["config.py"] = _CONFIG.format(
        name=folder.resolve().name,
        config=folder / "config.py",
        source=str(source.folder.resolve()),
        workload=WORKLOAD,
        private="\n".join(f'        "{name}",' for name in private(tables)),
    )
    try:
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except FileExistsError:
        raise errors.InputError(
            f"{folder}: exists; name a new folder, or remove this one."
        ) from None
    return [folder / name for name in texts]


def private(tables: Sequence[device_tables.DeviceTable]) -> list[str]:
    """Names the columns whose bins or values are learnt under noise.

    Args:
        tables: The device tables.

    Returns:
        `table.column` of each.
    """
    return [
        f"{table.name}.{column.name}"
        for table in tables
        for column in table.columns
        if column.is_private
    ]


def _source(raw: reading.RawTable, is_anchor: bool) -> str:
    """The file of a raw table."""
    columns = [raw.device, *raw.columns]
    lines = [
        f"about: {_text(raw.about or f'Rows of {raw.name}.')}",
        f"role: {'devices' if is_anchor else 'event'}",
        f"device: {_text(raw.device.name)}",
        *([f"time: {_text(raw.time.name)}"] if raw.time is not None else []),
        "columns:",
        *(f"  {_text(c.name)}: {_text(c.words.about or c.name)}" for c in columns),
        *(f"# left out: {_plain(f'{n}: {why}')}" for n, why in raw.left_out.items()),
    ]
    types = ",\n".join(f"  {device_tables.quoted(c.name)} {c.type}" for c in columns)
    name = device_tables.quoted(raw.name)
    return _file(lines, f"CREATE TABLE {name} (\n{types}\n)")


def _device(table: device_tables.DeviceTable) -> str:
    """The file of a device table."""
    read = table.all_raw or [table.raw]
    lines = [
        f"role: {table.role}",
        f"grain: {_text(table.grain)}",
        f"reads: [{', '.join(_text(raw.name) for raw in read)}]",
        f"device: {table.device}",
    ]
    if table.role == "entity":
        item = table.columns[0].name
        lines += [
            "# max_rows is a wide limit that guards memory. Methods of fixed shapes",
            "# read fixed_rows rows, those with the largest cap_by: state what most",
            "# devices have.",
            f"max_rows: {table.max_rows}",
            f"fixed_rows: {_FIXED_ROWS}",
            f"cap_by: {table.cap_by}",
            f"unique: [{item}]",
        ]
    lines.append("columns:")
    for column in table.columns:
        lines += _column(column)
    return _file(lines, _select(table))


def _select(table: device_tables.DeviceTable) -> str:
    """The statement of a device table."""
    own = _id(table.raw)
    source = device_tables.quoted(table.raw.name)
    where, group = [f"{own} IS NOT NULL"], [own]
    if table.all_raw:
        ids = "\n  UNION\n".join(
            f"  SELECT {_id(raw)} AS {_ALL} FROM {device_tables.quoted(raw.name)}"
            for raw in table.all_raw
        )
        source = f"(\n{ids}\n)\nLEFT JOIN {source} ON {own} = {_ALL}"
        where, group, own = [f"{_ALL} IS NOT NULL"], [_ALL], _ALL
    if table.role == "entity":
        group.append(table.columns[0].sql)
        where.append(f"{table.columns[0].sql} IS NOT NULL")
    columns = [f"{own} AS {table.device}"]
    columns += [f"{column.sql} AS {column.name}" for column in table.columns]
    return (
        "SELECT\n  "
        + ",\n  ".join(columns)
        + f"\nFROM {source}\nWHERE {' AND '.join(where)}\nGROUP BY {', '.join(group)}"
    )


def _id(raw: reading.RawTable) -> str:
    """The id of a raw table's rows, as text."""
    return f"CAST({device_tables.quoted(raw.device.name)} AS VARCHAR)"


def _column(column: device_tables.Column) -> list[str]:
    """The lines of a column of a device table."""
    about = _text(column.about)
    if column.span is None:
        if column.values:
            values = [*column.values, "Other"]
            stated = ", ".join(_text(value) for value in dict.fromkeys(values))
            return [
                f"  {column.name}:",
                f"    {{kind: category, values: [{stated}], other: Other,",
                f"    about: {about}}}",
            ]
        return [
            "  # Learnt under noise. If documentation lists the values, state them and",
            "  # take the column out of domains.private.",
            f"  {column.name}:",
            f"    {{kind: category, values: [Other], other: Other, about: {about}}}",
        ]
    low, high, scale, unit, reason = column.span
    public = column.span.num_public_bins(column.kind)
    note = f"  # Bounds: {_plain(reason)}."
    if public is None:
        note += " Bins are learnt; tighten the bounds if you can."
    return [
        note,
        f"  {column.name}:",
        f"    {{kind: {column.kind}, unit: {_text(unit)}, low: {low:.12g}, "
        f"high: {high:.12g},",
        f"    bins: {public or 16}, scale: {scale}, about: {about}}}",
    ]


def _query(asked: questions.Question) -> str:
    """The file of a query."""
    lines = [
        f"question: {_text(asked.question)}",
        f"codename: {asked.codename}",
        f"type: {asked.kind}",
        *(["rare: true"] if asked.is_rare else []),
        f"tables: [{', '.join(asked.tables)}]",
        f"keys: [{', '.join(asked.keys)}]",
        "devices: num_devices",
        "values:",
    ]
    for name, (metric, threshold) in asked.values.items():
        lines.append(f"  {name}: {{metric: {metric}, threshold: {threshold:g}}}")
    return _file(lines, asked.statement)


def _file(lines: Sequence[str], statement: str) -> str:
    """A header and a statement."""
    return "/*\n" + "\n".join(lines) + f"\n*/\n{statement}\n"


def _text(text: str) -> str:
    """A text as YAML takes it whole, without the end of a comment."""
    return json.dumps(_plain(text), ensure_ascii=False)


def _plain(text: str) -> str:
    """A text on one line that does not end the header."""
    return " ".join(text.split()).replace("*/", "* /")
