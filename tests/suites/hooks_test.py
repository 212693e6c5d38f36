"""What suites add to a run."""

import pytest

from teledp_jax import errors
from teledp_jax.suites import hooks


def test_a_suite_of_files_only_adds_nothing(tmp_path):
    assert hooks.of("my_suite") == hooks.Hooks()
    with pytest.raises(errors.InputError, match="has no simulator; state a source"):
        hooks.write_raw("my_suite", tmp_path)


def test_only_the_event_log_reads_a_single_file():
    found = {
        name: hooks.of(name) for name in ("dca", "eventlog", "flights", "purchases")
    }
    assert all(one.write for one in found.values())
    assert [name for name, one in found.items() if one.read_file] == ["eventlog"]


def test_data_files_of_simulators_are_there():
    for name in ("dca", "eventlog"):
        assert hooks.of(name).rates
        assert all(path.exists() for path in hooks.of(name).rates)
