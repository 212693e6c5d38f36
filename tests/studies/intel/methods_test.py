import pytest

from teledp_jax import errors
from teledp_jax.dpsgd import sampling
from teledp_jax.job import settings
from teledp_jax.studies.intel import bookkeeping, methods


def make_config():
    config = settings.default("dca")
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.methods.update(methods.entries(900_000))
    return config


def test_every_label_of_the_study_is_a_method_in_two_bookkeepings():
    job = settings.resolve(make_config())
    honest = {label for label in job.methods if label not in job.claimed}
    assert honest == set(methods.LABELS.values())
    assert job.claimed == {
        label + methods.CLAIMED for label in honest - {"paper_dpsgd_vae"}
    }
    for label in job.claimed:
        assert job.methods[label] == job.methods[label.removesuffix(methods.CLAIMED)]
        assert job.methods[label][0] in bookkeeping.METHODS


def test_the_wide_model_is_the_published_one():
    config = methods.configs(1_000_000)["paper_dpsgd_vae"]
    assert (config.hidden, config.latent) == ((512, 512), 64)
    assert config.sampling_prob * 1_000_000 == 4096
    assert sampling.num_steps(config.num_epochs, config.sampling_prob) == 4883
    assert (config.l2_clip_norm, config.learning_rate) == (1.0, 1e-3)


def test_no_claimed_label_is_ever_released():
    # By default the first label leaves that keeps its budget; a claimed one never may.
    config = make_config()
    config.workloads = ("stability",)
    (first,) = settings.resolve(config).released
    assert first in methods.LABELS.values()
    claimed = sorted(settings.resolve(config).claimed)
    assert claimed
    config.release = (first, claimed[0])
    with pytest.raises(errors.InputError, match="exceed the budget; they may not"):
        settings.resolve(config)
