import json

import pytest

from teledp_jax import errors
from teledp_jax.authoring import documents

DBT = """
version: 2
models:
  - name: trips
    description: One row per trip.
    columns:
      - name: km
        description: Distance.
        meta: {unit: km}
        tests:
          - dbt_utils.accepted_range: {min_value: 0, max_value: 2000}
      - name: state
        data_tests:
          - accepted_values:
              arguments: {values: [open, closed]}
sources:
  - name: raw
    tables:
      - name: vehicles
        columns:
          - {name: vehicle_id, tests: [unique, not_null]}
"""


def test_a_dbt_schema_gives_words_limits_and_values(tmp_path):
    (tmp_path / "schema.yml").write_text(DBT)
    found = documents.read(tmp_path)
    assert found["trips", ""].about == "One row per trip."
    km = found["trips", "km"]
    assert (km.about, km.unit, km.low, km.high) == ("Distance.", "km", 0.0, 2000.0)
    assert found["trips", "state"].values == ("open", "closed")
    assert found["vehicles", "vehicle_id"].is_id
    assert not km.is_id


def test_metadata_of_sdv_tells_ids(tmp_path):
    content = {
        "tables": {
            "vehicles": {
                "primary_key": "vehicle_id",
                "columns": {
                    "vehicle_id": {"sdtype": "id"},
                    "fuel": {"sdtype": "categorical"},
                },
            }
        }
    }
    (tmp_path / "metadata.json").write_text(json.dumps(content))
    found = documents.read(tmp_path)
    assert found["vehicles", "vehicle_id"].is_id
    assert not found["vehicles", "fuel"].is_id


def test_a_dictionary_as_csv_describes_columns(tmp_path):
    text = (
        "\ufeffTable_Name,Column_Name,Description,Unit\ntrips, km ,Distance,km\n,,x,\n"
    )
    (tmp_path / "data_dictionary.csv").write_text(text, encoding="utf-8")
    assert documents.read(tmp_path) == {
        ("trips", "km"): documents.Words(about="Distance", unit="km")
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("schema.yml", "models: [: :"),
        ("schema.yml", "models: [{columns: [{name: a}]}]"),
        ("metadata.json", '{"tables": {"a": 3}}'),
    ],
)
def test_a_document_that_is_damaged_is_named(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(errors.InputError, match=rf"{name}: .*mend it or move"):
        documents.read(tmp_path)


def test_other_yaml_says_nothing(tmp_path):
    (tmp_path / "pipeline.yaml").write_text("steps: [a, b]")
    (tmp_path / "list.yml").write_text("- a")
    assert documents.read(tmp_path) == {}
