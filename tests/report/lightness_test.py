"""Writing a page needs no audit, no attack and no library of methods."""

import subprocess
import sys

from teledp_jax.job import provenance

PAGE, CARD = "teledp_jax.report.page", "teledp_jax.report.card"
HEAVY = {"mbi", "opendp", "ray", "optax", "unittest.mock"}
"""Of these jax itself loads `unittest.mock`; the report must not ask for it."""


def test_no_file_that_the_report_imports_asks_for_an_audit_or_a_heavy_library():
    files = provenance.closure(PAGE) | provenance.closure(CARD)
    rooms = {path.relative_to(provenance.PACKAGE).parts[0] for path in files}
    assert "report" in rooms
    assert not rooms & {"audit", "studies", "suites", "methods", "job", "dpsgd"}
    for path in files:
        names = set(provenance.imports(path))
        tops = names | {name.partition(".")[0] for name in names}
        assert not tops & HEAVY, path


def test_a_fresh_process_that_imports_the_page_loads_none_of_it():
    code = f"import sys, {PAGE}, {CARD}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert PAGE in loaded
    assert not loaded & (HEAVY - {"unittest.mock"})
    assert not [name for name in loaded if name.startswith("teledp_jax.audit")]
