"""The simulated log has the published counts; any log becomes raw Parquet."""

import duckdb
import numpy as np
import pytest

from teledp_jax.data import sqlfile, suite
from teledp_jax.suites.eventlog import logfile, simulate
from tests import paths

SUITE = paths.SQL / "eventlog"


@pytest.fixture(scope="module", params=[0, 1])
def events(request):
    return simulate.draw(np.random.default_rng(request.param))


@pytest.fixture(scope="module")
def log(events):
    connection = duckdb.connect()
    connection.from_arrow(events).create("log")
    return connection


def test_counts_by_product_are_the_published_ones(log):
    found = log.sql(
        "SELECT product_type, count(*), count(*) FILTER (event_type = 'error'), "
        "count(DISTINCT user_id) FROM log GROUP BY ALL"
    ).fetchall()
    counts = simulate.published()["products"]["counts"]
    assert {name: rest for name, *rest in found} == {
        name: [c["events"], c["errors"], c["users"]] for name, c in counts.items()
    }


def test_counts_by_type_day_and_in_all_are_the_published_ones(log):
    facts = simulate.published()
    by_type = log.sql("SELECT event_type, count(*) FROM log GROUP BY ALL").fetchall()
    assert dict(by_type) == facts["event_types"]["counts"]
    by_day = log.sql(
        "SELECT count(*) FROM log GROUP BY event_time::DATE ORDER BY event_time::DATE"
    ).fetchall()
    assert [count for (count,) in by_day] == facts["times"]["by_day"]
    totals = log.sql("SELECT count(*), count(DISTINCT user_id) FROM log").fetchall()
    assert totals == [(152_356, 137_232)]


def test_one_user_is_heavy_and_no_other_has_more_than_a_few_events(log):
    largest = log.sql(
        "SELECT count(*) AS num FROM log GROUP BY user_id ORDER BY num DESC LIMIT 2"
    ).fetchall()
    assert largest[0] == (11_157,)
    assert largest[1][0] <= 3


def test_no_two_events_are_equal(log):
    assert not log.sql("SELECT * FROM log GROUP BY ALL HAVING count(*) > 1").fetchall()


def test_another_seed_gives_another_log():
    one, two = (simulate.draw(np.random.default_rng(seed)) for seed in (0, 1))
    assert not one.equals(two)
    assert one.equals(simulate.draw(np.random.default_rng(0)))


def test_raw_files_hold_the_log_and_its_users(events, tmp_path):
    sources = sqlfile.read_folder(SUITE / "source")
    logfile.write_raw(tmp_path, events, source=sources)
    assert set(suite.load(SUITE).sources) == {"users", "events"}
    for name, expected in (("events", 152_356), ("users", 137_232)):
        folder = tmp_path / "telemetry" / name
        assert (folder / f"{name}-manifest.json").exists()
        found = duckdb.read_parquet(str(folder / "part-*.parquet"))
        assert found.count("*").fetchall() == [(expected,)]
