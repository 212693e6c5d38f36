"""The keys of the headers of queries: names and meanings, as `data.header_keys`."""

from collections.abc import Mapping

from teledp_jax.data.header_keys import Key

QUERY: Mapping[str, Key] = {
    "question": Key(
        "yes",
        "What the query answers.",
        "Which model has most jams per printer?",
    ),
    "codename": Key(
        "yes",
        "A short name for tables.",
        "JamModel",
    ),
    "type": Key(
        "yes",
        "What the answer is; one of the types below.",
        "aggregate",
    ),
    "rare": Key(
        "no",
        "`true` if few devices report what it is about.",
        "true",
    ),
    "tables": Key(
        "yes",
        "The device tables that it reads.",
        "[printers, jams]",
    ),
    "keys": Key(
        "yes",
        "Columns that identify a row of the result; may be empty.",
        "[model]",
    ),
    "within": Key(
        "no",
        "The keys within which a ranking ranks.",
        "[persona]",
    ),
    "coverage": Key(
        "no",
        "Least Jaccard overlap of real and synthetic keys. If left out: 0.3 for "
        "rankings, 0.5 where relative errors are taken by group, else not checked.",
        "0.5",
    ),
    "values": Key(
        "yes",
        "The check of each value column; may be empty, then the query runs and is not "
        "scored.",
        "{num: {metric: relative_error, threshold: 0.25}}",
    ),
    "devices": Key(
        "no",
        "Which devices a group is made of: a SELECT of the device id and the keys, "
        "one row per device and group or more, or the name of the value column that "
        "counts them. Without it `contributions` says it; without both, answers are "
        "not judged.",
        "num_devices",
    ),
    "contributions": Key(
        "no",
        "What a device adds to the answer; see below.",
    ),
}
"""Keys of a query."""

TYPES: Mapping[str, str] = {
    "aggregate": "Numbers per group.",
    "topk": "A ranking of items.",
    "geographic": "Numbers per place.",
    "histogram": "Numbers per bin of a value.",
    "pivot": "A value per pair of keys, such as shares of a whole.",
}
"""Types of a query, by which reports group them."""

METRICS: Mapping[str, Key] = {
    "relative_error": Key(
        "at most",
        "Median over common keys of the relative error.",
    ),
    "total_variation": Key(
        "at most",
        "Half the sum of absolute differences of shares.",
    ),
    "spearman": Key(
        "at least",
        "Rank correlation over common items.",
    ),
    "agreement": Key(
        "at least",
        "Share of real keys that have the same value.",
    ),
    "row_count": Key(
        "at most",
        "Relative error of the number of rows.",
    ),
    "mean_relative_error": Key(
        "at most",
        "Relative error of the column's mean.",
    ),
    "share_variation": Key(
        "at most",
        "Total variation of the shares of the column's values.",
    ),
}
"""Metrics of a value column; `needed` says on which side of the threshold it passes."""

CONTRIBUTIONS: Mapping[str, Key] = {
    "select": Key(
        "yes",
        "A SELECT that gives the id column, the keys and the amounts, one row per "
        "device and cell.",
    ),
    "keys": Key(
        "no",
        "For each key its public values: a list, a category column of a device table, "
        "or `private` for values that are selected under noise.",
        "{model: printers.model}",
    ),
    "max_cells": Key(
        "no",
        "How many cells of a device count; those with the largest first amount. 1 by "
        "default.",
        "2",
    ),
    "amounts": Key(
        "no",
        "Bounds of each amount: `high` or `[low, high]`. Values outside are clipped, "
        "missing ones are 0.",
        "{jams: 20}",
    ),
    "values": Key(
        "yes",
        "Each value: an amount (its sum), `[numerator, denominator]`, `[numerator, "
        "denominator, factor]`, or `{share: amount}` (percent). `devices` is an "
        "amount that is 1 in each row.",
        "{jams_per_printer: [jams, devices]}",
    ),
    "at_least": Key(
        "no",
        "Cells with fewer noisy devices are left out.",
        "50",
    ),
    "top": Key(
        "no",
        "Keeps the first cells: `by` (a value or `devices`), `limit`, and optionally "
        "`within` and `ascending`.",
        "{by: devices, limit: 5}",
    ),
}
"""Keys of `contributions`."""
