from teledp_jax import runs
from teledp_jax.data import shipped
from teledp_jax.queries import catalog, run
from teledp_jax.studies.intel import published_fleet

NAME = "Xeon_network_consumption"


def result(devices: int) -> run.Result:
    columns = ("processor_class", "os", "number_of_systems", "avg_bytes_received",
               "avg_bytes_sent")  # fmt: skip
    return run.Result(columns, (("Server Class", "Win10", devices, 100.0, 50.0),))


def test_halves_are_scored_beside_the_published_ones(tmp_path):
    """Devices 100 and 150: error 0.5, above 0.25. Groups and means agree."""
    path = tmp_path / "normalized_error" / "baseline_d1_vs_d2_summary.csv"
    runs.write_csv(path, ["query", "score"], [{"query": NAME, "score": 0.5}])
    queries = catalog.load(shipped.suite("dca") / "queries")["intel"]
    results = {"first": {NAME: result(100)}, "second": {NAME: result(150)}}
    (row,) = published_fleet.halves(tmp_path, queries, results)
    assert row == {
        "query": "XeonGeo",
        "score": 0.75,
        "published_score": 0.5,
        "failed": ["number_of_systems"],
    }
