"""What the page says of private domains."""

import re

from teledp_jax import runs
from teledp_jax.report import page

EVIL = "<script>alert(1)</script>"
LEARNT = {
    "token": "t",
    "share": 0.25,
    "epsilon": 0.99994,
    "delta": 2.5e-6,
    "devices": {"1": 24, "30": 129},
    "num_columns": 4,
    "sizes": {
        "sysinfo.vendor": {"kind": "category", "stated": 5, "learnt": 3},
        "crashes.mean_uptime": {"kind": "double", "stated": 12, "learnt": 23},
    },
    "domain": {
        "edges": {"crashes.mean_uptime": [1.0, 2.0]},
        "vocabularies": {"sysinfo.vendor": ["Dell", EVIL]},
        "open": [],
        "presences": {"crashes": 5996},
    },
}


def promise(run: runs.Run, suite) -> str:
    text = page.write(run, suite).read_text()
    assert EVIL not in text
    start = text.index('<section id="promise">')
    part = text[start : text.index("</section>", start)]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


def test_private_domains_are_told_with_what_they_cost(run, suite):
    runs.write_json(run.domains, LEARNT)
    assert "Private domains" not in promise(run, suite)  # of another config
    saved = runs.read_json(run.config)
    saved["config"]["domains"] = {"private": ["sysinfo.vendor", "crashes"]}
    runs.write_json(run.config, saved)
    text = promise(run, suite)
    assert "Of 2 of 4 columns" in text
    assert "for 0.25 of the budget, by themselves epsilon 0.9999" in text
    assert "2 texts were found beside those that the files state" in text
    assert "24 devices with 1 such text each, or 129 devices with 30 such" in text
    assert "sysinfo.vendor category 3 5" in text
    assert "crashes 30.0 %" in text  # of 19987 devices
    assert "What this costs" not in text  # without both references ceilings
    rows = runs.read_csv(run.judgement)
    worse = {"label": "ceiling_public", "share_right": "0.5"}
    rows += [
        row | worse for row in rows if row["label"] == "ceiling" and row["share_right"]
    ]
    runs.write_csv(run.judgement, list(rows[0]), rows)
    text = promise(run, suite)
    assert "leave 100 % of answers right as learnt" in text
    assert "and 50 % as the files state them" in text
