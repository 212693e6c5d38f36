"""One variable of a chain: a log-linear model of its code, given variables before it.

The logits of a variable are a bias for each code, by bucket of the number of rows, and
a term for each measured block with a variable before. Bias and terms are those at which
a pool, weighed as the fleet was, comes out as measured.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from jaxtyping import Float

from teledp_jax import base, schemas
from teledp_jax.marginals import partial_pool, statistics, terms

_LARGEST_STEP = 3.0  # of one correction of a logit
_FEWEST_ROWS, _MOST_ROWS = 6_000, 20_000  # of a pool that terms are fitted on
_MOST_LOGITS = 1 << 21  # of those rows, beyond the fewest
_FARTHEST = 30.0  # nats that one correction of a part may move a logit
_STILL = 0.02  # nats: a part that moves no logit further rests until the last sweep
_CHUNK = 1 << 22  # logits in memory at once

Codes = partial_pool.Codes


class Link(NamedTuple):
    """One variable of the chain.

    Attributes:
        child: The variable; of a number of rows code 0 is none.
        bias: `[bucket of the number of rows, code]`.
        terms: Logits `[parent code, code]` of each measured variable before.
    """

    child: statistics.Variable
    bias: Float[np.ndarray, "bucket code"]
    terms: tuple[tuple[statistics.Variable, Float[np.ndarray, "cell code"]], ...]

    def tree(self) -> base.Tree:
        """Gives what can be saved."""
        return {
            "bias": self.bias.astype(np.float32),
            "terms": {v.name: logits.astype(np.float32) for v, logits in self.terms},
        }


def fit(
    generator: np.random.Generator,
    pool: partial_pool.Pool,
    child: statistics.Variable,
    shares: Float[np.ndarray, "bucket code"],
    parts: Sequence[terms.Part],
    *,
    by_device: bool,
    num_sweeps: int,
) -> Link:
    """Fits bias and terms of one variable.

    Args:
        generator: Public; chooses rows of the pool.
        pool: What has been drawn so far.
        child: The variable.
        shares: Of its codes, by bucket of the number of rows.
        parts: Measured blocks with variables before.
        by_device: Whether one row of each device stands for all of its rows, because
            no variable before is of the row.
        num_sweeps: Passes over the parts.

    Returns:
        The variable with its terms.
    """
    bias = np.log(np.maximum(shares, 1e-9))
    rows = partial_pool.rows_of(pool, child, by_device=by_device)
    if not parts or not len(rows.device):
        return Link(child, bias, ())
    most = max(min(_MOST_ROWS, _MOST_LOGITS // child.num_codes), _FEWEST_ROWS)
    size = max(len(rows.device) / most, 1.0)
    if size > 1:
        rows = rows.take(np.sort(generator.permutation(len(rows.device))[:most]))
    # P(code) is proportional to exp(bias[bucket, code] + sum over terms of
    # logits[code of the parent, code]); terms and bias are fitted in turn.
    places = [pool.code(p.parent, rows.table, rows.device, rows.row) for p in parts]
    num_rows = np.ones(len(rows.device), np.int64)
    if child.kind == "column":
        num_rows = pool.num_rows[child.table][rows.device]
    hot = [
        _weights(place, p.parent.num_codes, size * rows.times * _of(p, num_rows))
        for place, p in zip(places, parts, strict=True)
    ]
    own = _weights(rows.bucket, len(bias), rows.times)
    usual = own.sum(axis=1) @ shares / own.sum()
    fitted = [terms.Coefficients(p, usual, float(pool.count)) for p in parts]
    logits = bias[rows.bucket].astype(np.float32)
    rests = np.zeros(len(parts), bool)
    for sweep in range(num_sweeps):
        if sweep == num_sweeps - 1:
            rests[:] = False
        for i, (one, place, one_hot) in enumerate(
            zip(fitted, places, hot, strict=True)
        ):
            if one.is_told and not rests[i]:
                moved = one.step(one_hot, _normalised(logits), is_first=not sweep)
                moved = np.clip(moved, -_FARTHEST, _FARTHEST)
                logits += _padded(moved)[place]
                rests[i] = np.abs(moved).max() < _STILL
        held = own @ _normalised(logits)
        aim = shares * held.sum(axis=1, keepdims=True)
        # Iterative proportional fitting (Deming and Stephan 1940): log(aim / held).
        step = np.log(np.maximum(aim, 1e-6)) - np.log(np.maximum(held, 1e-6))
        step = np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
        bias = bias + step
        logits += step.astype(np.float32)[rows.bucket]
    told = [
        (p.parent, f.logits) for p, f in zip(parts, fitted, strict=True) if f.is_told
    ]
    return Link(child, bias, tuple(told))


def _of(part: terms.Part, num_rows: Codes) -> Float[np.ndarray, " row"]:
    """Weight of each row in a block; of what is counted by device one."""
    if part.block.spread == 1.0 and all(s.kind != "column" for s in part.block.sides):
        return np.ones(len(num_rows))
    return part.block.row_weight(num_rows)


def _weights(
    places: Codes, size: int, weights: Float[np.ndarray, " row"]
) -> scipy.sparse.csr_array:
    """`[cell, row]`: the weight of a row in its cell; a row of no cell is left out."""
    there = np.flatnonzero(places >= 0)
    entries = (weights[there].astype(np.float32), (places[there], there))
    return scipy.sparse.coo_array(entries, shape=(size, len(places))).tocsr()


def _padded(logits: Float[np.ndarray, "cell code"]) -> Float[np.ndarray, "more code"]:
    """Logits with a last row of zeros, for code -1: there is no such parent."""
    return np.pad(logits, ((0, 1), (0, 0))).astype(np.float32)


def _softmax(logits: Float[np.ndarray, "row code"]) -> Float[np.ndarray, "row code"]:
    """Probabilities of codes."""
    powers = logits - logits.max(axis=1, keepdims=True)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def _normalised(logits: Float[np.ndarray, "row code"]) -> Float[np.ndarray, "row code"]:
    """Makes logits logarithms of probabilities, in place; returns the probabilities.

    The logits were so before they were moved by `_FARTHEST` at most: none overflows,
    and not all of a row vanish.
    """
    powers = np.exp(logits)
    total = powers @ np.ones(powers.shape[1], np.float32)
    powers /= total[:, None]
    logits -= np.log(total)[:, None]
    return powers


def chances(
    pool: partial_pool.Pool, link: Link, rows: partial_pool.Rows
) -> Float[np.ndarray, "row code"]:
    """Computes probabilities of the codes of some rows.

    Args:
        pool: What has been drawn so far.
        link: The variable.
        rows: The rows.

    Returns:
        Probabilities, which sum to one.
    """
    # What is of the device is added up once for its rows, which lie together.
    heads = np.flatnonzero(np.diff(rows.device, prepend=-1))
    first = rows.take(heads)
    logits = link.bias.astype(np.float32)[first.bucket]
    is_own = [_is_of_row(pool, parent, rows.table) for parent, _ in link.terms]
    for (parent, own), by_row in zip(link.terms, is_own, strict=True):
        if not by_row:
            place = pool.code(parent, rows.table, first.device, first.row)
            logits += _padded(own)[place]
    if len(heads) < len(rows.device):
        ends = np.append(heads[1:], len(rows.device))
        logits = np.repeat(logits, ends - heads, axis=0)
    for (parent, own), by_row in zip(link.terms, is_own, strict=True):
        if by_row:
            place = pool.code(parent, rows.table, rows.device, rows.row)
            logits += _padded(own)[place]
    return _softmax(logits)


def _is_of_row(
    pool: partial_pool.Pool, parent: statistics.Variable, table: str
) -> bool:
    """Whether rows of one device may have different codes of a variable."""
    is_column = parent.kind == "column" and parent.table == table
    return is_column and pool.schema.table(table).max_rows > 1


def chunks(rows: partial_pool.Rows, num_codes: int) -> list[slice]:
    """Cuts rows so that their logits fit into memory."""
    size = max(_CHUNK // num_codes, 1)
    return [slice(i, i + size) for i in range(0, len(rows.device), size)]


def draw(
    generator: np.random.Generator,
    pool: partial_pool.Pool,
    link: Link,
    rows: partial_pool.Rows,
) -> Codes:
    """Draws codes of some rows, as evenly as whole numbers allow, in random order.

    Args:
        generator: Public.
        pool: What has been drawn so far.
        link: The variable.
        rows: The rows.

    Returns:
        A code of each row.
    """
    count, num_codes = len(rows.device), link.bias.shape[1]
    # Systematic sampling: one point in each of `count` equal parts of [0, 1), mixed;
    # the code is where the cumulative share passes the point.
    points = (generator.permutation(count) + generator.random(count)) / max(count, 1)
    found = np.zeros(count, np.int64)
    for here in chunks(rows, num_codes):
        cumulative = np.cumsum(chances(pool, link, rows.take(here)), axis=1)
        point = points[here] * cumulative[:, -1]
        # No sum reaches a point that rounding puts at the end: the last code then.
        cumulative[:, -1] = np.inf
        found[here] = (cumulative > point[:, None]).argmax(axis=1)
    return found


def from_tree(
    schema: schemas.Schema, child: statistics.Variable, tree: Mapping[str, Any]
) -> Link:
    """Reads what `Link.tree` gave.

    Args:
        schema: The public schema.
        child: The variable.
        tree: The tree.

    Returns:
        The link.
    """
    known = {v.name: v for table in schema.tables for v in _variables(table)}
    parts = [(known[name], np.asarray(t)) for name, t in tree.get("terms", {}).items()]
    return Link(child, np.asarray(tree["bias"]), tuple(sorted(parts, key=_name)))


def _name(part: tuple[statistics.Variable, np.ndarray]) -> str:
    """Order of terms: a sum of floats depends on it."""
    return part[0].name


def _variables(table: schemas.Table) -> list[statistics.Variable]:
    """All that can stand before another variable."""
    columns = [statistics.column(table, i) for i in range(len(table.columns))]
    return [statistics.presence(table), statistics.rows(table), *columns]
