import dataclasses

import pyarrow as pa
import pytest

from teledp_jax import errors
from teledp_jax.data import binding, warehouse

EMPTY = {
    "crashes": pa.table(
        {"guid": pa.array([], pa.string()), "n": pa.array([], pa.int32())}
    )
}


@pytest.fixture
def connection():
    with warehouse.sealed() as opened:
        yield opened


@pytest.fixture
def bind(suite, connection):
    """Binds another statement of device table `apps` over raw table crashes."""
    table = suite.schema.table("apps")
    file = suite.device_files["apps"]

    def do(statement: str) -> None:
        own = dataclasses.replace(file, statement=statement)
        binding.bind_device(connection, "guid", table, own, EMPTY)

    return do


def test_a_statement_that_gives_what_its_header_states_binds(bind, connection):
    bind(
        "SELECT guid, 'edge' AS app, sum(n)::BIGINT AS num_crashes FROM crashes "
        "GROUP BY guid"
    )
    assert connection.execute("SHOW TABLES").fetchall() == []


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("SELECT guid, 'x' AS app, n AS num_crashes FROM crashes", "is INTEGER; cast"),
        ("SELECT guid, 'x' AS app FROM crashes", "the header states"),
        (
            "SELECT guid, [1] AS app, 1::BIGINT AS num_crashes FROM crashes",
            "cast it to",
        ),
        ("SELECT * FROM machines", "does not run over the tables that it reads"),
        ("DELETE FROM crashes", "expected one SELECT, found DELETE"),
        ("SELECT guid FROM crashes; SELECT 1", "expected one SELECT"),
        ("SELECT * FROM read_csv('/etc/hostname')", "does not run"),
    ],
)
def test_a_statement_that_does_not_is_named(bind, connection, statement, text):
    with pytest.raises(errors.InputError, match=text) as caught:
        bind(statement)
    assert "apps.sql" in str(caught.value)
    assert connection.execute("SHOW TABLES").fetchall() == []


def test_a_table_that_is_not_there_is_named(suite, connection):
    file = suite.device_files["apps"]
    with pytest.raises(errors.InputError, match=r"reads \['crashes'\]"):
        binding.bind_device(connection, "guid", suite.schema.table("apps"), file, {})
