import jax
import numpy as np

from teledp_jax import runs
from teledp_jax.job import secrets
from teledp_jax.privacy import mechanisms


def data(found):
    return [np.asarray(jax.random.key_data(key)).tolist() for key in found]


def test_without_a_seed_keys_are_kept_for_their_owner_only(tmp_path):
    path = tmp_path / "keys/fit.json"
    first = data(secrets.root_keys(None, path, "token", stream="fit"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert data(secrets.root_keys(None, path, "token", stream="fit")) == first
    assert data(secrets.root_keys(None, path, "other", stream="fit")) != first
    assert runs.read_json(path)["token"] == "other"


def test_public_and_secret_keys_differ(tmp_path):
    public, secret = data(secrets.root_keys(None, tmp_path / "k", "t", stream="a"))
    assert public != secret


def test_a_seed_repeats_and_writes_nothing(tmp_path):
    path = tmp_path / "k.json"
    one, again, other = (
        data(secrets.root_keys(7, path, "t", stream=stream)) for stream in "aab"
    )
    assert one == again != other
    assert not path.exists()


def test_noise_is_exact_unless_a_seed_asks_for_an_experiment():
    assert secrets.noise_source(None) is mechanisms.secure_integer_noise
    assert secrets.noise_source(0) is mechanisms.seeded_integer_noise
    assert secrets.own_context(0).integer_noise is mechanisms.seeded_integer_noise
