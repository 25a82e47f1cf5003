r"""Autoregressions of series that may have a unit root: one series, or many of one length, a triangular factor each.

The augmented Dickey-Fuller regression of a series is

.. math:: \Delta y_t = d_t'\delta + \phi y_{t-1} + \sum_{j=1}^p (\gamma_j \Delta y_{t-j} + x_{t-j}'\beta_j) + u_t

with terms d, whatever they are, and often no x beside the lagged differences. Its columns are laid out as
[d, y_{t-1}, lags, difference]: the factor of the longest holds every shorter one on the same rows, whose residuals are
longer by the entries of the lags left out. A status says what is wrong with a series; the others go on.

Series are rows: an array (T,) is one series and gives numbers, an array (N, T) is N series and gives arrays (N,). Dots
stand for N or nothing.

References: Said and Dickey (1984), Biometrika 71; Levin, Lin and Chu (2002), Journal of Econometrics 108; Pesaran
(2007), Journal of Applied Econometrics 22.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.scaling import FURTHEST_APART
from panelvar.kernels.linear.qr import RowAccumulator
from panelvar.kernels.linear.unit_regressions import DEPENDENT, ESTIMATED, SHORT, stacked_triangles

T = TypeVar("T", bound=tuple[Any, ...])

EXACT, APART = 3, 4
"""More statuses: residuals that are rounding, and sizes too far apart for a coefficient to have a square."""

FEWEST_DF = 2
"""Degrees of freedom that a regression must have."""

LAID_OUT = 4_000_000
"""Numbers of a regression that are laid out at once; larger ones go through blocks of rows."""

BLOCK = 8_000
"""Rows of a block."""

# Numbers of the regressions that are laid out together: as many as stay in the cache.
_AT_ONCE = 1 << 17
_EPS = float(np.finfo(np.float64).eps)

# By what is exact (1), apart (2) and dependent (4), the last of which counts: the status, and factors of what is known,
# and of what is left.
_STATUS = np.array([ESTIMATED, EXACT, APART, APART, *[DEPENDENT] * 4], dtype=np.int8)
_KNOWN = np.array([1.0, 1.0, *[np.nan] * 6])
_LEFT = np.array([1.0, 0.0, *[np.nan] * 6])
# By status: no t ratio of residuals that are rounding.
_TESTED = np.where(np.arange(8) == ESTIMATED, 1.0, np.nan)


def trend_columns(powers: int, count: int) -> Array:
    """Powers 0, ..., ``powers - 1`` of the time index 1, ..., ``count``, (count, powers)."""
    return np.arange(1.0, count + 1.0)[:, None] ** np.arange(powers)


class LaggedDifferences(NamedTuple):
    """The columns of series, from which the rows of any lag order are laid out; made by `lagged_differences`.

    Attributes
    ----------
    levels : array (..., T)
        The series, each divided by its own power of two, which changes no digit.
    changes : array (..., T - 1)
        Their differences.
    terms, beside : array (d, T) or (N, d, T), (k, T) or (N, k, T)
        In units of their own too.
    exponents : integer array (...)
        Exponents of the series' powers of two.
    """

    levels: Array
    changes: Array
    terms: Array
    beside: Array
    exponents: NDArray[np.intc]

    @property
    def fixed(self) -> int:
        """Columns before the lags: the terms and the lagged level."""
        return int(self.terms.shape[-2] + 1)

    @property
    def step(self) -> int:
        """Columns that come with each lag."""
        return int(self.beside.shape[-2] + 1)

    def shape(self, lags: int, lost: int = 0) -> tuple[int, int]:
        """Rows and columns of a regression with so many lags, which loses at least so many rows to lags."""
        return self.changes.shape[-1] - max(lags, lost), self.fixed + self.step * lags + 1

    def take(self, units: Positions | int) -> LaggedDifferences:
        """Some of N series, or one."""
        if not isinstance(units, int) and len(units) == len(self.levels):
            return self
        terms, beside = (each if each.ndim == 2 else each[units] for each in (self.terms, self.beside))
        return LaggedDifferences(self.levels[units], self.changes[units], terms, beside, self.exponents[units])

    def rows(self, lags: int, start: int, stop: int, *, level_last: bool = False) -> Array:
        """Rows of periods ``start``, ..., ``stop - 1``, (..., rows, columns).

        Columns are [terms, level, lags, difference], or with ``level_last`` [terms, lags, level, difference]; of each
        lag the columns beside come before the series' own.
        """
        d, k = self.terms.shape[-2], self.beside.shape[-2]
        # Columns are contiguous, as LAPACK takes them.
        block = np.empty((*self.levels.shape[:-1], d + 2 + (k + 1) * lags, stop - start))
        block[..., :d, :] = self.terms[..., start:stop]
        block[..., -2 if level_last else d, :] = self.levels[..., start - 1 : stop - 1]
        block[..., -1, :] = self.changes[..., start - 1 : stop - 1]
        place = d if level_last else d + 1
        for lag in range(1, lags + 1):
            if k:
                block[..., place : place + k, :] = self.beside[..., start - lag : stop - lag]
            block[..., place + k, :] = self.changes[..., start - 1 - lag : stop - 1 - lag]
            place += k + 1
        return block.swapaxes(-1, -2)


def lagged_differences(
    series: Array, powers: int, extra: Array | None = None, beside: Array | None = None
) -> LaggedDifferences:
    """Lay out what regressions of series on their lagged level and differences need.

    Parameters
    ----------
    series : array (..., T)
    powers : int
        Powers of time among the terms: 1 for a constant, 2 for a trend too.
    extra : array (T, m) or (N, T, m), optional
        More terms, by period, such as cross-section averages; the same for all series, or for each.
    beside : array (T, k) or (N, T, k), optional
        Columns that are lagged with the differences. Those of period t are no regressors themselves: what should be is
        among the extra terms too.

    Notes
    -----
    A regression with p lags starts with period p + 1. Of period 0 only the series itself is read.
    """
    periods = series.shape[-1]
    exponents = np.frexp(np.abs(series).max(axis=-1))[1]
    levels = np.ldexp(series, -exponents[..., None]) if np.count_nonzero(exponents) else series
    terms = np.arange(periods, dtype=np.float64) ** np.arange(powers)[:, None]
    if extra is not None:
        more = _in_own_units(extra)
        terms = np.concatenate([np.broadcast_to(terms, (*more.shape[:-2], powers, periods)), more], axis=-2)
    others = np.empty((0, periods)) if beside is None else _in_own_units(beside)
    return LaggedDifferences(levels, levels[..., 1:] - levels[..., :-1], terms, others, exponents)


def _in_own_units(columns: Array) -> Array:
    across = columns.swapaxes(-1, -2)
    units = np.frexp(np.abs(across[..., 1:]).max(axis=-1, initial=0.0))[1]
    return np.asarray(np.ldexp(across, -units[..., None]))


class LevelRegressions(NamedTuple):
    r"""The coefficient :math:`\phi` on the lagged level of each series, NaN where there is none.

    Attributes
    ----------
    coefficient, std_error : array (...)
        The autoregressive root less one, and its standard error.
    rss : array (...)
        Residual sums of squares, zero where they are rounding.
    orders, nobs, df : integer array (...)
        Lags, rows, and rows less coefficients.
    status : integer array (...)
        `ESTIMATED`, `SHORT` (fewer degrees of freedom than `FEWEST_DF`), `DEPENDENT`, `EXACT` or `APART`.
    residuals, level_left : array (..., T - 1) or None
        Where asked for, residuals of the regression, and of the lagged level on all other columns: those of period t in
        column t - 1, zero in periods that are not among the rows.
    """

    coefficient: Array
    std_error: Array
    rss: Array
    orders: Positions
    nobs: Positions
    df: Positions
    status: NDArray[np.int8]
    residuals: Array | None = None
    level_left: Array | None = None

    @property
    def ratios(self) -> Array:
        """Coefficients over their standard errors, the statistics tau; NaN unless estimated."""
        return self.coefficient / (self.std_error * _TESTED[self.status])

    @property
    def change_left(self) -> Array:
        """Residuals (..., T - 1) of the difference on all columns but the lagged level, with `residuals`."""
        assert self.residuals is not None
        assert self.level_left is not None
        return self.residuals + self.coefficient[..., None] * self.level_left


def level_regressions(
    columns: LaggedDifferences, orders: int | Positions, *, lost: int = 0, residuals: bool = False
) -> LevelRegressions:
    """Regress with a lag order for each series, those of one order together.

    Parameters
    ----------
    columns : LaggedDifferences
    orders : int or integer array (N,)
    lost : int
        Rows that any order loses to lags at least: with the longest order, all have the same rows.
    residuals : bool
        Whether they are wanted.
    """
    if columns.levels.ndim == 1:
        return _regress(columns, int(orders), lost, residuals)
    places, parts = [], []
    for order, same in alike(np.broadcast_to(orders, len(columns.levels))):
        for units in pieces(same, math.prod(columns.shape(order, lost))):
            places.append(units)
            parts.append(_regress(columns.take(units), order, lost, residuals))
    return join_groups(places, parts)


def _regress(columns: LaggedDifferences, order: int, lost: int, keep: bool) -> LevelRegressions:
    n, width = columns.shape(order, lost)
    if n - width + 1 < FEWEST_DF:
        some, rows = columns.levels.shape[:-1], max(n, 0)
        none, left = np.full(some, np.nan), np.full(columns.changes.shape, np.nan) if keep else None
        orders, nobs, df = (np.full(some, each) for each in (order, rows, rows - width + 1))
        return LevelRegressions(none, none, none, orders, nobs, df, np.full(some, SHORT, np.int8), left, left)
    r, left = factor_columns(columns, order, n, level_last=True, keep=keep)
    return read_level(r, np.abs(r[..., -1, -1]), np.sqrt(np.square(r).sum(axis=-2)), n, order, columns.exponents, left)


def by_length(stretches: Sequence[Array]) -> Iterator[tuple[Positions, Array]]:
    """Stretches of one length at a time, shortest first: their places, and an array with a row for each.

    Answers for each group are put back by `in_order`.
    """
    for _, places in alike(np.array([len(each) for each in stretches], dtype=np.intp)):
        yield places, np.stack([stretches[place] for place in places])


def join_by_length(stretches: Sequence[Array], regress: Callable[[Positions, Array], T]) -> T:
    """Answers for stretches of one length at a time, given their places, joined as by `join_groups`."""
    groups = list(by_length(stretches))
    return join_groups([places for places, _ in groups], [regress(places, stack) for places, stack in groups])


def in_order(places: Sequence[Positions], answers: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Answers (M, ...) of groups of series, joined in the order of the series."""
    if len(answers) == 1:
        return answers[0]
    one_after_another = np.concatenate(answers)
    out = np.empty_like(one_after_another)
    out[np.concatenate(places)] = one_after_another
    return out


def alike(values: Positions) -> Iterator[tuple[int, Positions]]:
    """Each value, smallest first, and the places where it stands."""
    for value in sorted(set(values.tolist())):
        yield value, np.flatnonzero(values == value)


def pieces(units: Positions, numbers: int) -> list[Positions]:
    """Split units, with so many numbers each, so that a piece stays in the cache."""
    count = -(-len(units) * numbers // _AT_ONCE)
    return np.array_split(units, min(count, len(units))) if count > 1 else [units]


def join_groups(places: Sequence[Positions], parts: Sequence[T]) -> T:
    """Answers for groups of series, each several arrays (or None) in a tuple, joined in the order of the series."""
    whole = [None if each[0] is None else in_order(places, each) for each in zip(*parts, strict=True)]
    kind: Any = type(parts[0])
    return cast(T, kind(whole) if kind is tuple else kind(*whole))


def factor_columns(
    columns: LaggedDifferences, lags: int, n: int, *, level_last: bool, keep: bool = False
) -> tuple[Array, Array | None]:
    """Triangles (..., w, w) of the last n rows, and what all before leave of the last two columns (2, ..., T - 1).

    Long series go through a block of rows at a time: their columns are never laid out together.
    """
    stop, width = columns.levels.shape[-1], columns.shape(lags)[1]
    if n * width > LAID_OUT:
        if columns.levels.ndim == 1:
            return _in_blocks(columns, lags, n, level_last=level_last, keep=keep)
        ones = [columns.take(unit) for unit in range(len(columns.levels))]
        found = [factor_columns(one, lags, n, level_last=level_last, keep=keep) for one in ones]
        parts = [left for _, left in found if left is not None]
        return np.stack([r for r, _ in found]), np.stack(parts, axis=1) if keep else None
    block = columns.rows(lags, stop - n, stop, level_last=level_last)
    if not keep:
        return stacked_triangles(block), None
    base, r = np.linalg.qr(block)
    left = np.zeros((2, *columns.changes.shape))
    for each in (-2, -1):
        np.multiply(base[..., each], r[..., each, each, None], out=left[each, ..., stop - 1 - n :])
    return r, left


def _in_blocks(
    columns: LaggedDifferences, lags: int, n: int, *, level_last: bool, keep: bool
) -> tuple[Array, Array | None]:
    """What `factor_columns` does, of one series, by blocks of rows."""
    stop = columns.levels.shape[-1]
    spans = [(start, min(start + BLOCK, stop)) for start in range(stop - n, stop, BLOCK)]
    accumulator = RowAccumulator(columns.shape(lags)[1])
    for start, end in spans:
        accumulator.room(end - start)[...] = columns.rows(lags, start, end, level_last=level_last)
        accumulator.update()
    r = accumulator.r
    if not keep:
        return r, None
    left = np.zeros((2, stop - 1))
    if r.diagonal()[:-1].all():
        weights = np.linalg.solve(r[:-2, :-2], r[:-2, -2:])
        for start, end in spans:
            block = columns.rows(lags, start, end, level_last=level_last)
            left[:, start - 1 : end - 1] = (block[:, -2:] - block[:, :-2] @ weights).T
        left[1] -= left[0] * (r[-2, -1] / r[-2, -2])
    return r, left


def read_level(
    r: Array,
    last: Array,
    lengths: Array,
    n: int,
    order: int,
    exponents: NDArray[np.intc],
    left: Array | None = None,
) -> LevelRegressions:
    """Read regressions off triangles (..., k, k + 1), or with more rows, whose column k - 1 is the lagged level.

    ``last`` is the length of what is left of the difference, ``lengths`` (..., k + 1) are those of the columns;
    ``left`` (2, ..., T - 1) is what is left of the level and of the difference in each period.
    """
    k = r.shape[-1] - 1
    own, spread = r[..., k - 1, k - 1], last / (n - k) ** 0.5
    diagonal = np.abs(r.diagonal(axis1=-2, axis2=-1)[..., :k])
    dependent = (diagonal <= 32.0 * _EPS * n**0.5 * lengths[..., :k]).any(axis=-1)
    exact = last <= _EPS * (32.0 * lengths[..., k] + 4.0 * lengths[..., k - 1])
    # Where an outlier is the last value, nothing but the difference knows it.
    apart = spread > FURTHEST_APART * np.abs(own)
    found = exact.astype(np.intp) + 2 * apart.astype(np.intp) + 4 * dependent.astype(np.intp)
    own, spread, zero = own * _KNOWN[found], spread * _LEFT[found], 0 * found
    rss = np.ldexp((n - k) * np.square(spread), 2 * exponents)
    coefficient, std_error = r[..., k - 1, k] / own, spread / np.abs(own)
    level_left = residuals = None
    if left is not None:
        level_left, residuals = left
        level_left *= np.ldexp(_KNOWN[found], exponents)[..., None]
        residuals *= np.ldexp(_LEFT[found], exponents)[..., None]
    return LevelRegressions(
        coefficient, std_error, rss, zero + order, zero + n, zero + n - k, _STATUS[found], residuals, level_left
    )
