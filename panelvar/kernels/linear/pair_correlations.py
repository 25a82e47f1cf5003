r"""Sums over the correlations of every pair of entities, without a matrix of them.

Where many entities are observed in the same periods the sums are closed forms. With :math:`Z_A` the rows of the
entities A over the periods they share with B, about their means and of length one,

.. math:: \sum_{i \in A, j \in B} \rho_{ij} = (\iota' Z_A)(\iota' Z_B)', \qquad
          \sum_{i \in A, j \in B} \rho_{ij}^2 = \operatorname{tr}(Z_A'Z_A Z_B'Z_B),

and within A half of the same less the ones of the diagonal. A balanced panel is one such set, and costs
:math:`O(N T^2)`. Else, and for absolute values, pairs are gone through a tile of the matrix at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import refuse_cells
from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.groups import Grouping

TILE = 256
"""Entities on a side of a tile: its matrices stay in the cache."""

FEW_SETS = 100
"""Entities for each set of periods from which closed forms are faster than tiles."""

FLAT = 1e-14
"""Share of an entity's variance below which it is rounding over the common periods: the correlation is then zero."""


CANCELLED = 1e-3
"""Share below which moments about zero have lost digits: the correlation is then computed from the values."""

_SMALLEST = 1e-300


class PairSums(NamedTuple):
    r"""Sums over the pairs i < j with enough common periods.

    Attributes
    ----------
    total, absolute : float
        Of the correlations and their absolute values; these are zero unless asked for.
    signed, squared : float
        Of :math:`\sqrt{T_{ij}} \rho_{ij}` and :math:`T_{ij} \rho_{ij}^2`.
    pairs, left_out : int
        Pairs that count, and that have too few common periods.
    leading : int
        Entities that have a pair with a later one.
    large : int
        Pairs with :math:`\sqrt{T_{ij}} |\rho_{ij}|` beyond a bound; zero unless asked for.
    """

    total: float
    absolute: float
    signed: float
    squared: float
    pairs: int
    left_out: int
    leading: int
    large: int


def pair_sums(
    residuals: Array,
    entities: Grouping,
    times: Grouping,
    fewest: int,
    *,
    absolute: bool = False,
    bound: float | None = None,
) -> PairSums:
    r"""Add up the correlations of the entities' residuals.

    Parameters
    ----------
    residuals : array (n,)
        At most one of an entity and period.
    entities, times : Grouping
    fewest : int
        Common periods of a pair that counts.
    absolute : bool
        Add up absolute values too, which takes every pair by itself.
    bound : float, optional
        Count the pairs with :math:`\\sqrt{T_{ij}} |\rho_{ij}|` beyond it, which does too.

    Raises
    ------
    SpecificationError
        If entities times periods are too many numbers.
    """
    n, periods = entities.n_groups, times.n_groups
    refuse_cells("The residuals by entity and period", n, periods)
    centred = residuals - entities.means(residuals)[entities.codes]
    spread = np.sqrt(entities.means(np.square(centred)))
    spread[spread == 0.0] = 1.0
    values = np.zeros((n, periods))
    values[entities.codes, times.codes] = centred / spread[entities.codes]
    if len(residuals) == n * periods:
        one_set = np.zeros(n, dtype=np.intp)
        return _by_sets(values, one_set, np.ones((1, periods), dtype=bool), fewest, absolute, bound)
    present = np.zeros((n, periods), dtype=bool)
    present[entities.codes, times.codes] = True
    _, first, members = np.unique(np.packbits(present, axis=1), axis=0, return_index=True, return_inverse=True)
    if FEW_SETS * len(first) <= n:
        return _by_sets(values, members.ravel(), present[first], fewest, absolute, bound)
    return _by_tiles(values, present.astype(np.float64), fewest, absolute, bound)


def _by_sets(
    values: Array,
    members: NDArray[np.intp],
    observed: NDArray[np.bool_],
    fewest: int,
    absolute: bool,
    bound: float | None,
) -> PairSums:
    """Closed forms for pairs of sets of entities that are observed in the same periods (s, T)."""
    order = np.argsort(members, kind="stable")
    counts = np.bincount(members)
    sets = np.split(order, np.cumsum(counts)[:-1])
    common = observed.astype(np.float64) @ observed.T
    total = sum_absolute = signed = squared = 0.0
    pairs = large = 0
    for a, own in enumerate(sets):
        for b in np.flatnonzero(common[a, a:] >= fewest) + a:
            columns = np.flatnonzero(observed[a] & observed[b])
            t = float(len(columns))
            left, live = _unit_rows(values[own][:, columns])
            right, _ = (left, live) if a == b else _unit_rows(values[sets[b]][:, columns])
            # The pairs of an entity with itself, and one of the two orders of the others.
            diagonal, half = (live, 0.5) if a == b else (0, 1.0)
            sums = half * (float(left.sum(axis=0) @ right.sum(axis=0)) - diagonal)
            squares = half * (_squares(left, right) - diagonal)
            if absolute:
                sum_absolute += half * (_absolutes(left, right) - diagonal)
            if bound is not None:
                least = bound / t**0.5
                large += int(half * (_beyond(left, right, least) - diagonal * (least < 1.0)))
            total, signed, squared = total + sums, signed + t**0.5 * sums, squared + t * squares
            pairs += counts[a] * (counts[a] - 1) // 2 if a == b else counts[a] * counts[b]
    n = len(values)
    # An entity leads if a set that shares enough periods with its own has a later member.
    last = np.array([own[-1] for own in sets])
    latest = np.where(common >= fewest, last, -1).max(axis=1)
    leading = int((np.arange(n) < latest[members]).sum())
    return PairSums(total, sum_absolute, signed, squared, int(pairs), n * (n - 1) // 2 - int(pairs), leading, large)


def _unit_rows(rows: Array) -> tuple[Array, int]:
    """Rows about their means and of length one, zero where they do not vary, and how many do."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    squares = np.einsum("it,it->i", centred, centred)
    flat = squares <= FLAT * rows.shape[1]
    squares[flat] = 1.0
    centred /= np.sqrt(squares)[:, None]
    centred[flat] = 0.0
    return centred, int((~flat).sum())


def _squares(left: Array, right: Array) -> float:
    """Sum of the squares of ``left @ right.T``."""
    if left.shape[1] <= min(len(left), len(right)):
        gram = left.T @ left
        return float(np.vdot(gram, gram if right is left else right.T @ right))
    return math.fsum(np.vdot(tile, tile) for tile in _tiles(left, right))


def _absolutes(left: Array, right: Array) -> float:
    """Sum of the absolute values of ``left @ right.T``."""
    return math.fsum(np.abs(tile, out=tile).sum() for tile in _tiles(left, right))


def _beyond(left: Array, right: Array, least: float) -> int:
    """How many absolute values of ``left @ right.T`` are larger than some number."""
    return sum(int(np.count_nonzero(np.abs(tile, out=tile) > least)) for tile in _tiles(left, right))


def _tiles(left: Array, right: Array) -> Iterator[Array]:
    """Yield ``left @ right.T`` some rows and columns at a time."""
    for i in range(0, len(left), 4 * TILE):
        for j in range(0, len(right), 4 * TILE):
            yield left[i : i + 4 * TILE] @ right[j : j + 4 * TILE].T


def _by_tiles(values: Array, present: Array, fewest: int, absolute: bool, bound: float | None) -> PairSums:
    """Every pair by itself, from moments over the common periods."""
    n = len(values)
    squares = np.square(values)
    total = sum_absolute = signed = squared = 0.0
    pairs = large = 0
    leads = np.zeros(n, dtype=bool)
    for first in range(0, n, TILE):
        rows = slice(first, first + TILE)
        v, p, s = values[rows], present[rows], squares[rows]
        for second in range(first, n, TILE):
            beside = slice(second, second + TILE)
            common = p @ present[beside].T
            used = common >= fewest
            if first == second:
                used = np.triu(used, 1)
            if not used.any():
                continue
            leads[rows] |= used.any(axis=1)
            safe = np.maximum(common, 1.0)
            # Sums of i and of j differ: each is over the periods that both have.
            sums_i, sums_j = v @ present[beside].T, p @ values[beside].T
            rho = v @ values[beside].T
            rho -= sums_i * sums_j / safe
            own_i, own_j = s @ present[beside].T, p @ squares[beside].T
            own_i -= np.square(sums_i, out=sums_i) / safe
            own_j -= np.square(sums_j, out=sums_j) / safe
            safe *= CANCELLED
            poor = used & ((own_i < safe) | (own_j < safe))
            own_i *= own_j
            rho /= np.sqrt(np.maximum(own_i, _SMALLEST, out=own_i), out=own_i)
            # Multiplied by zero or one, which is much cheaper than to pick the places.
            rho *= used
            if poor.any():
                i, j = np.nonzero(poor)
                rho[i, j] = _correlations(values, present, i + first, j + second)
            pairs += int(np.count_nonzero(used))
            if absolute:
                total += float(rho.sum())
                sum_absolute += float(np.abs(rho, out=own_j).sum())
            rho *= np.sqrt(common, out=common)
            signed += float(rho.sum())
            squared += float(np.vdot(rho, rho))
            if bound is not None:
                large += int(np.count_nonzero(np.abs(rho) > bound))
    left_out = n * (n - 1) // 2 - pairs
    return PairSums(total, sum_absolute, signed, squared, pairs, left_out, int(leads.sum()), large)


def _correlations(values: Array, present: Array, i: NDArray[np.intp], j: NDArray[np.intp]) -> Array:
    """Correlations of pairs of entities from their values over the common periods."""
    common = present[i] * present[j]
    counts = common.sum(axis=1, keepdims=True)
    left, right = (
        (rows - (rows * common).sum(axis=1, keepdims=True) / counts) * common for rows in (values[i], values[j])
    )
    own_left, own_right = (np.einsum("it,it->i", rows, rows) for rows in (left, right))
    flat = np.minimum(own_left, own_right) <= FLAT * counts[:, 0]
    length = np.sqrt(np.where(flat, 1.0, own_left * own_right))
    return np.where(flat, 0.0, np.einsum("it,it->i", left, right) / length)
