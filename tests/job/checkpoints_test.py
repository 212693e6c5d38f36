import numpy as np

from teledp_jax.job import checkpoints


def test_a_store_gives_back_trees_and_only_to_its_token(tmp_path):
    store = checkpoints.FileStore(tmp_path, "a")
    tree = {"params": {"w": np.arange(6, dtype=np.float32).reshape(2, 3)}, "step": 7}
    store.save("model", tree)
    loaded = store.load("model")
    assert loaded["step"] == 7
    assert (loaded["params"]["w"] == tree["params"]["w"]).all()
    assert checkpoints.FileStore(tmp_path, "b").load("model") is None
    assert store.load("other") is None
    assert (tmp_path / "model.msgpack").stat().st_mode & 0o777 == 0o600
