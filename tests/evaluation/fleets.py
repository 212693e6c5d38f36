"""Makes fleets whose features are known."""

import numpy as np

from teledp_jax.evaluation import features
from tests.queries import fleet


def fleet_of(num_devices, seed, folder):
    """Devices of DE crash, of US don't; the number of crashes grows with memory."""
    rng = np.random.default_rng(seed)
    countries = rng.choice(["DE", "US"], num_devices)
    fleet.write(
        folder,
        countries=list(map(str, countries)),
        crashes={
            i: 1 + (8 * i) // num_devices
            for i in range(num_devices)
            if countries[i] == "DE"
        },
        apps=[(0, "a", 1), (0, "b", 2)],
    )
    return features.build(folder, fleet.SCHEMA)
