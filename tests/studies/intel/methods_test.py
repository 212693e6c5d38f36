from teledp_jax import runs
from teledp_jax.data import suite
from teledp_jax.job import publish, settings
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
    assert config.num_steps == 4883  # 20 epochs
    assert (config.l2_clip_norm, config.learning_rate) == (1.0, 1e-3)


def test_no_claimed_label_is_ever_released(tmp_path, monkeypatch):
    config = make_config()
    config.workloads = ("stability",)
    checked, released = settings.resolve(config), []
    monkeypatch.setattr(publish, "publish_label", lambda *found: released.append(found))
    publish.publish(checked, suite.load(checked.suite_folder), runs.Run(tmp_path))
    assert {label for _, _, label in released} == set(methods.LABELS.values())
