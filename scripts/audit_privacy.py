"""Measures what every method promises, on simulated fleets alone.

python scripts/audit_privacy.py --output=runs/audit
python scripts/audit_privacy.py --full --output=runs/audit

Replays on neighbouring fleets, worst-case audits, canaries, membership attacks,
accountants against each other, and faults planted on purpose, each of which an audit
has to catch. Prints a table and writes it to audit.txt, audit.json and audit.md. The
quick part takes some two minutes on 2 cores, the full one half an hour at most. Exit
status 1 if a claim fails or a planted fault is not caught.
"""

import pathlib
import sys
import time

import launch
from absl import flags, logging

from teledp_jax import errors, registry
from teledp_jax.audit import results, suite

_OUTPUT = flags.DEFINE_string("output", None, "Folder to write to; none: print only.")
_QUICK = flags.DEFINE_bool("quick", True, "The part that the tests run as well.")
_FULL = flags.DEFINE_bool("full", False, "Larger fleets and many more draws.")
_METHODS = flags.DEFINE_list("methods", None, "Methods to audit; none: all.")


def main() -> None:
    """Runs the audits."""
    if not (_QUICK.value or _FULL.value):
        raise errors.InputError("State --quick or --full.")
    for name in _METHODS.value or ():
        registry.method(name)
    sizes = suite.FULL if _FULL.value else suite.QUICK
    findings: list[results.Finding] = []
    for name, run in suite.audits(sizes, _METHODS.value):
        started = time.perf_counter()
        findings += run()
        logging.info("%s: %.1f s", name, time.perf_counter() - started)
    print(results.table(findings))
    print()
    print(results.summary(findings))
    if _OUTPUT.value:
        results.write(pathlib.Path(_OUTPUT.value), findings)
    if any(finding.is_bad for finding in findings):
        sys.exit(1)


if __name__ == "__main__":
    launch.run(main)
