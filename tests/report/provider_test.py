import re

import pytest

from teledp_jax import runs
from teledp_jax.pe import foundation, records
from teledp_jax.report import page, provider

FACTS = dict.fromkeys(foundation.COUNTS, 0) | {
    "requests": 240,
    "from_disk": 31,
    "attempts": 252,
    "failed_requests": 3,
    "prompt_tokens": 480_000,
    "completion_tokens": 96_000,
    "records_asked": 1215,
    "records_valid": 1100,
    "dropped_number": 60,
    "dropped_category": 40,
    "model": "small-model <b>",
    "endpoint": "models.example.com",
    "price": 1.92,
}


@pytest.fixture
def asked(run):
    """The run folder as if label `pe` were of method `pe_llm`."""
    config = runs.read_json(run.config)
    config["config"]["methods"]["pe"]["method"] = "pe_llm"
    runs.write_json(run.config, config)
    runs.write_json(run.cost("pe"), {"fit_seconds": 9.0, "facts": FACTS})
    return run


def shown(run, suite) -> str:
    text = page.write(run, suite).read_text(encoding="utf-8")
    start = text.find('<section id="provider">')
    part = text[start : text.index("</section>", start)] if start >= 0 else ""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


def test_the_report_tells_what_the_provider_saw_and_what_it_cost(asked, suite):
    text = shown(asked, suite)
    assert "sees only the public schema" in text and "DP outputs" in text
    assert (
        "pe small-model &lt;b&gt; models.example.com 240 31 252 3 480,000 96,000 1.92"
        in text
    )
    # 1,215 asked for, 1,100 valid, 100 dropped, so that 15 were never written
    assert "pe 1,215 1,100 100 15 0 0 0 40 60 0" in text


def test_every_reason_to_drop_a_record_has_its_words():
    assert list(provider.DROPPED) == [f"dropped_{name}" for name in records.REASONS]


def test_no_other_run_speaks_of_a_provider(run, suite):
    assert shown(run, suite) == ""
    assert "#provider" not in run.report.read_text(encoding="utf-8")


def test_a_label_that_has_not_run_yet_is_left_out(asked, suite):
    asked.cost("pe").unlink()
    assert shown(asked, suite) == ""
