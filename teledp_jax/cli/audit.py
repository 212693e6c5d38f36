"""Measures what methods promise, on simulated fleets only.

    teledp audit --output=runs/audit
    teledp audit --full --output=runs/audit
    teledp audit --config=configs/demo.py --workdir=runs/audit_demo

Replays on neighbouring fleets, worst-case audits, canaries, membership attacks,
accountants against each other, and faults planted on purpose, each of which an audit
has to catch. With --workdir, the methods of a config instead, on the fleet that it
simulates, aggregates and encodes there, copies of its rows in their tables, and whole
runs with and without the raw rows of a device: keep config.num_devices small. Of a
suite without a simulator, devices are drawn from the public schema. Prints a table and,
with --output, writes it to audit.txt, audit.json and audit.md; the report and the
release cards of a run folder show what lies in its audit/, as runs/demo/audit.
The quick part takes some two minutes on 2 cores, the full one half an hour at most.
Exit status 1 if a claim fails or a planted fault is not caught.
"""

import functools
import pathlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from absl import flags, logging

from teledp_jax import errors
from teledp_jax.audit import copies, fleets, suite
from teledp_jax.cli import command, job_flags, progress, raw_audit
from teledp_jax.data import array_files, encode
from teledp_jax.job import pipeline, provenance, questions
from teledp_jax.privacy import findings as results
from teledp_jax.suites import hooks

Audit = tuple[str, Callable[[], list[results.Finding]]]
"""Name of an audit, and what runs it."""


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    job_flags.define(values)
    command.define_path(values, "output", "Folder to write to; none: print only.")
    flags.DEFINE_bool(
        "quick", False, "What the tests run; this is the default.", flag_values=values
    )
    flags.DEFINE_bool(
        "full", False, "Larger fleets and many more draws.", flag_values=values
    )
    flags.DEFINE_list(
        "methods", None, "Methods to audit; none: all.", flag_values=values
    )


def of_config(values: flags.FlagValues, sizes: suite.Sizes) -> Iterator[Audit]:
    """Audits of the methods of a config, on its simulated fleet.

    A suite without a simulator has none: see `of_schema`.
    """
    job = job_flags.open_job(values)
    if hooks.of(job.settings.suite).write is None:
        yield from of_schema(job, sizes)
        return
    if job.settings.source is not None:
        raise errors.InputError("Audits are for simulated fleets: no --config.source.")
    with job.open():
        for stage in (job.simulate, job.aggregate, job.encode):
            stage(progress.bar)
        schema = job.learnt.schema
        fleet = array_files.load(job.run.arrays, schema)
        others = encode.encode(schema, job.run.holdout).devices
        for label, (name, config) in job.settings.methods.items():
            case = fleets.configured(name, config, schema, fleet)
            asked = questions.of(job.settings, job.learnt)
            case = case._replace(name=label, questions=asked)
            yield label, functools.partial(suite.of_fleet, case, fleet, others, sizes)
            yield f"{label}, released", functools.partial(_released, job, label)
            yield (
                f"{label}, {raw_audit.RAW}",
                functools.partial(
                    raw_audit.check,
                    values.config,
                    label,
                    job.run.raw,
                    job.run.private / "neighbours",
                ),
            )


def of_schema(job: pipeline.Job, sizes: suite.Sizes) -> Iterator[Audit]:
    """Audits of the methods of a config on devices drawn from the public schema.

    Args:
        job: Of a suite without a simulator; its source is not read.
        sizes: How much evidence is gathered.
    """
    schema = job.suite.schema
    fleet, others = (
        fleets.random_devices(schema, sizes.num_members, seed) for seed in (0, 1)
    )
    for label, (name, config) in job.settings.methods.items():
        case = fleets.configured(name, config, schema, fleet)
        case = case._replace(
            name=label, questions=questions.of(job.settings, job.suite)
        )
        yield label, functools.partial(suite.of_fleet, case, fleet, others, sizes)


def _released(job: pipeline.Job, label: str) -> list[results.Finding]:
    """Looks for copies of the fleet in the tables of a label, as a run makes them."""
    job.synthesize(label, progress.bar)
    return copies.check(
        job.learnt.schema,
        label,
        released=job.run.synthetic(label),
        real=job.run.real,
        holdout=job.run.holdout,
    )


def facts(seconds: float, methods: Sequence[str] | None) -> dict[str, Any]:
    """States what the findings were found by, and the code that they speak of."""
    names = suite.modules(methods or ())
    return {
        "fleets": "simulated",
        "code": provenance.code_of("teledp_jax.audit.suite", *names),
        "seconds": round(seconds, 1),
        **provenance.describe(),
    }


def main(values: flags.FlagValues) -> None:
    """Runs the audits."""
    begun = time.perf_counter()
    suite.modules(values.methods or ())  # refuses an unknown name before any audit
    if values.quick and values.full:
        raise errors.InputError("State --quick or --full, not both.")
    sizes = suite.FULL if values.full else suite.QUICK
    audits = suite.audits(sizes, values.methods)
    if values.workdir:
        audits = of_config(values, sizes)
    findings: list[results.Finding] = []
    for name, run in audits:
        started = time.perf_counter()
        findings += run()
        logging.info("%s: %.1f s", name, time.perf_counter() - started)
    print(results.table(findings))
    print()
    print(results.summary(findings))
    if values.output:
        folder = pathlib.Path(values.output)
        results.write(
            folder, findings, facts(time.perf_counter() - begun, values.methods)
        )
    if any(finding.is_bad for finding in findings):
        sys.exit(1)
