"""What an event log says about its products, and how far another log is from it."""

import datetime
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.stats
from jaxtyping import Float, Integer

TIMES = ("Time of Event", "event_date")
NUMBERS = ("event_hour", "event_dow", "is_weekend")
TEXTS = ("Product Type", "Event Type", "User ID")
COLUMNS = ("Product Type", "Event Type", *TIMES, *NUMBERS, "User ID")
MASKED = "<masked>"
_ERROR = "error"
_SUMMARY = (
    "count", "unique", "top", "freq", "mean", "min", "25%", "50%", "75%", "max", "std",
)  # fmt: skip
_TRAINING_ROWS = 50_000

Values = Float[np.ndarray, " row"]
Codes = Integer[np.ndarray, " row"]


def summary(
    texts: Sequence[Mapping[str, Any]], numbers: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Makes the table of summary statistics, one dict each; the first key is empty.

    Args:
        texts: A dict a text column with name, num_rows, num_distinct, top, frequency.
        numbers: A dict a number or time column with name, num_rows, mean, low, quarter,
            half, three_quarters, high, deviation; times in seconds since 1970.
    """
    cells: dict[str, dict[str, Any]] = {row: {"": row} for row in _SUMMARY}
    for text in texts:
        name = text["name"]
        top = MASKED if name == "User ID" else text["top"]
        values = (text["num_rows"], text["num_distinct"], top, text["frequency"])
        for row, value in zip(_SUMMARY[:4], values, strict=True):
            cells[row][name] = value
    fields = ("mean", "low", "quarter", "half", "three_quarters", "high")
    for number in numbers:
        name, is_time = number["name"], number["name"] in TIMES
        cells["count"][name] = number["num_rows"] * (1 if is_time else 1.0)
        for row, field in zip(_SUMMARY[4:10], fields, strict=True):
            cells[row][name] = (
                _time_text(number[field]) if is_time else float(number[field])
            )
        if not is_time:
            cells["std"][name] = number["deviation"]
    return [{"": row, **dict.fromkeys(COLUMNS), **cells[row]} for row in _SUMMARY]


def _time_text(seconds: float) -> str:
    """A time as text, to the nanosecond where a microsecond does not hold it."""
    whole, nanos = divmod(int(seconds * 1e9), 10**9)
    start = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=whole)
    if nanos % 1000:
        return f"{start}.{nanos:09d}"
    return f"{start}.{nanos // 1000:06d}" if nanos else str(start)


def zscores(rates: Float[np.ndarray, "*batch product"]) -> np.ndarray:
    """Computes by how many standard deviations each rate is above the mean of all.

    Args:
        rates: Rates of products, in the last axis.

    Returns:
        The z-scores, by the population standard deviation; 0 if all rates are equal.
    """
    centred = rates - rates.mean(axis=-1, keepdims=True)
    deviation = rates.std(axis=-1, keepdims=True)
    return np.divide(
        centred, deviation, out=np.zeros_like(centred), where=deviation > 0
    )


def baseline(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Collects the baseline metrics of a table of error rates by product."""
    rates = {row["Product Type"]: row["Error Rate"] for row in rows}
    errors = sum(row["Error Count"] for row in rows)
    return {
        "error_rate": rates,
        "average_error_rate": sum(rates.values()) / len(rates),
        "error_rate_of_all_events": errors / sum(row["Total Count"] for row in rows),
        "zscore": {row["Product Type"]: row["Error Rate Z-Score"] for row in rows},
    }


def cramers_v(first: Codes, second: Codes) -> float:
    """Cramer's V of two categories, without correction for small numbers.

    Zero where one of them has a single value. References: Cramer 1946.
    """
    num_first, num_second = np.bincount(first), np.bincount(second)
    smaller = min(np.count_nonzero(num_first), np.count_nonzero(num_second)) - 1
    if smaller < 1:
        return 0.0
    pairs, joint = np.unique(
        first.astype(np.int64) * len(num_second) + second, return_counts=True
    )
    one, two = num_first[pairs // len(num_second)], num_second[pairs % len(num_second)]
    chi_squared = float((joint / one * joint / two).sum()) - 1
    return float(np.sqrt(max(chi_squared, 0.0) / smaller))


def correlation_ratio(category: Codes, values: Values) -> float:
    """Computes the square root of the share of variance between categories."""
    total = float(((values - values.mean()) ** 2).sum())
    if not total:
        return 0.0
    sizes = np.bincount(category)
    known = sizes > 0
    centred = values - values.mean()
    sums = np.bincount(category, weights=centred)[known]
    between = float((sums**2 / sizes[known]).sum())
    return float(np.sqrt(min(between / total, 1.0)))


def pearson(first: Values, second: Values) -> float:
    """Computes Pearson's correlation; zero where one of them is constant."""
    if not first.std() or not second.std():
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def associations(
    categories: Mapping[str, Codes], numbers: Mapping[str, Values]
) -> list[dict[str, Any]]:
    """Measures the association of every two columns, as fits their kinds."""
    rows = []
    for first, second in itertools.combinations([*categories, *numbers], 2):
        if second in categories:
            measure, value = (
                "Cramer's V",
                cramers_v(categories[first], categories[second]),
            )
        elif first in categories:
            measure = "correlation ratio"
            value = correlation_ratio(categories[first], numbers[second])
        else:
            measure, value = "Pearson", pearson(numbers[first], numbers[second])
        rows.append(
            {"column_1": first, "column_2": second, "measure": measure, "value": value}
        )
    return rows


Log = Mapping[str, np.ndarray]
"""Columns of a log: product and event_type (text), time_s (float64)."""


def compare(
    real: Log,
    other: Log,
    *,
    products: Sequence[str],
    event_types: Sequence[str],
) -> dict[str, Any]:
    """Measures how far a log is from the real one; the real rates are private.

    Args:
        real: The real log.
        other: A log of any size.
        products: All products.
        event_types: All event types.

    Returns:
        Differences of shares in points, the Kolmogorov-Smirnov statistic of time, error
        rates and z-scores by product, and the accuracy on real events of a classifier
        trained on the other log.
    """
    facts: dict[str, Any] = {"num_events": len(other["product"])}
    for column, names in (("product", products), ("event_type", event_types)):
        gaps = 100 * (_shares(other[column], names) - _shares(real[column], names))
        facts[f"{column}_points"] = dict(zip(names, gaps.tolist(), strict=True))
        facts[f"{column}_max_points"] = float(np.abs(gaps).max())
    rates, truth = error_rates(other, products), error_rates(real, products)
    change = np.abs(rates - truth)
    facts["error_rate"] = dict(zip(products, rates.tolist(), strict=True))
    facts["error_rate_within_target"] = int(
        ((change <= 0.1 * truth) | (change <= 0.002)).sum()
    )
    facts["average_error_rate"] = float(rates.mean())
    facts["average_error_rate_change"] = float(rates.mean() - truth.mean())
    facts["zscore"] = dict(zip(products, zscores(rates).tolist(), strict=True))
    facts["zscore_linf"], facts["zscore_iou"] = agreement(truth, rates)
    facts["time_ks"] = float(
        scipy.stats.ks_2samp(real["time_s"], other["time_s"]).statistic
    )
    facts["accuracy"] = _accuracy(other, real)
    return facts


def agreement(truth: np.ndarray, rates: np.ndarray) -> tuple[float, float]:
    """Compares the z-scores of two sets of rates.

    Args:
        truth: Exact rates, per product.
        rates: Other rates, per product.

    Returns:
        Largest change of a z-score, and overlap of the sets with z above 0.
    """
    one, two = zscores(truth), zscores(rates)
    union = int(((one > 0) | (two > 0)).sum())
    both = int(((one > 0) & (two > 0)).sum())
    return float(np.abs(one - two).max()), both / union if union else 1.0


def error_rates(log: Log, products: Sequence[str]) -> np.ndarray:
    """Computes the share of error events of each product.

    Args:
        log: Columns of events.
        products: Names of the products.

    Returns:
        One share per product; 0 if it has no event.
    """
    is_error = log["event_type"] == _ERROR
    rates = [is_error[log["product"] == name] for name in products]
    return np.array([rate.mean() if len(rate) else 0.0 for rate in rates])


def _shares(values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Share of each name."""
    return np.array([(values == name).mean() for name in names])


def _accuracy(train: Log, test: Log) -> float:
    """Accuracy of logistic regression of the event type on product and time."""
    if len(np.unique(train["event_type"])) < 2:
        return float((test["event_type"] == train["event_type"][0]).mean())
    chosen = np.linspace(0, len(train["product"]) - 1, _TRAINING_ROWS).astype(int)
    chosen = np.unique(chosen)
    # Takes a second to import, which most commands can save.
    from sklearn import compose, linear_model, pipeline, preprocessing

    features = compose.make_column_transformer(
        (preprocessing.OneHotEncoder(handle_unknown="ignore"), [0]),
        (preprocessing.StandardScaler(), [1]),
    )
    model = pipeline.make_pipeline(
        features, linear_model.LogisticRegression(max_iter=300)
    )

    def table(log: Log, rows: Any) -> np.ndarray:
        time_s = log["time_s"][rows].astype(object)
        return np.stack([log["product"][rows], time_s], axis=1)

    model.fit(table(train, chosen), train["event_type"][chosen].astype(str))
    found = model.predict(table(test, slice(None)))
    return float((found == test["event_type"].astype(str)).mean())


def release_quality(
    truth: Float[np.ndarray, " product"], noisy: Float[np.ndarray, "run product"]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Measures how far released z-scores lie from the true ones; both are private.

    Args:
        truth: True rates.
        noisy: Rates of one release a run.

    Returns:
        A row per run with the largest change of a z-score (L_inf) and the overlap of
        the sets with z above 0 (IOU); and quantiles of both over runs, with the share
        of runs whose set is right.
    """
    rows = []
    for run, rates in enumerate(noisy):
        largest, overlap = agreement(truth, rates)
        rows.append({"run": run, "L_inf": largest, "IOU": overlap})
    facts: dict[str, Any] = {"num_runs": len(rows)}
    for name in ("L_inf", "IOU"):
        values = np.array([row[name] for row in rows])
        low, median, high = np.quantile(values, [0.05, 0.5, 0.95])
        facts[f"{name}_summary"] = {
            "max": float(values.max()),
            "min": float(values.min()),
            "5%": float(low),
            "50%": float(median),
            "95%": float(high),
        }
    facts["num_sets_right"] = sum(row["IOU"] == 1 for row in rows)
    return rows, facts
