"""Every key of a config and its default; `settings` gives them types."""

import ml_collections
from ml_collections import config_dict


def default(suite: str) -> ml_collections.ConfigDict:
    """A config with every key that a run knows; config files begin with it.

    Args:
        suite: Name of a shipped suite, or the path of a suite's folder.
    """
    return ml_collections.ConfigDict(
        {
            "suite": suite,
            # Folder of raw Parquet, as data/raw or s3://bucket/raw; none simulates (or,
            # for flights, loads) it.
            "source": config_dict.placeholder(str),
            "num_devices": 20_000,  # of a simulated fleet
            # Coverage: factor on the published shares of devices that have a table.
            "simulation": {"seed": 0, "world": "a", "coverage": 1.0},
            "device_share": 1.0,  # devices kept, by a hash of the id
            "workloads": (),  # folders in sql/<suite>/queries; none: all
            "window": ("", ""),  # first and last day, as 2024-12-28; empty: open
            # No defaults for privacy: a config states its own.
            "budget": {
                "epsilon": config_dict.placeholder(float),
                "delta": config_dict.placeholder(float),
                "count_stddev": 20.0,  # noise on the number of devices
                # File of all releases, with a cap; none: the ledger of this user.
                "book": config_dict.placeholder(str),
                "data_set": config_dict.placeholder(str),  # your name for it
                "cap_epsilon": config_dict.placeholder(float),  # of all its releases
            },
            # What headers state is public but for these columns, whose bins or values
            # are learnt from the data under noise.
            "domains": {
                "private": (),  # "table.column", or "table" for all of its columns
                "share": 0.25,  # of the budget
                "num_levels": 4,  # of halving: 2 to that power bins
                "max_texts": 8,  # that a device brings, over all columns
                "max_size": 200,  # texts of a column
                "presence": False,  # also shares of devices that have a table
            },
            "query_answers": False,  # noisy answers beside synthetic data
            "noiseless": False,  # also fits without noise: an experiment, no release
            "min_devices": 50,  # of a group whose answers are judged
            # Refits of each label on its own release, for intervals of its answers.
            "trust": {"num_refits": 5},  # 0: none
            "seed": config_dict.placeholder(int),  # none: the operating system
            "holdout": 0.1,
            "allow_missing_tables": False,
            "memory_limit": "4GB",  # of DuckDB
            "temp_folder": config_dict.placeholder(str),  # none: in the run folder
            # local: DuckDB on this machine. ray: the same SQL, by partitions of the
            # devices, on a Ray cluster, and fits by several processes.
            "engine": "local",
            "ray": {
                # Empty: a cluster of this run alone, on this machine. Else auto, on a
                # node of a running cluster, or HOST:PORT of its head.
                "address": "",
                "num_cpus": 0,  # of a cluster of this run alone; 0: all cores
                "num_partitions": 16,  # a task reduces one, in memory_limit
                "num_workers": 2,  # processes that share a fit
            },
            "methods": {},
            # Labels that may leave, which share the budget; none: the first one.
            "release": (),
        }
    )
