import dp_accounting
import pytest

from teledp_jax import errors
from teledp_jax.privacy import accounting, events, ledger

COUNT = events.DiscreteGaussianDpEvent(20.0)
STEP = dp_accounting.PoissonSampledDpEvent(0.04, dp_accounting.GaussianDpEvent(1.5))
TRAIN = dp_accounting.SelfComposedDpEvent(STEP, 50)


def make_ledger(epsilon=4.0):
    return ledger.Ledger(epsilon=epsilon, delta=1e-5)


def test_an_entry_states_unit_events_and_both_epsilons():
    book = make_ledger()
    book.spend("count", "noisy number of devices", COUNT)
    book.spend("fit", "dpsgd_vae", TRAIN)
    entry = book.record(20_000)
    both = dp_accounting.ComposedDpEvent([COUNT, TRAIN])
    assert entry["unit"] == "one device with all its rows in all tables"
    assert [part["stage"] for part in entry["events"]] == ["count", "fit"]
    assert entry["epsilon_pld"] == accounting.epsilon_pld(both, 1e-5) <= 4.0
    assert entry["epsilon_rdp"] == accounting.epsilon_rdp(both, 1e-5)
    assert entry["delta_times_devices"] == pytest.approx(0.2)


def test_a_stage_that_would_exceed_the_budget_is_refused_and_not_recorded():
    book = make_ledger(0.5)
    book.spend("count", "noisy number of devices", COUNT)
    with pytest.raises(errors.InputError, match="nothing was read"):
        book.spend("fit", "dpsgd_vae", TRAIN)
    assert [part["stage"] for part in book.record(1)["events"]] == ["count"]


def test_only_a_claim_may_exceed_the_budget_and_the_entry_says_so():
    claim = {"epsilon": 0.5, "delta": 1e-5, "num_parts": 1, "reading": "by row"}
    book = ledger.Ledger(epsilon=0.5, delta=1e-5, claim=claim)
    book.spend("fit", "mst", TRAIN)
    entry = book.record(100)
    spent = accounting.epsilon_pld(TRAIN, 1e-5)
    assert entry["epsilon_pld"] == pytest.approx(spent)
    assert spent > 0.5
    assert entry["within_budget"] is False
    assert entry["claimed"] == claim
    honest = make_ledger()
    honest.spend("fit", "mst", TRAIN)
    assert honest.record(100)["within_budget"] is True
    assert "claimed" not in honest.record(100)


def test_the_total_counts_what_releases_share_once():
    entries = {}
    for label in ("a", "b"):
        book = make_ledger()
        book.spend("count", "noisy number of devices", COUNT)
        book.spend("fit", label, TRAIN)
        entries[label] = book.record(100)
    total = ledger.total(entries, num_devices=100)
    both = dp_accounting.ComposedDpEvent([COUNT, TRAIN, TRAIN])
    assert total["epsilon_pld"] == pytest.approx(accounting.epsilon_pld(both, 1e-5))
    assert total["epsilon_pld"] > entries["a"]["epsilon_pld"]
    assert total["budget"]["epsilon"] is None


def test_what_rdp_cannot_take_is_said():
    book = make_ledger()
    sampled = dp_accounting.PoissonSampledDpEvent(0.1, COUNT)
    book.spend("fit", "votes of a sample", sampled)
    entry = book.record(100)
    assert entry["epsilon_rdp"] is None
    assert "not known" in entry["rdp_note"]


@pytest.mark.parametrize(
    "event",
    [
        COUNT,
        TRAIN,
        dp_accounting.NoOpDpEvent(),
        dp_accounting.ComposedDpEvent(
            [COUNT, TRAIN, dp_accounting.GaussianDpEvent(2.0)]
        ),
    ],
)
def test_events_survive_the_ledger_file(event):
    assert events.from_json(events.to_json(event)) == event


def test_an_event_is_described_in_words():
    assert events.describe(TRAIN) == (
        "50 times Poisson sample (0.04) of Gaussian (noise multiplier 1.5)"
    )


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan"), float("inf")])
def test_noise_that_protects_nobody_is_refused(sigma):
    with pytest.raises(errors.InputError, match="positive noise"):
        events.DiscreteGaussianDpEvent(sigma)
