"""Raw folders of a fleet of vehicles, as drafts are made of."""

import datetime
import pathlib
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def write(path: pathlib.Path, columns: Mapping[str, Any]) -> None:
    """Writes one Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), path)


def vehicles(folder: pathlib.Path, *, shift: int = 0) -> pathlib.Path:
    """Three tables; `shift` changes every value and no schema."""
    ids = [f"v{i + shift}" for i in range(40)]
    days = [datetime.datetime(2024, 1 + shift, 1 + i % 9, i % 24) for i in range(40)]
    write(
        folder / "fleet/vehicles/a.parquet",
        {
            "vehicle_id": ids,
            "Fuel Type": ["diesel", "petrol"] * 20 if not shift else ["x"] * 40,
            "order": [i + shift for i in range(40)],
            "is_leased": [i % 2 == shift for i in range(40)],
        },
    )
    write(
        folder / "fleet/trips/day=1/a.parquet",
        {
            "Vehicle_ID": ids,
            "started_at": days,
            "km": [1.5 * i + shift for i in range(40)],
            "driver_id": ids,
            "stops": [[1, shift]] * 40,
        },
    )
    write(
        folder / "fleet/faults/a.parquet",
        {
            "vehicle_id": ids,
            "code": [f"P{i % 5 + shift}" for i in range(40)],
            "temperature": [20.0 + i + shift for i in range(40)],
        },
    )
    write(folder / "fleet/depots/a.parquet", {"depot": ["north"], "size": [3 + shift]})
    return folder
