import json
import stat

import dp_accounting
import pytest

from teledp_jax import errors
from teledp_jax.privacy import accounting, book

EVENT = dp_accounting.GaussianDpEvent(1.0)


def make_book(tmp_path, epsilon=100.0, data_set="laptops"):
    return book.Book(
        path=tmp_path / "book.jsonl", data_set=data_set, epsilon=epsilon, delta=1e-5
    )


def enter(owner, release, fingerprint="f"):
    return owner.enter(release, EVENT, about="pe", fingerprint=fingerprint)


def test_releases_of_a_data_set_compose(tmp_path):
    owner = make_book(tmp_path)
    assert owner.epsilon_spent() == 0.0
    one = enter(owner, "first")
    two = enter(owner, "second", fingerprint="other files")
    both = dp_accounting.ComposedDpEvent([EVENT, EVENT])
    assert one == pytest.approx(accounting.epsilon_pld(EVENT, 1e-5))
    assert two == pytest.approx(accounting.epsilon_pld(both, 1e-5))
    assert two == owner.epsilon_spent() > one


def test_a_release_that_goes_on_is_not_entered_twice(tmp_path):
    owner = make_book(tmp_path)
    assert enter(owner, "first") == enter(owner, "first")
    assert len(owner.path.read_text().splitlines()) == 1


def test_a_check_refuses_what_has_no_room_and_writes_nothing(tmp_path):
    owner = make_book(tmp_path, epsilon=5.0)
    owner.check(EVENT, about="a run")
    assert not owner.path.exists()
    one = enter(owner, "first")
    before = owner.path.read_bytes()
    both = accounting.epsilon_pld(dp_accounting.ComposedDpEvent([EVENT, EVENT]), 1e-5)
    assert one < 5.0 < both
    with pytest.raises(errors.InputError, match=f"to epsilon {both:.4f}, above its"):
        owner.check(EVENT, about="a run")
    assert owner.path.read_bytes() == before


def test_data_sets_do_not_share_a_budget(tmp_path):
    enter(make_book(tmp_path), "first")
    assert make_book(tmp_path, data_set="servers").epsilon_spent() == 0.0


def test_a_release_above_the_cap_is_refused_and_not_written(tmp_path):
    owner = make_book(tmp_path, epsilon=accounting.epsilon_pld(EVENT, 1e-5) + 1e-6)
    enter(owner, "first")
    before = owner.path.read_text()
    with pytest.raises(errors.InputError, match="above its cap"):
        enter(owner, "second")
    assert owner.path.read_text() == before


def test_the_book_is_its_owners_alone(tmp_path):
    owner = make_book(tmp_path)
    enter(owner, "first")
    assert stat.S_IMODE(owner.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"release": "x"}', json.dumps({"event": {}})]
)
def test_a_spoilt_book_stops_a_run(tmp_path, line):
    owner = make_book(tmp_path)
    owner.path.write_text(line + "\n")
    with pytest.raises(errors.InputError, match="line 1 is no release"):
        enter(owner, "first")


def test_a_book_that_cannot_be_opened_is_named(tmp_path):
    owner = make_book(tmp_path / "absent")
    with pytest.raises(errors.InputError, match=r"budget\.book"):
        enter(owner, "first")
