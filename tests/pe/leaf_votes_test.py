import numpy as np
import pytest

from teledp_jax import arrays, errors, schemas
from teledp_jax.methods import pe
from teledp_jax.pe import leaf_records, leaf_votes, strata, trees
from teledp_jax.privacy import accounting, mechanisms
from tests import toys

NUMBER = {"kind": "double", "edges": tuple(np.linspace(0.0, 1.0, 65).tolist())}


def table(*columns: schemas.Column) -> schemas.Schema:
    anchor = schemas.Table(
        name="rows", role="anchor", grain="a row per device", columns=columns
    )
    return schemas.Schema(suite="toy", device="id", tables=(anchor,))


SCHEMA = table(
    schemas.Column(name="x", **NUMBER),
    schemas.Column(name="y", **NUMBER),
    schemas.Column(name="kind", kind="category", categories=("a", "b")),
)
CONFIG = pe.Config(pool=8_000, num_rounds=6)


def exclusive_or(count: int) -> arrays.DeviceArrays:
    """Neither number tells the kind, both together do."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 64, (count, 2)) + SCHEMA.heads[0].column.first_bin
    middle = 32 + SCHEMA.heads[0].column.first_bin
    kind = 1 + ((codes[:, 0] < middle) ^ (codes[:, 1] < middle))
    return arrays.unflatten(SCHEMA, np.column_stack([codes, kind]))


def right_share(devices: arrays.DeviceArrays) -> float:
    """Share of rows whose kind is that of the exclusive or."""
    codes = arrays.flatten(SCHEMA, devices).astype(int)
    middle = 32 + SCHEMA.heads[0].column.first_bin
    expected = 1 + ((codes[:, 0] < middle) ^ (codes[:, 1] < middle))
    return float((codes[:, 2] == expected).mean())


def test_structure_that_no_pair_of_columns_shows_is_kept():
    budget = toys.budget(4.0, num_devices=4_000)
    made = pe.make(CONFIG, SCHEMA, budget)
    assert made.facts["selection"] == "leaves" and made.facts["label"] == "kind"
    assert accounting.epsilon_pld(made.event, budget.delta) <= 4.0
    fitted = made.fit(toys.KEYS, exclusive_or(4_000), toys.context())
    drawn = made.sample(toys.KEYS.sample, fitted, 3_000)
    arrays.check(SCHEMA, drawn)
    assert right_share(drawn) > 0.8
    unlabelled = pe.make(pe.Config(label="none"), SCHEMA, budget)
    assert unlabelled.facts["label"] == "none"


def test_each_count_that_is_asked_for_changes_by_one_as_a_device_joins():
    asked, answers = [], []

    def noise(key, values, sigma):
        asked.append(np.asarray(values))
        if len(answers) < 3 + CONFIG.num_rounds:
            answers.append(mechanisms.seeded_integer_noise(key, values, sigma))
        return answers[(len(asked) - 1) % (3 + CONFIG.num_rounds)]

    made = pe.make(CONFIG, SCHEMA, toys.budget(1.0, num_devices=800))
    whole = exclusive_or(801)
    for devices in (whole, arrays.take(whole, slice(0, 800))):
        made.fit(toys.KEYS, devices, toys.context(noise=noise))
    # Under the same answers the same trees grow, so counts differ by one device only.
    pairs = zip(asked[: len(answers)], asked[len(answers) :], strict=True)
    changes = [sorted((one - two)[one != two]) for one, two in pairs]
    # The label, two columns, their pair, and the votes.
    assert changes == [[1], [1, 1], [1]] + [[1]] * CONFIG.num_rounds


def test_a_killed_fit_goes_on_to_the_same_population():
    made = pe.make(CONFIG, SCHEMA, toys.budget(1.0, num_devices=800))
    context = toys.context()
    first = made.fit(toys.KEYS, exclusive_or(800), context)

    def never(key, values, sigma):
        raise AssertionError("Noise was drawn again.")

    again = made.fit(
        toys.KEYS, exclusive_or(800), context._replace(integer_noise=never)
    )
    np.testing.assert_array_equal(first["codes"], again["codes"])
    np.testing.assert_array_equal(first["weights"], again["weights"])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_devices_stop_nothing(count):
    made = pe.make(CONFIG, SCHEMA, toys.budget(1.0, num_devices=count or 1))
    fitted = made.fit(toys.KEYS, exclusive_or(count), toys.context())
    drawn = made.sample(toys.KEYS.sample, fitted, 10)
    arrays.check(SCHEMA, drawn)


def test_the_label_is_a_category():
    assert strata.label_index(SCHEMA, "") == 2
    assert strata.label_index(SCHEMA, "kind") == 2
    number_last = table(*reversed(SCHEMA.anchor.columns))
    assert strata.label_index(number_last, "") is None
    for name in ("x", "absent"):
        with pytest.raises(errors.InputError, match=r"pe.label.*known: \['kind'\]"):
            strata.label_index(SCHEMA, name)


def small_fit(devices: arrays.DeviceArrays, context=None) -> arrays.DeviceArrays:
    """Rows of a small fit."""
    config = pe.Config(pool=500, num_rounds=2)
    made = pe.make(config, SCHEMA, toys.budget(4.0, num_devices=400))
    fitted = made.fit(toys.KEYS, devices, context or toys.context())
    drawn = made.sample(toys.KEYS.sample, fitted, 200)
    arrays.check(SCHEMA, drawn)
    return drawn


def test_a_class_with_one_member_stops_nothing():
    codes = arrays.flatten(SCHEMA, exclusive_or(400)).astype(int)
    codes[:, 2] = 1
    codes[7, 2] = 2
    drawn = small_fit(arrays.unflatten(SCHEMA, codes))
    assert (arrays.flatten(SCHEMA, drawn)[:, 2] == 1).mean() > 0.9


def test_a_constant_column_stays_nearly_constant():
    codes = arrays.flatten(SCHEMA, exclusive_or(400)).astype(int)
    codes[:, 0] = 20
    drawn = arrays.flatten(SCHEMA, small_fit(arrays.unflatten(SCHEMA, codes)))
    assert (np.abs(drawn[:, 0].astype(int) - 20) <= 8).mean() > 0.8


def test_votes_that_are_all_below_the_noise_leave_the_start():
    silent = toys.context(noise=lambda key, values, sigma: np.zeros_like(values))
    drawn = arrays.flatten(SCHEMA, small_fit(exclusive_or(400), silent))
    assert len(np.unique(drawn[:, 0])) > 30


def test_numbers_move_by_their_spread_in_a_stratum_not_by_their_bounds():
    columns = trees.Columns(np.array([1025]), np.array([True]))
    rng = np.random.default_rng(0)
    owners = np.repeat([0, 1], 3_000)
    codes = np.where(owners == 0, rng.integers(500, 510, 6_000), 7)
    codes[:1_000] = 0  # absent: neither moved nor part of the spread
    varied = leaf_votes._varied(rng, columns, codes[:, None], owners)[:, 0]
    moved = np.abs(varied - codes)
    assert not moved[:1_000].any() and not moved[3_000:].any()
    # Ten codes of equal share spread by 2.9; a step is some 0.5.
    assert 0 < moved.max() <= 3


def test_pairs_are_counted_only_if_noise_leaves_them_cells():
    for num_devices, counted in ((4_000, True), (40, False)):
        budget = toys.budget(1.0, num_devices=num_devices)
        made = pe.make(CONFIG, SCHEMA, budget)
        assert (made.facts["pair_cells"] >= 4) == counted
        assert ("pairs_sigma" in made.facts) == counted
        assert 0.98 < accounting.epsilon_pld(made.event, budget.delta) <= 1.0


def test_the_share_of_the_start_grows_with_the_pairs():
    sizes = leaf_records.sizes(SCHEMA, 2, 0, 0, 1000)
    assert sizes.start_share == 0.1
    assert (sizes.num_pairs, sizes.num_rounds, sizes.pool) == (1, 20, 100_000)
    # 21 columns have 210 pairs: 210 of 280.
    assert sizes._replace(num_columns=21).start_share == pytest.approx(3 / 4)


def test_two_equal_columns_stay_equal():
    codes = arrays.flatten(SCHEMA, exclusive_or(4_000)).astype(int)
    codes[:, 1] = codes[:, 0]
    made = pe.make(CONFIG, SCHEMA, toys.budget(4.0, num_devices=4_000))
    devices = arrays.unflatten(SCHEMA, codes)
    fitted = made.fit(toys.KEYS, devices, toys.context())
    drawn = arrays.flatten(SCHEMA, made.sample(toys.KEYS.sample, fitted, 2_000))
    apart = np.abs(drawn[:, 0].astype(int) - drawn[:, 1])
    assert np.median(apart) <= 6  # of 64; independent columns are some 19 apart
