"""The study's bookkeeping: fits by table and row, the event of a whole device."""

import dp_accounting
import jax
import numpy as np
import pytest

from teledp_jax import arrays, base, keys, registry
from teledp_jax.methods import histogram, mst
from teledp_jax.privacy import accounting, budgets, events
from teledp_jax.studies.intel import bookkeeping
from tests import toys

NUM_DEVICES = 2000
SCHEMA = toys.schema(
    toys.anchor("info", toys.category("os", "x", "y")),
    toys.entity(
        "apps",
        toys.category("app", "a", "b", "c"),
        toys.whole("hours", 0, 1, 2, 3),
        rows=3,
        by="hours",
    ),
)
BUDGET = budgets.Budget(
    epsilon=4.0,
    delta=1e-5,
    spent=dp_accounting.GaussianDpEvent(0.01),  # disregarded, as the study would
    num_devices=NUM_DEVICES,
)
CONFIGS = {"histogram": histogram.Config(), "mst": mst.Config(num_iterations=50)}


@pytest.fixture(scope="module", params=CONFIGS)
def made(request):
    return bookkeeping.make_claimed(
        request.param, CONFIGS[request.param], SCHEMA, BUDGET
    )


@pytest.fixture(scope="module")
def synthetic(made):
    return made[0].sample(jax.random.key(2), fit(made[0]), NUM_DEVICES)


def devices():
    """Half of the devices have three rows of app b, the others one of app a."""
    many = np.arange(NUM_DEVICES) % 2 == 0
    codes = np.zeros((NUM_DEVICES, 3, 2), np.uint8)
    codes[many] = [2, 1]
    codes[~many, 0] = [1, 3]
    mask = np.zeros((NUM_DEVICES, 3), bool)
    mask[:, 0], mask[many] = True, True
    system = np.where(many, 1, 2).astype(np.uint8)[:, None, None]
    return {
        "info": arrays.from_padded(system, np.ones((NUM_DEVICES, 1), bool)),
        "apps": arrays.from_padded(codes, mask),
    }


def fit(method, privacy=1, **part):
    streams = keys.split(jax.random.key(0), jax.random.key(privacy))
    context = toys.context()._replace(part=base.Part(**part))
    return method.fit(streams, devices(), context)


def test_the_event_is_that_of_a_device_with_all_its_rows(made):
    method, claim = made
    rows, info, apps = method.event.events
    assert (claim.epsilon, claim.delta, claim.num_parts) == (4.0, 1e-5, 2)
    assert rows.count == 1  # numbers of rows of the one table but the anchor
    # A device is one row of the anchor: the study's claim holds there, and only there.
    assert 3.9 < accounting.epsilon_pld(info, 1e-5) <= 4.0
    assert events.describe(info).count("sensitivity 3") == 0
    assert events.describe(apps).count("sensitivity 1)") == 0
    assert accounting.epsilon_pld(apps, 1e-5) > 3 * 4.0


def test_rows_not_devices_are_counted(synthetic):
    arrays.check(SCHEMA, synthetic)
    apps = arrays.padded(synthetic["apps"], 3)
    shares = np.bincount(np.asarray(apps.codes)[apps.mask][:, 0], minlength=4)
    assert shares[2] / shares.sum() == pytest.approx(0.75, abs=0.02)
    assert apps.mask.sum(axis=1).mean() == pytest.approx(2.0, abs=0.1)
    hours = np.where(apps.mask, apps.codes[..., 1].astype(int), -1)
    assert (np.diff(hours, axis=1) <= 0).all()


def test_tables_are_joined_at_random(synthetic):
    many = arrays.num_rows(synthetic["apps"]) > 2
    first = synthetic["info"].codes[:, 0] == 1
    assert abs(np.corrcoef(many, first)[0, 1]) < 0.1  # 1 in the fleet


def test_noise_follows_the_secret_key(made):
    leaves = [jax.tree.leaves(fit(made[0], privacy)) for privacy in (3, 4)]
    assert not all(map(np.array_equal, *leaves))


def test_numbers_of_rows_are_added_up_over_processes(made):
    alone = fit(made[0])["rows"]["apps"]
    doubled = fit(made[0], total=lambda own: jax.tree.map(lambda x: 2 * x, own))
    both = doubled["rows"]["apps"]
    exact = np.bincount(arrays.num_rows(devices()["apps"]), minlength=4)
    held = exact > 0  # noise below zero is cut off where nobody is
    np.testing.assert_array_equal((both - alone)[held], exact[held])


def test_one_release_claims_its_fit_and_takes_the_number_of_devices_for_free():
    config = registry.method("pe").Config(selection="published", num_iterations=1)
    method, claim = bookkeeping.make_claimed("pe", config, SCHEMA, BUDGET)
    assert claim.num_parts == 1
    assert 3.9 < accounting.epsilon_pld(method.event, 1e-5) <= 4.0
    assert bookkeeping.record(claim)["total_epsilon"] == 4.0
