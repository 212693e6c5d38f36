"""Whatever a file holds, it is read as it is meant or refused in one clear line.

A few cases run with the other tests; thousands with
python -m pytest tests/data/malformed_test.py --hypothesis-profile=long \
    --hypothesis-show-statistics
"""

import copy
import pathlib
import shutil

import hypothesis
import pyarrow as pa
import pyarrow.parquet
import pytest
import yaml
from hypothesis import strategies as st

from teledp_jax import arrays, errors, runs
from teledp_jax.data import aggregate, definition, encode, headers, sqlfile
from teledp_jax.data import suite as suite_lib
from teledp_jax.job import checkpoints
from teledp_jax.privacy import book
from teledp_jax.queries import catalog, dry_run
from teledp_jax.suites.eventlog import log
from tests import paths

QUERY = paths.SQL / "flights/queries/operations/weather_by_carrier_pivot.sql"


def cases(share: int):
    """Settings: all of the profile's examples, or one in `share`."""
    default = hypothesis.settings.default
    return hypothesis.settings(
        max_examples=max(default.max_examples // share, 1),
        deadline=None,
        derandomize=default.max_examples <= 100,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


class Refused:
    """Takes a refusal in one line that names one of some texts; nothing else."""

    def __init__(self, *texts: object) -> None:
        self._texts = texts

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind, error, trace) -> bool:
        if not isinstance(error, errors.InputError):
            return False
        assert "\n" not in str(error)
        assert any(str(text) in str(error) for text in self._texts), str(error)
        return True


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["category", "integer", "anchor", "entity", "guid", "log", "crashes", 0, -1]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(SCALARS, inner, max_size=4)
    ),
    max_leaves=6,
)


def places(tree, path=()):
    """Paths to all values of nested mappings and lists, in order."""
    items = ()
    if isinstance(tree, dict):
        items = tree.items()
    elif isinstance(tree, list):
        items = enumerate(tree)
    return [path] * bool(path) + [
        place for key, value in items for place in places(value, (*path, key))
    ]


def edited(tree, place, value, kind):
    """A tree with one value changed, taken out or joined by another."""
    tree = copy.deepcopy(tree)
    *inner, last = place
    parent = tree
    for key in inner:
        parent = parent[key]
    if kind == "change":
        parent[last] = value
    elif kind == "take out":
        del parent[last]
    elif isinstance(parent, dict):
        parent[value if isinstance(value, (str, int)) else "new"] = parent[last]
    else:
        parent.append(value)
    return tree


def dumped(header, statement: str) -> str:
    text = yaml.safe_dump(header, allow_unicode=True).replace("*/", "* /")
    return f"/*\n{text}*/{statement}"


@st.composite
def spoilt(draw, file: sqlfile.SqlFile) -> str:
    """The text of a file with a fault in its header or anywhere."""
    if draw(st.integers(0, 3)):
        place = draw(st.sampled_from(places(dict(file.header))))
        kind = draw(st.sampled_from(("change", "change", "take out", "join")))
        header = edited(dict(file.header), place, draw(VALUES), kind)
        return dumped(header, file.statement)
    text = file.path.read_text()
    start = draw(st.integers(0, len(text)))
    stop = draw(st.integers(start, min(start + 12, len(text))))
    return text[:start] + draw(st.text(max_size=6)) + text[stop:]


def write(path: pathlib.Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))


@cases(1)
@hypothesis.given(content=st.one_of(st.binary(), st.text().map(lambda t: f"/*{t}*/")))
def test_any_sql_file(tmp_path, content):
    path = tmp_path / "any.sql"
    if isinstance(content, str):
        write(path, content + "SELECT 1")
    else:
        path.write_bytes(content)
    with Refused(path):
        assert isinstance(sqlfile.read(path).header, dict)


COLUMN = {
    "kind": "integer", "unit": "s", "about": "", "low": 1, "high": 64, "bins": 8,
    "scale": "log", "zero": True, "edges": [1, 2, 3], "values": ["a"], "other": "a",
}  # fmt: skip


@cases(1)
@hypothesis.given(
    fields=st.dictionaries(st.sampled_from(sorted(COLUMN)), VALUES),
    kept=st.sets(st.sampled_from(sorted(COLUMN))),
    kind=st.sampled_from(("category", "integer", "double")),
)
def test_any_fields_of_a_column(fields, kept, kind):
    fields = {name: COLUMN[name] for name in kept} | {"kind": kind} | fields
    with Refused("olumn"):
        column = headers.column("c", fields, {"vendors": ["a", "b"]})
        assert 0 < column.num_codes < 2**16


@cases(5)
@hypothesis.given(data=st.data())
def test_any_header_or_text_of_a_suite(suite_folder, data):
    paths = sorted(suite_folder.rglob("*.sql"))
    path = data.draw(st.sampled_from(paths))
    before = path.read_text()
    try:
        write(path, data.draw(spoilt(sqlfile.read(path))))
        with Refused(suite_folder):
            assert suite_lib.load(suite_folder).schema.heads
    finally:
        path.write_text(before)


@pytest.fixture(scope="module")
def flights() -> definition.Suite:
    return paths.suite("flights")


@cases(5)
@hypothesis.given(data=st.data())
def test_any_header_or_text_of_a_query(tmp_path, flights, data):
    path = tmp_path / "queries" / "w" / "query.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, data.draw(spoilt(sqlfile.read(QUERY))))
    with Refused(path):
        queries = catalog.select(catalog.load(path.parents[1]), ["w"])
        dry_run.check(queries, flights.schema)
        assert len(queries) == 1


NUMBERS = (0.0, -1.0, 1e300, float("nan"), float("inf"), 5e-324, None)


@st.composite
def damages(draw):
    """What may happen to a Parquet file."""
    kind = draw(st.sampled_from(("cut", "flip", "cast", "values", "drop", "empty")))
    return kind, draw(st.integers(0, 10**6)), draw(st.integers(0, 255))


def damage(path: pathlib.Path, kind: str, place: int, byte: int) -> None:
    content = path.read_bytes()
    if kind == "cut":
        path.write_bytes(content[: place % len(content)])
    elif kind == "flip":
        place %= len(content)
        changed = bytes([content[place] ^ (byte or 1)])
        path.write_bytes(content[:place] + changed + content[place + 1 :])
    else:
        table = pa.parquet.read_table(path)
        index = place % table.num_columns
        name, column = table.column_names[index], table.column(index)
        if kind == "drop":
            table = table.drop_columns([name])
        elif kind == "empty":
            table = table.slice(0, 0)
        elif kind == "cast":
            types = (pa.string(), pa.binary(), pa.list_(pa.int8()), pa.bool_())
            column = pa.nulls(len(table), types[byte % len(types)])
            table = table.set_column(index, name, column)
        else:
            texts = ("", "\0", "'; DROP TABLE x; --", "\N{SNOWMAN}" * 500, None)
            found = [NUMBERS[(byte + i) % len(NUMBERS)] for i in range(len(table))]
            if pa.types.is_string(column.type):
                found = [texts[(byte + i) % len(texts)] for i in range(len(table))]
            elif not pa.types.is_floating(column.type):
                found = [None if value is None else byte - 99 for value in found]
            table = table.set_column(index, name, pa.array(found, column.type))
        pa.parquet.write_table(table, path)


@cases(10)
@hypothesis.given(damaged=damages(), which=st.integers(0, 2))
def test_any_raw_file(suite, source, tmp_path, damaged, which):
    folder = tmp_path / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    damage(sorted(folder.rglob("*.parquet"))[which], *damaged)
    run = runs.Run(tmp_path / "run")
    with Refused(folder, suite.folder):
        aggregate.aggregate(
            suite,
            folder,
            run,
            window=("", ""),
            device_share=1.0,
            holdout=0.1,
            allow_missing_tables=False,
            memory_limit="1GB",
            temp_folder=tmp_path / "temp",
            progress=lambda done, total: None,
            threads=1,
        )
        arrays.check(suite.schema, encode.encode(suite.schema, run.real).devices)
    assert not list(run.folder.rglob("*.partial"))


HEAD = b"Product Type,Event Type,Time of Event,User ID\n"
LINES = (
    b"A,open,2024-01-05T10:00:00,u1\n", b'"A","open"', b"A,open,never,u1\n", b",,,\n",
    b"A,open,2024-01-05T10:00:00,u1,x\n", b'"\n', b"\xff\xfe", b"\0", b"\r\n",
)  # fmt: skip


@cases(10)
@hypothesis.given(
    head=st.sampled_from((HEAD, b"", HEAD[:20], HEAD.decode().encode("utf-16"))),
    parts=st.lists(st.one_of(st.sampled_from(LINES), st.binary(max_size=20))),
)
def test_any_event_log(tmp_path, head, parts):
    path = tmp_path / "log.csv"
    path.write_bytes(head + b"".join(parts))
    with Refused(path):
        found = log.preprocess(
            path, tmp_path / "out", suite_folder=paths.SQL / "eventlog"
        )
        assert len(found.events) > 0
    assert not list(tmp_path.rglob("*.partial"))


@cases(1)
@hypothesis.given(
    line=st.one_of(st.text(max_size=30), VALUES.map(lambda v: yaml.safe_dump(v)))
)
def test_any_line_of_a_budget_book(tmp_path, line):
    path = tmp_path / "book.jsonl"
    write(path, line)
    owner = book.Book(path=path, data_set="d", epsilon=1.0, delta=1e-5)
    with Refused(path):
        assert owner.epsilon_spent() == 0.0 and not line.strip()


@cases(1)
@hypothesis.given(content=st.binary(max_size=60))
def test_any_checkpoint(tmp_path, content):
    (tmp_path / "fitted.msgpack").write_bytes(content)
    with Refused(tmp_path / "fitted.msgpack"):
        assert checkpoints.FileStore(tmp_path, "token").load("fitted") is None
