"""Runs side by side."""

import pytest

from teledp_jax import runs
from tests.cli.commands import call


def write(folder, *, epsilon, shares):
    """The files of an evaluated run of one method."""
    run = runs.Run(folder)
    runs.write_json(
        run.config,
        {
            "config": {
                "suite": "sql/dca",
                "budget": {"epsilon": epsilon},
                "methods": {"mine": {"method": "pe"}},
            },
            "versions": {"teledp_jax": "0.1.0"},
            "num_devices": 1234,
        },
    )
    fields = {"epsilon": epsilon - 0.01, "delta": 1e-5, "share_right": sum(shares) / 8}
    fields |= {"queries_trusted": 1, "queries_judged": 8, "fit_seconds": 2.0}
    runs.write_json(run.summary, {"methods": {"mine": fields}})
    rows = [
        {"label": "mine", "query": f"q{i}", "share_right": share}
        for i, share in enumerate(shares)
    ]
    runs.write_csv(run.judgement, ("label", "query", "share_right"), rows)
    return str(folder)


def test_runs_stand_side_by_side_with_what_is_more_than_chance(monkeypatch, tmp_path):
    one = write(tmp_path / "one", epsilon=1.0, shares=[0.5] * 8)
    other = write(tmp_path / "other", epsilon=4.0, shares=[0.75] * 8)
    output = tmp_path / "compared.csv"
    done = call(monkeypatch, "compare", f"--output={output}", one, other)
    assert done.status == 0, done.err
    assert [row["budget"] for row in runs.read_csv(output)] == ["1.00", "4.00"]
    header, first, second, verdict = done.out.splitlines()
    assert header.split()[:4] == ["run", "label", "method", "suite"]
    assert first.split() == [
        one, "mine", "pe", "dca", "1,234", "1.00", "0.99", "1e-05", "0.500",
        "1", "of", "8", "2.0", "0.1.0",
    ]  # fmt: skip
    assert second.split()[:2] == [other, "mine"]
    assert verdict == (
        f"mine: {one} is worse than {other}: share right -0.250 (-0.250 to -0.250, "
        "95 %, 8 queries)."
    )


def test_a_run_that_was_not_evaluated_is_named(monkeypatch, tmp_path):
    one = write(tmp_path / "one", epsilon=1.0, shares=[0.5] * 8)
    done = call(monkeypatch, "compare", one, str(tmp_path / "no"))
    assert done.status == 2 and "no/config.json: is not there" in done.err


@pytest.mark.parametrize("count", [0, 1])
def test_two_runs_are_needed(count, monkeypatch, tmp_path):
    done = call(monkeypatch, "compare", *["x"] * count)
    assert done.status == 2 and done.err.startswith("error: Expected RUN RUN...")
