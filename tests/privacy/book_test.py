import json
import stat

import dp_accounting
import pytest

from teledp_jax import errors
from teledp_jax.privacy import accounting, book, book_file, events

EVENT = dp_accounting.GaussianDpEvent(1.0)
ONCE = {"kind": "gaussian", "noise_multiplier": 1.0}
TWICE = accounting.epsilon_pld(dp_accounting.ComposedDpEvent([EVENT, EVENT]), 1e-5)
ONCE = accounting.epsilon_pld(EVENT, 1e-5)


def make_book(tmp_path, epsilon=100.0, data_set="laptops", **fields):
    path = tmp_path / "book.jsonl"
    fields = {"delta": 1e-5, **fields}
    return book.Book(path=path, data_set=data_set, epsilon=epsilon, **fields)


def enter(owner, release, fingerprint="f"):
    return owner.enter(release, EVENT, about="pe", fingerprint=fingerprint)


def of(place, name=None):
    """The ledger of a user, as settings without a book make it."""
    own = {"cap_epsilon": None, "delta": 1e-5, "prefix": ""}
    return book.from_settings(None, data_set=name, source=place, **own)


def test_releases_of_a_data_set_compose(tmp_path):
    owner = make_book(tmp_path)
    assert owner.epsilon_spent() == 0.0
    one = enter(owner, "first")
    two = enter(owner, "second", fingerprint="other files")
    assert one == pytest.approx(ONCE)
    assert two == pytest.approx(TWICE)
    assert two == owner.epsilon_spent() > one


def test_a_release_that_goes_on_is_not_entered_twice(tmp_path):
    owner = make_book(tmp_path)
    assert enter(owner, "first") == enter(owner, "first")
    assert len(owner.path.read_text().splitlines()) == 1


def test_a_release_that_goes_on_at_another_cost_is_entered(tmp_path):
    owner = make_book(tmp_path)
    once = enter(owner, "first")
    other = dp_accounting.GaussianDpEvent(2.0)
    assert owner.enter("first", other, about="", fingerprint="f") > once
    assert len(owner.lines()) == 2


def test_a_check_refuses_what_has_no_room_and_writes_nothing(tmp_path):
    owner = make_book(tmp_path, epsilon=5.0)
    owner.check(EVENT, about="a run")
    assert not owner.path.exists()
    one = enter(owner, "first")
    before = owner.path.read_bytes()
    assert one < 5.0 < TWICE
    with pytest.raises(errors.InputError, match=f"to epsilon {TWICE:.4f}, above its"):
        owner.check(EVENT, about="a run")
    assert owner.path.read_bytes() == before


def test_data_sets_do_not_share_a_budget(tmp_path):
    enter(make_book(tmp_path), "first")
    assert make_book(tmp_path, data_set="servers").epsilon_spent() == 0.0


def test_a_release_above_the_cap_is_refused_and_not_written(tmp_path):
    owner = make_book(tmp_path, epsilon=ONCE + 1e-6)
    enter(owner, "first")
    before = owner.path.read_text()
    with pytest.raises(errors.InputError, match="above its cap"):
        enter(owner, "second")
    assert owner.path.read_text() == before


def test_no_run_moves_the_cap_or_the_delta_of_the_book(tmp_path):
    enter(make_book(tmp_path, epsilon=5.0), "first")
    for other in (make_book(tmp_path, epsilon=50.0), make_book(tmp_path, epsilon=4.0)):
        with pytest.raises(errors.InputError, match="a run cannot change it"):
            enter(other, "second")
    # A run that states no cap, and a delta at which two releases would fit.
    lax = make_book(tmp_path, epsilon=None, delta=0.1)
    assert lax.epsilon_spent() == pytest.approx(ONCE)
    with pytest.raises(errors.InputError, match=r"above its cap of 5\.0"):
        enter(lax, "second")


@pytest.mark.parametrize("cap", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_cap_that_caps_nothing_is_refused(tmp_path, cap):
    with pytest.raises(errors.InputError, match="expected a finite number above 0"):
        make_book(tmp_path, epsilon=cap)


def test_a_cap_needs_a_book_and_a_book_a_cap(tmp_path):
    own = {"delta": 1e-5, "prefix": "budget.", "source": "/data/raw"}
    with pytest.raises(errors.InputError, match=r"cap_epsilon: a cap needs a book"):
        book.from_settings(None, data_set="laptops", cap_epsilon=1.0, **own)
    path = str(tmp_path / "book.jsonl")
    with pytest.raises(errors.InputError, match=r"state .*budget\.cap_epsilon"):
        book.from_settings(path, data_set="laptops", cap_epsilon=None, **own)
    enter(make_book(tmp_path, epsilon=5.0), "first")
    found = book.from_settings(path, data_set="laptops", cap_epsilon=None, **own)
    assert found.state()["cap_epsilon"] == 5.0


def test_without_a_book_a_source_has_the_ledger_of_its_user(tmp_path):
    assert of("") is None  # simulated
    owner = of("/data/raw")
    assert owner.path == book_file.default_path()
    enter(owner, "first")
    assert stat.S_IMODE(owner.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(owner.path.parent.stat().st_mode) == 0o700
    assert of("/data/raw").epsilon_spent() == pytest.approx(ONCE)
    assert of("/data/other").epsilon_spent() == 0.0
    # A place is for this machine; only the owner's name may leave.
    assert owner.state()["data_set"] is None


def test_a_name_holds_over_places_and_has_what_its_place_spent_before(tmp_path):
    enter(of("/data/raw"), "first")
    enter(of("/data/raw", "laptops"), "second")
    assert of("/data/moved", "laptops").epsilon_spent() == pytest.approx(ONCE)
    assert of("/data/raw", "laptops").epsilon_spent() == pytest.approx(TWICE)
    assert of("/data/raw").epsilon_spent() == pytest.approx(TWICE)
    # Another name at the same place is another data set, but for the unnamed.
    assert of("/data/raw", "servers").epsilon_spent() == pytest.approx(ONCE)


def test_a_second_reading_is_refused_with_what_it_adds_up_to(tmp_path):
    owner = make_book(tmp_path)
    owner.refuse_second(EVENT)
    enter(owner, "first")
    words = rf"epsilon {ONCE:.4f} at delta 1e-05; with .* {TWICE:.4f}\. .*--spend_again"
    with pytest.raises(errors.InputError, match=words):
        owner.refuse_second(EVENT)


def test_the_book_is_its_owners_alone(tmp_path):
    owner = make_book(tmp_path)
    enter(owner, "first")
    assert stat.S_IMODE(owner.path.stat().st_mode) == 0o600


def test_a_lost_last_newline_costs_nothing(tmp_path):
    owner = make_book(tmp_path)
    enter(owner, "first")
    owner.path.write_text(owner.path.read_text().rstrip("\n"))
    assert enter(owner, "second") == pytest.approx(TWICE)
    assert len(owner.path.read_text().splitlines()) == 2


def test_what_editors_add_costs_nothing(tmp_path):
    owner = make_book(tmp_path)
    enter(owner, "first")
    text = owner.path.read_text().replace("\n", "\r\n")
    owner.path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    assert enter(owner, "second") == pytest.approx(TWICE)


def line(**changes) -> bytes:
    good = {"release": "r", "data_set": "servers", "event": events.to_json(EVENT)}
    return json.dumps({**good, **changes}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"[]", b'{"release": "x"}', b'{"event": {}}', b"\xff", line()[:-9],
        line(data_set=1), line(release=""), line(source=2), line(cap=3),
        line(cap={"epsilon": 0, "delta": 1e-5}), line(cap={"epsilon": "x"}),
        line(cap={"epsilon": float("nan"), "delta": 1e-5}),
        line(event={"kind": "gaussian", "noise_multiplier": float("nan")}),
        b"[" * 100_000, line(cap={"epsilon": 10**400, "delta": 1e-5}),
        *[
            line(event={"kind": "gaussian", "noise_multiplier": 7}).replace(b"7", own)
            for own in (b"1e999", b"0", b"-1", b"true", b"1" + b"0" * 400)
        ],
        *[
            line(event={"kind": "self_composed", "count": own, "event": ONCE})
            for own in (0, -1, 2.5, True)
        ],
        line(event={"kind": "poisson_sampled", "sampling_prob": 2, "event": ONCE}),
        line(event={"kind": "exponential_mechanism", "epsilon": 1e5}),
        line(event={"kind": "discrete_gaussian_vector", "l2_sensitivity": 1,
            "sigma": 7}).replace(b"7", b"1e999"),
    ],
)  # fmt: skip
def test_a_spoilt_book_refuses_every_release_and_says_how_to_mend_it(tmp_path, content):
    owner = make_book(tmp_path)
    owner.path.write_bytes(content)
    for ask in (
        lambda: enter(owner, "first"),
        lambda: owner.check(EVENT, about="a run"),
        lambda: owner.refuse_second(EVENT),
    ):
        with pytest.raises(errors.InputError, match=r"line 1 is no release") as caught:
            ask()
        assert "Leave no release out" in str(caught.value)
        assert "\n" not in str(caught.value)
    assert owner.path.read_bytes() == content


def test_a_full_disk_leaves_the_book_as_it_was(tmp_path, monkeypatch):
    owner = make_book(tmp_path)
    enter(owner, "first")
    before = owner.path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(book_file.os, "fsync", full)
        with pytest.raises(errors.InputError, match=r"No space left.*nothing was read"):
            enter(owner, "second")
    assert owner.path.read_bytes() == before


def test_a_book_that_cannot_be_opened_is_named(tmp_path):
    owner = make_book(tmp_path / "absent")
    with pytest.raises(errors.InputError, match=r"budget\.book"):
        enter(owner, "first")
