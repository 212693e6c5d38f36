"""A first release in Python: from data frames to synthetic tables and a figure.

    pip install "teledp_jax[figures]"
    python docs/examples/first_release.py [figure.png]

Takes half a minute. The fleet is made up: 2,000 laptops and the apps that crashed on
them. In a notebook, paste what follows and put your own tables in its place.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

import teledp_jax as teledp

# Your own tables: one row per laptop, and one row per laptop and app that crashed.
# Pandas frames, Arrow tables, mappings of lists and paths of Parquet files all do.
rng = np.random.default_rng(0)
ids = np.array([f"laptop-{i}" for i in range(2_000)])
crashed = ids[rng.random(len(ids)) < 0.4]
tables = {
    "laptops": {
        "guid": ids,
        "os": rng.choice(["Windows 10", "Windows 11"], len(ids), p=[0.3, 0.7]),
        "ram_gb": rng.choice([8, 16, 32, 64], len(ids), p=[0.3, 0.5, 0.15, 0.05]),
    },
    "crashes": {
        "guid": crashed,
        "app": rng.choice(["browser", "mail", "game"], len(crashed), p=[0.6, 0.3, 0.1]),
        "num_crashes": 1 + rng.geometric(0.3, len(crashed)),
    },
}

# What is public: columns, categories, bounds and bins. State it from what you know of
# the product, not from a look at these devices.
schema = teledp.schema(
    teledp.anchor(
        "laptops",
        {
            "os": teledp.category(["Windows 10", "Windows 11", "other"], other="other"),
            "ram_gb": teledp.integer(low=1, high=128, bins=7, scale="log", unit="GB"),
        },
    ),
    teledp.entity(
        "crashes",
        {
            "app": teledp.category(["browser", "mail", "game", "other"], other="other"),
            "num_crashes": teledp.integer(low=1, high=100, bins=10, scale="log"),
        },
        max_rows=4,
        cap_by="num_crashes",
    ),
    device="guid",
)

# One fit under one budget; the number of laptops is counted under noise as well.
devices = teledp.encode(tables, schema)
fitted = teledp.fit(devices, "independent", epsilon=2.0, delta=1e-5)
print(fitted.promise)

# Any number of synthetic laptops, at no further cost, today or from the file.
synthetic = fitted.sample(fitted.num_devices)
fitted.save("first_release.model")
assert teledp.load("first_release.model").epsilon == fitted.epsilon


def shares(table: object, column: str, values: list[object]) -> list[float]:
    """Computes the share of rows that hold each value."""
    found = np.array(table[column])
    return [float(np.mean(found == value)) for value in values]


# The figure compares with the real fleet, so it stays in the house.
figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for axis, (table, column, values) in zip(
    axes,
    [
        ("laptops", "os", ["Windows 10", "Windows 11"]),
        ("crashes", "app", ["browser", "mail", "game"]),
    ],
    strict=True,
):
    places = np.arange(len(values))
    for shift, (label, rows) in enumerate(
        {"real": tables, "synthetic": synthetic}.items()
    ):
        heights = shares(rows[table], column, values)
        axis.bar(places + 0.4 * shift, heights, width=0.38, label=label)
    axis.set_xticks(places + 0.2, values)
    axis.set_ylabel(f"share of rows of {table}")
    axis.legend()
figure.suptitle(f"epsilon {fitted.epsilon:.2g}, delta {fitted.delta:.0e} per laptop")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "first_release.png", dpi=120)
