"""A handmade suite of three tables and fleets of a few devices."""

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

from teledp_jax.data import definition
from tests import toys

SCHEMA = toys.schema(
    toys.anchor(
        "devices",
        toys.category("country", "DE", "US", "Other", other="Other"),
        toys.number("ram_gb", 1, 8, 64),
    ),
    toys.entity(
        "apps",
        toys.category("app", "a", "b", "c"),
        toys.whole("hangs", 1, 5, 10, has_zero=True),
        rows=3,
        by="hangs",
    ),
    toys.group("crashes", toys.whole("num_crashes", 1, 5, 10, has_zero=True)),
)

BY_COUNTRY = """/*
question: Where do devices crash?
codename: CrashGeo
type: geographic
tables: [devices, crashes]
keys: [country]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  mean_crashes: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT country, count(*) AS num_devices, avg(num_crashes) AS mean_crashes
FROM devices JOIN crashes USING (guid)
GROUP BY country ORDER BY country
"""
TOP_APPS = """/*
question: Which apps hang most?
codename: HangRank
type: topk
rare: true
tables: [apps]
keys: [app]
values:
  hangs: {metric: spearman, threshold: 0.5}
devices: SELECT guid, app FROM apps
*/
SELECT app, sum(hangs) AS hangs FROM apps GROUP BY app ORDER BY hangs DESC, app
"""


def suite(folder: pathlib.Path, **queries: str) -> definition.Suite:
    """A suite with its queries; without any, the two above."""
    workload = folder / "queries" / "stability"
    workload.mkdir(parents=True)
    queries = queries or {"crashes_by_country": BY_COUNTRY, "top_apps": TOP_APPS}
    for name, text in queries.items():
        (workload / f"{name}.sql").write_text(text)
    return definition.Suite(
        name="tiny",
        folder=folder,
        schema=SCHEMA,
        sources={},
        reporting_files={},
        device_files={},
    )


def write(
    folder: pathlib.Path,
    *,
    countries: list[str | None],
    crashes: dict[int, int],
    apps: list[tuple[int, str, int]],
) -> None:
    """Device tables; device `i` has `countries[i]` and `4 * i` GB."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = [f"id{i}" for i in range(len(countries))]
    tables = {
        "devices": {
            "guid": pa.array(ids, pa.string()),
            "country": pa.array(countries, pa.string()),
            "ram_gb": pa.array([4.0 * i for i in range(len(ids))], pa.float64()),
        },
        "crashes": {
            "guid": pa.array([ids[i] for i in crashes], pa.string()),
            "num_crashes": pa.array(list(crashes.values()), pa.int64()),
        },
        "apps": {
            "guid": pa.array([ids[i] for i, _, _ in apps], pa.string()),
            "app": pa.array([app for _, app, _ in apps], pa.string()),
            "hangs": pa.array([hangs for _, _, hangs in apps], pa.int64()),
        },
    }
    for name, data in tables.items():
        pq.write_table(pa.table(data), folder / f"{name}.parquet")


def write_usual(folder: pathlib.Path) -> None:
    """Four devices: DE 2 and 4 crashes, US 6 crashes; apps a, b, c hang 5, 3, 1."""
    write(
        folder,
        countries=["DE", "DE", "US", "US"],
        crashes={0: 2, 1: 4, 2: 6},
        apps=[(0, "a", 4), (1, "a", 1), (0, "b", 3), (3, "c", 1)],
    )
