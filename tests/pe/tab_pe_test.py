import jax
import numpy as np
import pytest

from teledp_jax import arrays, errors
from teledp_jax.methods import pe
from teledp_jax.pe import tab_pe, trees
from teledp_jax.privacy import accounting, events, mechanisms
from tests import toys
from tests.pe import leaf_votes_test as rows

CONFIG = pe.Config(selection="tab_pe")
RECIPE = tab_pe.Recipe(num_records=40, num_rounds=3, num_drawn=1)
COLUMNS = trees.Columns(np.array([65, 4]), np.array([True, False]))


def test_the_bound_of_a_step_falls_as_published():
    recipe = tab_pe.Recipe()
    # 0.5 - 0.49 t^0.2 at t = 0, 1/15 and 13/15 of the authors' 15 iterations.
    expected = [0.5, 0.2149, 0.0238]
    found = [recipe.degree(step) for step in (0, 1, 13)]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_variation_moves_each_number_within_the_bound_and_its_range():
    codes = np.tile([33, 2], (4000, 1))
    varied = tab_pe.varied(np.random.default_rng(0), COLUMNS, codes, 0.25)
    steps = varied[:, 0] - 33
    assert abs(steps).max() == 16 and abs(steps.mean()) < 0.5  # 0.25 of 63 bins
    assert abs((varied[:, 1] != 2).mean() - 0.25 * 3 / 4) < 0.02
    ends = tab_pe.varied(np.random.default_rng(0), COLUMNS, np.tile([1, 0], (99, 1)), 1)
    assert ends[:, 0].min() == 1  # what is there does not become absent


def test_distance_counts_a_mismatch_as_two_ninths_of_a_range():
    codes = np.array([[1, 1], [64, 1], [1, 2], [0, 1]])
    points = tab_pe.points(COLUMNS, codes, tab_pe.Recipe().mismatch)
    apart = ((points[0] - points) ** 2).sum(axis=1)
    np.testing.assert_allclose(apart, [0, 1, 2 / 9, 1], rtol=1e-5)


def test_devices_vote_for_the_nearest():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 3.0]], np.float32)
    devices = np.array([[0.9, 0.1], [0.1, 0.2], [0.0, 2.0]], np.float32)
    np.testing.assert_array_equal(tab_pe.nearest(devices, points), [1, 0, 2])


def test_a_device_adds_one_to_its_class_and_one_to_a_candidate_each_round():
    asked, answers = [], []

    def noise(key, values, sigma):
        asked.append(np.asarray(values))
        if len(answers) < 1 + RECIPE.num_rounds:
            answers.append(mechanisms.seeded_integer_noise(key, values, sigma))
        return answers[(len(asked) - 1) % (1 + RECIPE.num_rounds)]

    budget = toys.budget(4.0, num_devices=400)
    made = pe.make(CONFIG, rows.SCHEMA, budget, recipe=RECIPE)
    classes, votes = made.event.events
    assert isinstance(classes.event, events.DiscreteGaussianDpEvent)
    assert (classes.count, votes.count) == (1, RECIPE.num_rounds)
    assert accounting.epsilon_pld(made.event, budget.delta) <= 4.0
    whole = rows.exclusive_or(401)
    for devices in (whole, arrays.take(whole, slice(0, 400))):
        made.fit(toys.KEYS, devices, toys.context(noise=noise))
    # Under the same answers the same candidates follow.
    pairs = zip(asked[: len(answers)], asked[len(answers) :], strict=True)
    for one, two in pairs:
        assert sorted((one - two)[one != two]) == [1]


def test_classes_get_records_by_their_noisy_counts():
    budget = toys.budget(4.0, num_devices=4_000)
    codes = arrays.flatten(rows.SCHEMA, rows.exclusive_or(4_000))
    uneven = arrays.unflatten(
        rows.SCHEMA, codes[(codes[:, 2] == 1) | (codes[:, 0] < 9)]
    )
    made = pe.make(CONFIG, rows.SCHEMA, budget, recipe=RECIPE)
    fitted = made.fit(toys.KEYS, uneven, toys.context())
    assert len(fitted["codes"]) == RECIPE.num_records
    real = (arrays.flatten(rows.SCHEMA, uneven)[:, 2] == 1).mean()
    assert abs((fitted["codes"][:, 2] == 1).mean() - real) < 0.05


def test_the_published_recipe_finds_what_no_pair_of_columns_shows():
    budget = toys.budget(8.0, num_devices=4_000)
    recipe = RECIPE._replace(num_records=200, num_rounds=8, num_drawn=2)
    made = pe.make(CONFIG, rows.SCHEMA, budget, recipe=recipe)
    fitted = made.fit(toys.KEYS, rows.exclusive_or(4_000), toys.context())
    drawn = made.sample(jax.random.key(0), fitted, 200)
    arrays.check(rows.SCHEMA, drawn)
    assert rows.right_share(drawn) > 0.7


def test_it_is_for_one_table():
    with pytest.raises(errors.InputError, match=r"pe.selection: tab_pe is for one"):
        pe.make(CONFIG, toys.TRIPLE, toys.budget(1.0, num_devices=9))


def fitted_to(devices: arrays.DeviceArrays, context=None) -> np.ndarray:
    """Records of a small fit, checked against the schema."""
    budget = toys.budget(4.0, num_devices=400)
    made = pe.make(CONFIG, rows.SCHEMA, budget, recipe=RECIPE)
    fitted = made.fit(toys.KEYS, devices, context or toys.context())
    drawn = made.sample(jax.random.key(0), fitted, 40)
    arrays.check(rows.SCHEMA, drawn)
    return arrays.flatten(rows.SCHEMA, drawn).astype(int)


@pytest.mark.parametrize("count", [0, 1, 3, 30])
def test_fewer_devices_than_records_stop_nothing(count):
    assert len(fitted_to(rows.exclusive_or(count))) == 40


def test_a_class_with_one_member_gets_no_record():
    codes = arrays.flatten(rows.SCHEMA, rows.exclusive_or(400)).astype(int)
    codes[:, 2] = 1
    codes[7, 2] = 2
    drawn = fitted_to(arrays.unflatten(rows.SCHEMA, codes))
    assert (drawn[:, 2] == 1).all()


def test_a_constant_column_draws_records_near():
    codes = arrays.flatten(rows.SCHEMA, rows.exclusive_or(400)).astype(int)
    codes[:, 0] = 5
    drawn = fitted_to(arrays.unflatten(rows.SCHEMA, codes))
    assert np.median(drawn[:, 0]) < 24  # of 64 codes, which begin uniform


def test_votes_that_are_all_zero_leave_records_over_the_whole_domain():
    silent = toys.context(noise=lambda key, values, sigma: np.zeros_like(values))
    drawn = fitted_to(rows.exclusive_or(400), silent)
    assert np.ptp(drawn[:, 0]) > 30
