"""Writes what was judged of the small run."""

import json

from teledp_jax import runs
from teledp_jax.evaluation import answers, judgement, paired

SHARES = {
    "dpsgd_vae": {"crash_by_vendor": 0.4, "ram_hist": 0.0, "rare_vendor": None},
    "pe": {"crash_by_vendor": 1.0, "ram_hist": 0.75, "rare_vendor": None},
    "independent": {"crash_by_vendor": 0.9, "ram_hist": 0.5, "rare_vendor": None},
    "ceiling": {"crash_by_vendor": 1.0, "ram_hist": 1.0, "rare_vendor": None},
    "half_sample": {"crash_by_vendor": 1.0, "ram_hist": 0.75, "rare_vendor": None},
}
"""Share of answers right by label and query."""


def write(run: runs.Run) -> None:
    judged = [
        dict.fromkeys(judgement.COLUMNS)
        | {"label": label, "workload": "stability", "query": query}
        | {"num_answers": {"crash_by_vendor": 10, "ram_hist": 4}.get(query, 0)}
        | (
            {"note": "no group has 50 devices"}
            if share is None
            else {"share_right": share, "trusted": share >= judgement.TRUSTED_SHARE}
            | {"median_error": 0.1, "p90_error": 0.42, "median_over_half": 1.7}
            | {"groups_lost": 1, "groups_invented": 2, "coverage": 0.8}
        )
        for label, shares in SHARES.items()
        for query, share in shares.items()
    ]
    runs.write_csv(run.judgement, judgement.COLUMNS, judged)
    runs.write_csv(
        run.judgement.with_name("comparisons.csv"),
        paired.COLUMNS,
        [
            {"label": "dpsgd_vae", "other": "pe", "queries": 2, "verdict": "worse"}
            | {"difference": -0.675, "low": -0.75, "high": -0.6},
            {"label": "dpsgd_vae", "other": "independent", "queries": 2}
            | {"verdict": "tie", "difference": -0.5, "low": -1.0, "high": 0.004},
            {"label": "pe", "other": "independent", "queries": 2}
            | {"verdict": "better", "difference": 0.175, "low": 0.1, "high": 0.25},
        ],
    )
    found = [
        {"label": label, "workload": "stability", "query": "crash_by_vendor"}
        | {"column": "num_devices", "group_key": json.dumps({"vendor": vendor})}
        | {"devices": 1234, "real": 1234.5, "synthetic": synthetic}
        | {"half_sample": 0.07, "error": error, "tolerance": 0.25}
        | {"right": error <= 0.25}
        for label, vendor, synthetic, error in (
            ("dpsgd_vae", "Dell", 1666.6, 0.35),
            ("dpsgd_vae", "<script>alert(1)</script>", None, float("inf")),
            ("dpsgd_vae", "HP", 1300, 0.05),
            ("pe", "Dell", 1234.5, 0.0),
            ("half_sample", "Dell", 2000, 0.62),
        )
    ]
    runs.write_csv(run.answers, answers.COLUMNS, found)
