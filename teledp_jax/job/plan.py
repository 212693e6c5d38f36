"""What a budget can buy, tried on a made-up fleet before any real data are read.

The fleet is drawn from the public schema: devices fall into a few hidden classes, and
each class has its own shares of every column, so that columns depend on each other and
some groups are small. Methods are fitted to it at several epsilons and judged by the
queries of the config, as on real data. So a choice made by a plan tells nothing about
a real device. Real answers may be easier or harder: trust the order of methods and the
size of groups that a budget resolves, not the last digit.
"""

import dataclasses
import pathlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from jaxtyping import Float

from teledp_jax import arrays, errors, runs, schemas
from teledp_jax.data import decode, frames
from teledp_jax.evaluation import answers
from teledp_jax.job import api, learn, settings, setup
from teledp_jax.privacy import accounting, budgets, split
from teledp_jax.queries import catalog, groups
from teledp_jax.queries import run as run_lib

_NUM_CLASSES = 5
_SPREAD = 0.5  # of shares in a class: below 1, few codes have most of the mass
_MADE_UP = 20  # values of a text column whose values are not public

_SIGMAS = {
    "one column": (
        "column_noise", "sigma_single", "start_sigma", "marginal_sigma", "sigma",
    ),
    "pair of columns": ("pair_noise", "sigma_pair"),
}  # fmt: skip
"""Names in facts of the noise on counts."""

Progress = Callable[[int, int, Mapping[str, float]], None]
"""Told of steps done, steps in all, and numbers to show."""


SIZES = (50, 200, 1000, 5000)
"""Fewest devices of the kinds of groups that are told apart."""


class Outcome(NamedTuple):
    """Answers of one query, label and budget, to groups of one size.

    Attributes:
        label: The label of the config.
        epsilon: Of the whole release.
        query: Name of the query.
        kind: Its type.
        at_least: Fewest devices of these groups; the next size of `SIZES` is larger.
        num_answers: How many answers there are.
        num_right: How many are within the header's tolerance.
        median_error: Half of the answers err by at most this.
    """

    label: str
    epsilon: float
    query: str
    kind: str
    at_least: int
    num_answers: int
    num_right: int
    median_error: float


class Noise(NamedTuple):
    """Noise on one count that a label measures.

    Attributes:
        label: The label of the config.
        epsilon: Of the whole release.
        cells: What is counted: `one column` or `pair of columns`.
        sigma: Standard deviation of the noise, in devices.
    """

    label: str
    epsilon: float
    cells: str
    sigma: float


class Trial(NamedTuple):
    """What was tried.

    Attributes:
        outcomes: Of each label, epsilon, query and size of groups that occurs.
        noises: Of each label and epsilon, where the method counts devices.
        refusals: Sentences on labels and epsilons at which nothing can be fitted.
        learnt: What would be learnt of domains at the config's budget, by `learn.facts`
            and with `num_columns`; empty if nothing.
    """

    outcomes: tuple[Outcome, ...]
    noises: tuple[Noise, ...]
    refusals: tuple[str, ...]
    learnt: Mapping[str, Any]


def plan(
    chosen: settings.Settings,
    folder: pathlib.Path,
    *,
    num_devices: int,
    epsilons: Sequence[float],
    progress: Progress,
) -> Trial:
    """Fits the labels of a config to a made-up fleet, at several budgets.

    Args:
        chosen: The checked config; nothing of its source is read.
        folder: Gets device tables and results while it works; emptied before.
        num_devices: Size of the fleet, as the owner expects it.
        epsilons: Of the whole release, with what private domains cost.
        progress: Told of fits done.

    Returns:
        The outcomes, and what could not be tried.

    Raises:
        InputError: If the config names no method.
    """
    whole = setup.Setup(chosen, runs.Run(folder))
    if not whole.settings.methods:
        raise errors.InputError("plan: the config names no methods.")
    selected = catalog.select(
        catalog.load(chosen.suite_folder / "queries"), chosen.workloads
    )
    schema = with_values(whole.suite.schema)
    devices = made_up(schema, num_devices, seed=0)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "real").mkdir(parents=True)
    decode.decode(schema, devices, np.random.default_rng(0), folder / "real")
    real = _results(folder, "real", selected)
    sizes = {
        query.name: groups.count(folder / "real", query, found)
        for query in selected
        if (found := real[query.name]) is not None
    }
    tries = [(e, label) for e in epsilons for label in whole.settings.methods]
    outcomes: list[Outcome] = []
    noises: list[Noise] = []
    refusals: list[str] = []
    for number, (epsilon, label) in enumerate(tries):
        progress(number, len(tries), {"epsilon": epsilon})
        _, config = whole.settings.methods[label]
        try:
            fitted = api.fit(
                frames.Devices(schema=schema, arrays=devices, changes=[]),
                config,
                epsilon=_for_fit(
                    dataclasses.replace(chosen, epsilon=epsilon), whole, num_devices
                ),
                delta=chosen.delta,
                count_stddev=chosen.count_stddev,
                seed=number,
            )
        except errors.InputError as error:
            refusals.append(f"{label} at epsilon {epsilon:g}: {error}")
            continue
        noises += [
            Noise(label, epsilon, cells, sigma)
            for cells, sigma in noise_of_counts(fitted.facts).items()
        ]
        (folder / label).mkdir(exist_ok=True)
        for name, rows in fitted.sample(num_devices, seed=number).items():
            pq.write_table(rows, folder / label / f"{name}.parquet")
        synthetic = _results(folder, label, selected)
        for query in selected:
            own = real[query.name]
            if own is None or sizes[query.name] is None:
                continue
            judged = answers.judge(
                query,
                own,
                synthetic[query.name],
                sizes[query.name] or {},
                min_devices=SIZES[0],
            )
            outcomes += _by_size(label, epsilon, query, judged)
    progress(len(tries), len(tries), {})
    shutil.rmtree(folder)
    learnt = {}
    if whole.inquiry is not None:
        columns = learn.columns(chosen, whole.suite.schema)
        learnt = learn.facts(chosen, whole.inquiry)
        learnt["num_columns"] = len(columns)
    return Trial(tuple(outcomes), tuple(noises), tuple(refusals), learnt)


def _for_fit(chosen: settings.Settings, whole: setup.Setup, num_devices: int) -> float:
    """Epsilon of a fit by itself whose noise is that of a fit after the domains.

    Parts of a budget compose better than they add up, so it is more than what is left
    if the share of the domains comes off epsilon.

    Raises:
        InputError: If the domains leave too little.
    """
    inquiry = learn.inquire(chosen, whole.suite.schema)
    if inquiry is None:
        return chosen.epsilon
    budget = budgets.Budget(
        epsilon=chosen.epsilon,
        delta=chosen.delta,
        spent=inquiry.mechanism.event,
        num_devices=num_devices,
    )
    left = split.calibrate([split.Counts("counts", 1)], budget)
    return accounting.epsilon_pld(left.event, chosen.delta)


def noise_of_counts(facts: Mapping[str, Any]) -> dict[str, float]:
    """Reads the noise of counts of devices from the facts of a fit.

    Args:
        facts: What a method states of its fit.

    Returns:
        Standard deviations by what is counted; none where only a model is trained.
    """
    found: dict[str, float] = {}
    for cells, names in _SIGMAS.items():
        stated = [float(facts[name]) for name in names if facts.get(name)]
        found |= {cells: stated[0]} if stated else {}
    return found


def _results(
    folder: pathlib.Path, name: str, queries: Sequence[catalog.Query]
) -> Mapping[str, run_lib.Result | None]:
    """What the queries give on the tables of a folder."""
    return run_lib.run_queries(
        folder / name, queries, folder / "results" / name, advance=lambda: None
    )


def _by_size(
    label: str, epsilon: float, query: catalog.Query, judged: Sequence[answers.Answer]
) -> Iterator[Outcome]:
    """The outcomes of one query, apart by the size of groups."""
    for at_least, below in zip(SIZES, (*SIZES[1:], np.inf), strict=True):
        own = [answer for answer in judged if at_least <= answer.devices < below]
        if own:
            yield Outcome(
                label=label,
                epsilon=epsilon,
                query=query.name,
                kind=query.type,
                at_least=at_least,
                num_answers=len(own),
                num_right=sum(answer.right for answer in own),
                median_error=float(np.median([answer.error for answer in own])),
            )


def with_values(schema: schemas.Schema) -> schemas.Schema:
    """Gives made-up values to text columns whose header states none but the rest.

    Args:
        schema: As the headers state it.
    """

    def filled(column: schemas.Column) -> schemas.Column:
        if column.is_number or column.categories != (column.other,):
            return column
        own = tuple(f"{column.name} {number}" for number in range(1, _MADE_UP + 1))
        return dataclasses.replace(column, categories=(*own, *column.categories))

    tables = tuple(
        dataclasses.replace(table, columns=tuple(map(filled, table.columns)))
        for table in schema.tables
    )
    return dataclasses.replace(schema, tables=tables)


def made_up(
    schema: schemas.Schema, num_devices: int, *, seed: int
) -> arrays.DeviceArrays:
    """Draws a fleet from a public schema only.

    Args:
        schema: The device tables.
        num_devices: How many devices.
        seed: Of the draw.

    Returns:
        Codes of devices, with no more rows than a method of fixed shapes reads; a table
        lacks some devices, and rows of an entity table are as many as a geometric
        number that differs by class.
    """
    schema = schema.narrowed()
    rng = np.random.default_rng(seed)
    classes = rng.choice(
        _NUM_CLASSES, num_devices, p=rng.dirichlet(np.ones(_NUM_CLASSES))
    )
    found = {}
    for table in schema.tables:
        shape = (num_devices, table.max_rows)
        dtype = arrays.code_dtype(max(column.num_codes for column in table.columns))
        codes = np.zeros((*shape, len(table.columns)), dtype)
        for place, column in enumerate(table.columns):
            shares = rng.dirichlet(
                np.full(column.num_codes - 1, _SPREAD), size=_NUM_CLASSES
            )
            codes[:, :, place] = 1 + _draw(rng, shares[classes], table.max_rows)
        if table.role == "anchor":
            mask = np.ones(shape, bool)
        else:
            present = rng.uniform(0.4, 1, _NUM_CLASSES)[classes]
            more = rng.uniform(0.2, 0.9, _NUM_CLASSES)[classes]
            going = rng.random(shape) < more[:, None]
            going[:, 0] = rng.random(num_devices) < present
            mask = np.cumprod(going, axis=1).astype(bool)
        found[table.name] = arrays.from_padded(codes, mask)
    arrays.check(schema, found)
    return found


def _draw(
    rng: np.random.Generator, shares: Float[np.ndarray, "device code"], num_rows: int
) -> np.ndarray:
    """Draws a code for each row of each device, by the device's own shares."""
    upper = np.cumsum(shares, axis=1)
    drawn = rng.random((num_rows, len(shares), 1))
    found = np.stack([(row > upper).sum(axis=1) for row in drawn], axis=1)
    return np.minimum(found, shares.shape[1] - 1)
