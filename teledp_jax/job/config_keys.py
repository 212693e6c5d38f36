"""Every key of a config and its default; `settings` gives them types."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import ml_collections
from ml_collections import config_dict


def default(suite: str) -> ml_collections.ConfigDict:
    """Returns a config with every key that a run knows; config files begin with it.

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
            "workloads": (),  # folders in sql/<suite>/queries; none: all but the unseen
            # Workloads that no method is told of: their queries are judged, apart.
            "unseen_workloads": (),
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
            # What is learnt from the data under noise. All else is as headers state it.
            "domains": {
                # Names of entity tables beside the listed ones, and what headers call
                # `learnt`.
                "learnt": True,
                # Columns of which the header's bins or values are not public:
                # "table.column", or "table" for all of its columns.
                "private": (),
                "share": 0.25,  # of the budget
                "num_levels": 4,  # of halving: 2 to that power bins
                "max_texts": 256,  # that a device brings, over all columns
                "max_size": 1000,  # learnt texts of a column
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
            "temp_limit": config_dict.placeholder(str),  # none: what is free there
            # Of engine local over the devices; 0: one, or as many as disk and memory
            # ask for.
            "passes": 0,
            # What folders of raw files that lie by device state, as in bucket=07: then
            # a pass of engine local reads one bucket. Left out, passes look at the
            # files and use what holds; "none": they do not look.
            "buckets": config_dict.placeholder(str),
            # local: DuckDB on this machine. ray: the same SQL, by partitions of the
            # devices, on a Ray cluster, and fits by several processes.
            "engine": "local",
            "ray": {
                # Empty: a cluster of this run only, on this machine. Else auto, on a
                # node of a running cluster, or HOST:PORT of its head.
                "address": "",
                "num_cpus": 0,  # of a cluster of this run only; 0: all cores
                "num_partitions": 16,  # a task reduces one, in memory_limit
                "num_workers": 2,  # processes that share a fit
            },
            "methods": {},
            # Labels that may leave, which share the budget; none: the first one.
            "release": (),
        }
    )


def faults(plain: Mapping[str, Any]) -> list[str]:
    """Finds values that are not of the type of their key; none is taken for another.

    An empty text stands for an unset variable of a shell, and NaN for a number that
    went wrong: neither means anything, unless it is the default.

    Args:
        plain: A config with the keys of `default`, as plain values.

    Returns:
        A sentence for each fault.
    """
    known = default("suite")
    found = [
        f"config.{name}: expected {expected}, got {value!r}."
        for name, value in _leaves(plain)
        if (expected := _expected(known, name, value)) is not None
    ]
    nan = [name for name, value in _leaves(plain["methods"]) if _is_nan(value)]
    return found + [f"config.methods.{name}: is NaN; state a number." for name in nan]


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Full name and value of each key that is no section; labels are not looked at."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _is_nan(value: Any) -> bool:
    """Whether a value is a number that is none."""
    return isinstance(value, float) and math.isnan(value)


def _expected(known: ml_collections.ConfigDict, name: str, value: Any) -> str | None:
    """What a key takes, if a value is something else."""
    *sections, key = name.split(".")
    section = known
    for own in sections:
        section = section.get(own, ml_collections.ConfigDict())
    if key not in section:  # an entry of methods: its method checks it
        return None
    kind, usual = section.get_type(key), section[key]
    if value is None and usual is None:
        return None
    if kind is bool:
        return None if isinstance(value, bool) else "True or False"
    if kind is int:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return None if is_whole else "a whole number"
    if kind is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number and math.isfinite(value) else "a finite number"
    if kind is str:
        if value == "" and usual != "":
            return (
                "a text (it is empty, as a shell variable that is not set; state it or "
                "leave it out)"
            )
        return None if isinstance(value, str) else "a text"
    if kind is tuple and name != "window":
        is_list = isinstance(value, list | tuple)
        if not is_list or not all(isinstance(v, str) and v for v in value):
            return "a list of texts, none of them empty"
    return None
