"""Writes a small suite and a finished run folder, without running anything."""

import csv
import io
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from teledp_jax import runs
from teledp_jax.data import definition
from teledp_jax.data import suite as suite_lib
from teledp_jax.evaluation import downstream, rare
from tests.report import small_judgement

LABELS = ("dpsgd_vae", "pe", "independent")
METHODS = {"dpsgd_vae": "dpsgd_vae", "pe": "pe", "independent": "independent"}
QUALITIES = {"real": 0.0, "dpsgd_vae": 0.25, "pe": 0.12, "independent": 0.05}
EVIL = "<script>alert(1)</script>"
VENDORS = ("Dell", "HP", "Lenovo", f"$5 & {EVIL}", "Other")

_SOURCES = {
    "sysinfo": """/*
about: One row per device.
role: devices
device: guid
columns: {guid: device id, vendor: "the maker", ram: memory}
assumed: [ram]
*/
CREATE TABLE sysinfo (guid VARCHAR, vendor VARCHAR, ram BIGINT)
""",
    "crashes": """/*
about: One row per crash.
role: event
device: guid
time: ts
columns: {guid: device id, ts: when, uptime: seconds since boot}
*/
CREATE TABLE crashes (guid VARCHAR, ts TIMESTAMP, uptime DOUBLE)
""",
}
_DEVICE = {
    "sysinfo": """/*
role: anchor
grain: One row per device.
reads: [sysinfo]
device: guid
columns:
  vendor: {kind: category, values: [Dell, HP, Lenovo, "$5 & <script>alert(1)</script>",
    Other], other: Other, about: Maker of the laptop}
  ram: {kind: integer, unit: GB, low: 1, high: 64, bins: 8, scale: log}
*/
SELECT guid, vendor, ram FROM sysinfo
""",
    "crashes": """/*
role: group
grain: One row per device that crashed.
reads: [crashes]
device: guid
columns:
  num_crashes: {kind: integer, unit: crashes, low: 1, high: 100, bins: 8, scale: log}
  mean_uptime: {kind: double, unit: s, low: 1, high: 1.0e+6, bins: 12, scale: log}
*/
SELECT guid, count(*)::BIGINT AS num_crashes, avg(uptime) AS mean_uptime
FROM crashes GROUP BY guid
""",
}
_QUERIES = {
    "crash_by_vendor": """/*
question: Which vendors' laptops crash most?
codename: CrashByVendor
type: aggregate
tables: [sysinfo, crashes]
keys: [vendor]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  mean_crashes: {metric: relative_error, threshold: 0.25}
*/
SELECT vendor, count(*) AS num_devices, avg(num_crashes) AS mean_crashes
FROM sysinfo JOIN crashes USING (guid)
WHERE num_crashes < 1000 GROUP BY vendor ORDER BY vendor
""",
    "ram_hist": """/*
question: How much memory do laptops have?
codename: RamHist
type: histogram
tables: [sysinfo]
keys: [ram]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
*/
SELECT ram, count(*) AS num_devices FROM sysinfo GROUP BY ram ORDER BY ram
""",
    "rare_vendor": """/*
question: Which rare vendors crash at all?
codename: RareVendor
type: topk
rare: true
tables: [sysinfo, crashes]
keys: [vendor]
values:
  num_crashes: {metric: spearman, threshold: 0.5}
*/
SELECT vendor, sum(num_crashes) AS num_crashes
FROM sysinfo JOIN crashes USING (guid) GROUP BY vendor ORDER BY num_crashes DESC, vendor
""",
}


def make_suite(folder: pathlib.Path) -> definition.Suite:
    """Writes the suite's files and loads it."""
    for kind, files in (
        ("source/prod", _SOURCES),
        ("device", _DEVICE),
        ("queries/stability", _QUERIES),
    ):
        (folder / kind).mkdir(parents=True)
        for name, text in files.items():
            (folder / kind / f"{name}.sql").write_text(text)
    return suite_lib.load(folder)


def make_run(run: runs.Run, *, seeded: bool) -> runs.Run:
    """Writes all files that the report reads."""
    run.create()
    _write_json_files(run, seeded=seeded)
    generator = np.random.default_rng(5)
    for label, error in QUALITIES.items():
        folder = run.real if label == "real" else run.synthetic(label)
        _write_tables(folder, generator, error)
        _write_results(run.results(label), error)
    _write_csv_files(run)
    return run


def _write_json_files(run: runs.Run, *, seeded: bool) -> None:
    methods = {
        label: {"method": method, "num_steps": 100} for label, method in METHODS.items()
    }
    runs.write_json(
        run.config,
        {
            "config": {
                "suite": "laptops",
                "source": None,
                "workloads": ["stability"],
                "budget": {"epsilon": 4.0, "delta": 1e-5},
                "simulation": {"seed": 0, "world": "a"},
                "methods": methods,
            },
            "versions": {"python": "3.11.9", "jax": "0.10.2"},
            "accelerators": ["cpu"],
            "hardware": "x86_64, 2 cores",
            "seed_policy": "keys from somewhere",
            "seeded": seeded,
            "num_devices": 19987,
            "command": f"run_benchmark.py --config=configs/laptops.py {EVIL}",
        },
    )
    count = {
        "stage": "count",
        "mechanism": "discrete Gaussian",
        "event": {"kind": "discrete_gaussian", "sigma": 20.0},
        "text": "discrete Gaussian (sigma 20, sensitivity 1)",
    }
    fit = {
        "stage": "fit",
        "mechanism": "dpsgd_vae",
        "event": {"kind": "gaussian", "noise_multiplier": 1.1},
        "text": "100 times Poisson sample (0.02) of Gaussian (noise multiplier 1.1)",
    }
    entry = {
        "unit": "one device with all its rows in all tables",
        "adjacency": "add or remove one device",
        "events": [count, fit],
        "budget": {"epsilon": 4.0, "delta": 1e-5},
        "within_budget": True,
        "epsilon_pld": 3.9871,
        "epsilon_rdp": 4.31,
        "delta": 1e-5,
        "delta_times_devices": 0.19987,
        "max_rows": {"sysinfo": 1, "crashes": 7},
    }
    ledger = {label: dict(entry) for label in LABELS}
    ledger["pe"] |= {"epsilon_rdp": None, "rdp_note": "RDP takes no discrete Gaussian"}
    ledger["total"] = entry | {"epsilon_pld": 7.25, "budget": {"epsilon": None}}
    runs.write_json(run.ledger, ledger)
    for i, label in enumerate(LABELS):
        runs.write_json(
            run.cost(label),
            {
                "fit_seconds": 150.0 / (i + 1) ** 2,
                "compile_seconds": 3.2,
                "sample_seconds": 0.4,
                "peak_rss_bytes": 1_500_000_000,
                "accelerator_bytes": None,
                "facts": {"noise_multiplier": 1.1, "num_steps": 100},
            },
        )


def _write_tables(
    folder: pathlib.Path, generator: np.random.Generator, error: float
) -> None:
    folder.mkdir(parents=True)
    shares = np.array([0.4, 0.3, 0.2, 0.04, 0.06]) * (1 + error * np.arange(-2, 3))
    guids = [str(i) for i in range(400)]
    sysinfo = {
        "guid": guids,
        "vendor": generator.choice(VENDORS, 400, p=shares / shares.sum()).tolist(),
        "ram": generator.choice([4, 8, 16, 32], 400).tolist(),
    }
    crashed = guids[: int(120 * (1 + error))]
    crashes = {
        "guid": crashed,
        "num_crashes": generator.geometric(0.3 + error, len(crashed)).tolist(),
        "mean_uptime": generator.lognormal(8, 2, len(crashed)).tolist(),
    }
    pq.write_table(pa.table(sysinfo), folder / "sysinfo.parquet")
    pq.write_table(pa.table(crashes), folder / "crashes.parquet")


AUDIT = {
    "command": "audit_privacy.py --full",
    "summary": "5 claims hold, 0 fail",
    "versions": {"jax": "1"},
    "findings": [
        dict(
            zip(("audit", "method", "measured", "claimed", "verdict"), row, strict=True)
        )
        for row in (
            ("metadata", "pe", "the same | all", "same", "holds"),
            ("sensitivity", "pe, counts of sigma 3", "L2 2", "L2 2.5", "holds"),
            ("sensitivity", "pe_conditional, counts", "L2 9", "L2 9.5", "holds"),
            ("worst case of a step", "DP-SGD, everyone drawn", "mu 1", EVIL, "holds"),
            ("accountant", "RDP against PLD", "0.1 above", "not below", "holds"),
            ("control, by metadata", "a bound from the data", "x", "y", "caught"),
            ("control, by noise keys", "a reused noise key", "x", "y", "NOT CAUGHT"),
        )
    ],
}
"""As `scripts/audit_privacy.py` writes it."""


def _write_results(folder: pathlib.Path, error: float) -> None:
    for name, key, values in (
        ("crash_by_vendor", VENDORS, ("num_devices", "mean_crashes")),
        ("ram_hist", (4, 8, 16, 32), ("num_devices",)),
        ("rare_vendor", VENDORS[3:], ("num_crashes",)),
    ):
        heads = ("ram" if name == "ram_hist" else "vendor", *values)
        rows = [
            {heads[0]: text}
            | {value: 1234.5 / (i + 1) * (1 + error * (-1) ** i) for value in values}
            for i, text in enumerate(key)
        ]
        runs.write_csv(folder / f"{name}.csv", heads, rows)


def _write_csv_files(run: runs.Run) -> None:
    small_judgement.write(run)
    scores = io.StringIO(
        "label,query,column,metric,value,threshold,passed,normalized_error\n"
        "dpsgd_vae,crash_by_vendor,,coverage,1.0,0.5,True,\n"
        "dpsgd_vae,crash_by_vendor,num_devices,relative_error,0.31,0.25,False,4.2\n"
        "dpsgd_vae,crash_by_vendor,mean_crashes,relative_error,0.2,0.25,True,2.5\n"
        "dpsgd_vae,ram_hist,num_devices,total_variation,0.22,0.15,False,9\n"
        "pe,crash_by_vendor,,coverage,1.0,0.5,True,\n"
        "pe,crash_by_vendor,num_devices,relative_error,0.12,0.25,True,1.7\n"
        "pe,crash_by_vendor,mean_crashes,relative_error,inf,0.25,False,\n"
        "pe,ram_hist,num_devices,total_variation,0.08,0.15,True,3.1\n"
        "pe,rare_vendor,num_crashes,spearman,0.1,0.5,False,1.5\n"
        "ceiling,crash_by_vendor,num_devices,relative_error,0.01,0.25,True,0.2\n"
        "ceiling,ram_hist,num_devices,total_variation,0.01,0.15,True,0.4\n"
        "half_sample,crash_by_vendor,num_devices,relative_error,0.07,0.25,True,1\n"
        "half_sample,ram_hist,num_devices,total_variation,0.02,0.15,True,1\n"
        "half_sample,rare_vendor,num_crashes,spearman,0.4,0.5,False,1\n"
    )
    rows = [
        row | {"workload": "stability", "codename": "", "type": "", "half_sample": 0.07}
        for row in csv.DictReader(scores)
    ]
    runs.write_csv(run.scores, list(rows[0]), rows)
    runs.write_json(
        run.summary,
        {
            "methods": {
                label: {
                    "epsilon": None if label == "half_sample" else 4.0,
                    "delta": 1e-5,
                    "evaluated": 3,
                    "passed": 2,
                    "mean_score": 0.6,
                    "median_normalized_error": 2.4,
                    "passed_corrected": 1,
                    "mean_score_corrected": 0.5,
                    "median_normalized_error_corrected": 2.9,
                    "answers": 14,
                    "queries_judged": 2,
                    "queries_trusted": 1,
                    "median_error": 0.1,
                    "p90_error": 0.42,
                    "noiseless": {"share_right": 0.97} if label == "pe" else None,
                }
                for label in (*LABELS, "half_sample", "ceiling")
            }
        },
    )
    runs.write_csv(
        run.statistics,
        ("label", "table", "column", "count", "mean", "share_absent"),
        [
            {"label": label, "table": "crashes", "column": "num_crashes"}
            | {"count": 120, "mean": 3.25, "share_absent": 0.0}
            for label in ("real", *LABELS)
        ],
    )
    runs.write_csv(
        run.rare_events,
        rare.COLUMNS,
        [
            {"label": label, "table": "sysinfo", "column": "vendor", "value": value}
            | {"real_share": share, "synthetic_share": share * ratio, "ratio": ratio}
            for label, ratios in {"pe": (1.2, 0.0), "dpsgd_vae": (0.4, 2.0)}.items()
            for value, share, ratio in zip(
                ("Other", EVIL), (0.03, 0.008), ratios, strict=True
            )
        ],
    )
    runs.write_csv(
        run.downstream,
        downstream.COLUMNS,
        [
            {"label": label, "task": task, "num_train": 400, "num_test": 40}
            | {"accuracy": auc + 0.1, "f1": auc - 0.2, "auc": auc}
            for label, auc in {"real": 0.81, "pe": 0.74, "dpsgd_vae": 0.66}.items()
            for task in ("will_crash", "is_portable")
        ],
    )
    runs.write_csv(
        run.quality,
        ("table", "column", "rule", "count"),
        [{"table": "crashes", "column": "mean_uptime", "rule": EVIL, "count": 3}],
    )
