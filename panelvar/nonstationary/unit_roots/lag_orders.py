r"""How many lagged differences a Dickey-Fuller regression has: orders compared on the same rows, and chosen by a rule.

One triangle of the longest order's columns holds all shorter ones, since a column's lags stand behind the level: what
an order leaves is the sum of the squares below it in the last column.

References: Schwert (1989), Journal of Business and Economic Statistics 7; Ng and Perron (1995), Journal of the American
Statistical Association 90.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.kernels.dynamics.criteria import penalty
from panelvar.kernels.linear.unit_regressions import stacked_triangles
from panelvar.nonstationary.unit_roots.regressions import (
    FEWEST_DF,
    LaggedDifferences,
    LevelRegressions,
    alike,
    factor_columns,
    in_order,
    join_groups,
    level_regressions,
    pieces,
    read_level,
)

RULES = ("aic", "bic", "hqic", "t-stat")
"""What may choose an order."""

SIGNIFICANT = 1.6448536269514722
"""Absolute t ratio above which the last lag stays: two-sided, 10 percent, normal."""


@dataclass(frozen=True, eq=False)
class LagOrders:
    r"""Lag orders 0, ..., P of series on the same rows, from one triangle each.

    Attributes
    ----------
    triangles : array (..., w, w)
        Triangles of the columns of order P, in units of their own.
    exponents : integer array (...)
        Powers of two that the series are in.
    nobs : int
        Rows.
    fixed, step : int
        Columns before the lags, and with each.
    """

    triangles: Array
    exponents: NDArray[np.intc]
    nobs: int
    fixed: int
    step: int

    @cached_property
    def counts(self) -> Positions:
        """Coefficients of each order, (P + 1,)."""
        return np.arange(self.fixed, self.triangles.shape[-1], self.step)

    @cached_property
    def _left(self) -> Array:
        # What the first so many columns leave, in the units of the triangles.
        squares = np.square(self.triangles[..., ::-1, -1])
        return np.asarray(squares.cumsum(axis=-1)[..., ::-1][..., self.counts])

    @property
    def rss(self) -> Array:
        """Residual sums of squares, (..., P + 1)."""
        return np.asarray(np.ldexp(self._left, 2 * self.exponents[..., None]))

    def criteria(self, rule: str) -> Array:
        r"""Information criterion of each order, :math:`n \ln(RSS / n) + c k` with k coefficients, (..., P + 1).

        c is 2 ("aic"), :math:`\ln n` ("bic") or :math:`2 \ln \ln n` ("hqic").
        """
        n = self.nobs
        with np.errstate(divide="ignore"):
            fit = np.log(self._left / n) + self.exponents[..., None] * np.log(4.0)
        return np.asarray(n * fit + penalty(rule, n) * self.counts)

    def ratios(self) -> Array:
        """Absolute t ratio of the last lag of each order, (..., P + 1); infinite for order 0 and in exact fits."""
        out = np.full(self._left.shape, np.inf)
        spread = np.sqrt(self._left[..., 1:] / (self.nobs - self.counts[1:]))
        last = np.abs(self.triangles[..., self.counts[1:] - 1, -1])
        np.divide(last, spread, out=out[..., 1:], where=spread > 0.0)
        return out

    def chosen(self, rule: str, shortest: int = 0, significant: float | Array = SIGNIFICANT) -> Positions:
        """Order of each series, ``shortest`` or more, by the smallest of `criteria`, or by the last lag's t ratio.

        Parameters
        ----------
        rule : {"aic", "bic", "hqic", "t-stat"}
        shortest : int
        significant : float or (P + 1,) array
            What an absolute t ratio must reach for the lag to stay.
        """
        if rule == "t-stat":
            stays = self.ratios() >= significant
            return np.asarray(np.maximum(stays.shape[-1] - 1 - stays[..., ::-1].argmax(axis=-1), shortest))
        return np.asarray(shortest + self.criteria(rule)[..., shortest:].argmin(axis=-1))

    def take(self, units: Positions) -> LagOrders:
        """Some of the series."""
        return LagOrders(self.triangles[units], self.exponents[units], self.nobs, self.fixed, self.step)

    def level(self, orders: int | Positions) -> LevelRegressions:
        """Regressions with these orders, one for each series, on these rows; without residuals."""
        if self.triangles.ndim == 2:
            return self._level(self.triangles, self.exponents, int(orders))
        groups = list(alike(np.broadcast_to(orders, len(self.triangles))))
        parts = [self._level(self.triangles[units], self.exponents[units], order) for order, units in groups]
        return join_groups([units for _, units in groups], parts)

    def _level(self, triangles: Array, exponents: NDArray[np.intc], order: int) -> LevelRegressions:
        k = int(self.counts[order])
        moved = [*range(self.fixed - 1), *range(self.fixed, k), self.fixed - 1, -1]
        last = np.sqrt(np.square(triangles[..., k:, -1]).sum(axis=-1))
        lengths = np.sqrt(np.square(triangles).sum(axis=-2))[..., moved]
        return read_level(stacked_triangles(triangles[..., :k, moved]), last, lengths, self.nobs, order, exponents)


def lag_orders(columns: LaggedDifferences, longest: int) -> LagOrders:
    """Compare lag orders 0, ..., ``longest``, on the rows that the longest leaves (which must be more than columns)."""
    n, width = columns.shape(longest)
    if columns.levels.ndim == 1:
        triangles, _ = factor_columns(columns, longest, n, level_last=False)
    else:
        units = pieces(np.arange(len(columns.levels)), n * width)
        parts = [factor_columns(columns.take(some), longest, n, level_last=False)[0] for some in units]
        triangles = in_order(units, parts)
    return LagOrders(triangles, columns.exponents, n, columns.fixed, columns.step)


class LagChoice(NamedTuple):
    """How many lags: so many, or those that a rule chooses between two orders.

    Attributes
    ----------
    rule : {"given", "aic", "bic", "hqic", "t-stat"}
    shortest, longest : int
        Equal where given.
    """

    rule: str
    shortest: int
    longest: int

    @property
    def words(self) -> str:
        """The choice in words."""
        return self.rule if self.rule == "given" else f"{self.rule}, {self.shortest} to {self.longest}"


LONGER, SHORTER = 12.0, 4.0
"""Schwert's (1989) two rules for the longest order, at 100 periods: one series has the longer, a panel the shorter."""


def read_lags(
    lags: int | str, limits: tuple[int, int | None], periods: int, terms: int, step: int = 1, reach: float = LONGER
) -> LagChoice:
    """Read ``lags=``, ``min_lags=``, ``max_lags=`` of series of so many periods and terms, ``step`` columns a lag.

    A rule that is not told the longest order tries :math:`reach (T/100)^{1/4}`, rounded up.
    """
    shortest, max_lags = read_whole("min_lags", limits[0], 0), limits[1]
    if not isinstance(lags, str):
        if max_lags is not None or shortest:
            raise SpecificationError("max_lags= and min_lags= apply when lags= names a rule, such as lags='aic'.")
        order = read_whole("lags", lags, 0)
        return LagChoice("given", order, order)
    rule = choose("lags", lags, RULES)
    if max_lags is not None:
        return LagChoice(rule, shortest, read_whole("max_lags", max_lags, shortest))
    longest = default_longest(periods, terms, reach, step)
    return LagChoice(rule, shortest, max(longest, shortest))


def default_longest(periods: int, terms: int, reach: float, step: int = 1) -> int:
    """The longest order that a rule tries if it is not told: see `read_lags`."""
    # Also short enough to leave two degrees of freedom, so that a short series has a default.
    room = max(min(periods // 2 - terms - 1, (periods - terms - 4) // (1 + step)), 0)
    return min(int(np.ceil(reach * (periods / 100.0) ** 0.25)), room)


def choose_regressions(
    columns: LaggedDifferences, choice: LagChoice, *, common: bool = False, residuals: bool = False
) -> LevelRegressions:
    """Choose the lags of each series and run its regression.

    Parameters
    ----------
    columns : LaggedDifferences
    choice : LagChoice
    common : bool
        On the rows that the longest order leaves, on which orders are compared, instead of all that the order chosen
        leaves.
    residuals : bool
        Whether they are wanted.

    Returns
    -------
    LevelRegressions
        All `SHORT` where the longest order leaves too few rows.
    """
    rows, width = columns.shape(choice.longest)
    if choice.rule == "given" or rows - width + 1 < FEWEST_DF:
        return level_regressions(columns, choice.longest, residuals=residuals)
    compared = lag_orders(columns, choice.longest)
    orders = compared.chosen(choice.rule, choice.shortest)
    if common and not residuals:
        return compared.level(orders)
    return level_regressions(columns, orders, lost=choice.longest if common else 0, residuals=residuals)
