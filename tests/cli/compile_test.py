from teledp_jax.job import ahead
from tests.cli.commands import call


def test_a_config_is_asked_for(monkeypatch):
    status, _, err = call(monkeypatch, "compile")
    assert status == 2 and "State --config" in err


def test_programs_of_a_real_fleet_are_not_compiled_ahead(monkeypatch, tmp_path):
    status, _, err = call(
        monkeypatch,
        "compile",
        "--config=tests/configs/tiny.py",
        f"--config.source={tmp_path}",
    )
    assert status == 2 and "config.source" in err


def test_methods_that_do_not_train_have_nothing_to_compile(monkeypatch):
    monkeypatch.setattr(ahead.registry, "make", None)  # no method is made
    status, out, _ = call(monkeypatch, "compile", "--config=tests/configs/tiny.py")
    assert status == 0 and "nothing" in out
