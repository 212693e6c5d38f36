"""What a fit is given when nobody says otherwise."""

from teledp_jax import base
from tests import toys


def test_a_store_in_memory_gives_back_the_last_tree_of_a_name():
    store = base.MemoryStore()
    assert store.load("votes") is None
    store.save("votes", {"counts": 1})
    store.save("votes", {"counts": 2})
    store.save("other", {"counts": 3})
    assert store.load("votes") == {"counts": 2}
    assert isinstance(store, base.Store)


def test_a_process_is_the_only_one_by_default():
    part = toys.context().part
    assert part == base.Part() and part.num_devices is None and part.mesh is None
    assert part.total({"counts": 5}) == {"counts": 5}
    assert part.once(lambda: "made here") == "made here"
