r"""Autoregressions of one series that may have a unit root, each from one triangular factor.

The augmented Dickey-Fuller regression is

.. math:: \Delta y_t = d_t'\delta + \phi y_{t-1} + \sum_{j=1}^p \gamma_j \Delta y_{t-j} + u_t

with columns laid out as [d, y_{t-1}, lagged differences, difference]: the factor of the longest holds every shorter one
on the same rows, whose residuals are longer by the entries of the lags left out.

References: Said and Dickey (1984), Biometrika 71; Phillips and Perron (1988), Biometrika 75; Elliott, Rothenberg and
Stock (1996), Econometrica 64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.scaling import refuse_far_apart
from panelvar.kernels.qr import RowAccumulator

LAID_OUT = 4_000_000
"""Numbers of a regression that are laid out at once; larger ones go through blocks of rows."""

BLOCK = 8_000
"""Rows of a block."""


class Regression(NamedTuple):
    """The coefficient on the lagged level.

    Attributes
    ----------
    coefficient, std_error : float
        Of y_{t-1}; in a regression of differences the coefficient is the autoregressive root less one.
    residuals : array (n,)
    df : int
        Residual degrees of freedom.
    exact : bool
        Whether the residuals are no more than rounding of the level and its differences.
    """

    coefficient: float
    std_error: float
    residuals: Array
    df: int
    exact: bool = False

    @property
    def ratio(self) -> float:
        """Coefficient over its standard error, the statistic tau."""
        return self.coefficient / self.std_error


class Criteria(NamedTuple):
    r"""What lag orders 0, ..., P look like on the same rows.

    Attributes
    ----------
    aic, bic : array (P + 1,)
        :math:`n \ln(RSS / n) + 2 k` and with :math:`k \ln n`, up to a constant.
    ratios : array (P + 1,)
        Absolute t ratio of the last lag of each order; that of order 0 is infinite.
    """

    aic: Array
    bic: Array
    ratios: Array


def trend_columns(powers: int, first: int, count: int) -> Array:
    """Powers 0, ..., ``powers - 1`` of the time index, (count, powers), which is ``first`` in the first row."""
    time = np.arange(first, first + count, dtype=np.float64)
    return time[:, None] ** np.arange(powers)


@dataclass(frozen=True, eq=False)
class LaggedDifferences:
    """Columns [terms, y_{t-1}, lagged differences, difference] of rows lags + 1 + skipped, ..., T - 1, where needed.

    Attributes
    ----------
    series : array (T,)
    change : array (T - 1,)
        Its differences.
    lags : int
    terms : array (T, d)
    skipped : int
        Rows left out at the start besides those that the lags need.
    """

    series: Array
    change: Array
    lags: int
    terms: Array
    skipped: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.change) - self.lags - self.skipped, self.terms.shape[1] + self.lags + 2

    def rows(self, start: int, stop: int) -> Array:
        """Some of the rows."""
        first, last = self.lags + self.skipped + start, self.lags + self.skipped + stop
        past = [self.change[first - lag : last - lag] for lag in range(1, self.lags + 1)]
        lead = self.terms[first + 1 : last + 1], self.series[first:last]
        return np.column_stack([*lead, *past, self.change[first:last]])

    def all(self) -> Array:
        """All of them."""
        return self.rows(0, self.shape[0])


def lagged_differences(series: Array, lags: int, terms: Array, skipped: int = 0) -> LaggedDifferences:
    """Lay out the regression of a series with its lagged differences."""
    return LaggedDifferences(series, np.diff(series), lags, terms, skipped)


def _factors(columns: LaggedDifferences | Array, order: Sequence[int]) -> tuple[Array, Array]:
    """Triangle of the columns in an order, and the residuals of the last on the others but for their sign.

    Long series go through a block of rows at a time: their columns are never laid out together.
    """
    n, width = columns.shape
    if isinstance(columns, np.ndarray):
        return _laid_out(columns[:, order])
    if n * width <= LAID_OUT:
        return _laid_out(columns.all()[:, order])
    triangle = _triangle(columns, order)
    residuals = np.full(n, np.nan)
    if triangle.diagonal()[:-1].all():
        weights = np.linalg.solve(triangle[:-1, :-1], triangle[:-1, -1])
        for start in range(0, n, BLOCK):
            block = columns.rows(start, min(start + BLOCK, n))[:, order]
            residuals[start : start + BLOCK] = block[:, -1] - block[:, :-1] @ weights
    return triangle, residuals


def _laid_out(matrix: Array) -> tuple[Array, Array]:
    base, triangle = np.linalg.qr(matrix)
    return triangle, base[:, -1] * triangle[-1, -1]


def _triangle(columns: LaggedDifferences, order: Sequence[int]) -> Array:
    n, width = columns.shape
    accumulator = RowAccumulator(width)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        accumulator.room(stop - start)[...] = columns.rows(start, stop)[:, order]
        accumulator.update()
    return accumulator.r


def regression(columns: LaggedDifferences | Array, place: int) -> Regression:
    """Regress the last column on the others and report the coefficient of one of them."""
    n, width = columns.shape
    # The column of interest last among the regressors: its coefficient is then a quotient of two entries of R.
    triangle, residuals = _factors(columns, [*range(place), *range(place + 1, width - 1), place, width - 1])
    own, beside = triangle[-2, -2], triangle[-2, -1]
    eps, sizes = np.finfo(np.float64).eps, np.linalg.norm(triangle, axis=0)
    if (np.abs(triangle.diagonal()[:-1]) <= 32.0 * eps * n**0.5 * sizes[:-1]).any():
        raise np.linalg.LinAlgError
    exact = abs(triangle[-1, -1]) <= eps * (32.0 * sizes[-1] + 4.0 * sizes[-2])
    df = n - width + 1
    spread = abs(triangle[-1, -1]) / np.sqrt(df)
    # Where an outlier is the last value, nothing but the change knows it.
    refuse_far_apart(("lagged level", "change"), np.abs(np.array([own, spread])))
    return Regression(float(beside / own), float(spread / abs(own)), residuals, df, bool(exact))


def lag_criteria(columns: LaggedDifferences, lags: int) -> Criteria:
    """Compare lag orders 0, ..., ``lags`` of columns laid out by `lagged_differences`, from one triangle."""
    n, width = columns.shape
    if n * width <= LAID_OUT:
        right = np.asarray(np.linalg.qr(columns.all(), mode="r"))[:, -1]
    else:
        right = _triangle(columns, range(width))[:, -1]
    fixed = width - 1 - lags
    # Sum of squares left by the first fixed + q columns.
    rss = np.cumsum(np.square(right[::-1]))[::-1][fixed:width]
    counts = fixed + np.arange(lags + 1)
    with np.errstate(divide="ignore"):
        base = n * np.log(rss / n)
        # Infinite where the lags fit exactly.
        ratios = np.full(lags + 1, np.inf)
        spread = np.sqrt(rss[1:] / (n - counts[1:]))
        np.divide(np.abs(right[fixed : width - 1]), spread, out=ratios[1:], where=spread > 0.0)
    return Criteria(base + 2.0 * counts, base + np.log(n) * counts, ratios)


def phillips_perron(
    level: Regression, n: int, long_run: float, mean_square: float | None = None
) -> tuple[float, float]:
    r"""Statistics :math:`Z_\tau` and :math:`Z_\rho` of a regression of y on terms and its lag.

    With :math:`\gamma_0 = RSS / n`, :math:`\lambda^2` the long-run variance of the residuals, s the residual standard
    error and se that of the root (Phillips and Perron 1988; Hamilton 1994, 17.6.8 and 17.6.12):

    .. math:: Z_\tau = \frac{\sqrt{\gamma_0}}{\lambda}\,\tau - \frac{\lambda^2 - \gamma_0}{2\lambda}\,\frac{n\,se}{s},
        \qquad Z_\rho = n(\hat\rho - 1) - \frac{\lambda^2 - \gamma_0}{2}\,\frac{n^2 se^2}{s^2}

    Parameters
    ----------
    level : Regression
    n : int
        Rows.
    long_run : float
        :math:`\lambda^2`.
    mean_square : float, optional
        Used for :math:`s^2 / (n\,se)^2`, the mean square of the lagged level about its terms over n.
    """
    squares = float(level.residuals @ level.residuals)
    gamma, spread = squares / n, np.sqrt(squares / level.df)
    scaled = n * level.std_error / spread if mean_square is None else mean_square**-0.5
    root = np.sqrt(long_run)
    distance = level.coefficient - 1.0
    tau = np.sqrt(gamma) / root * distance / level.std_error - 0.5 * (long_run - gamma) / root * scaled
    rho = n * distance - 0.5 * (long_run - gamma) * scaled**2
    return float(tau), float(rho)


def quasi_detrended(series: Array, terms: Array, distance: float) -> Array:
    r"""Take out terms estimated by GLS under a root near one (Elliott, Rothenberg and Stock 1996, section 3).

    Series and terms are quasi-differenced by :math:`1 - (1 + c/T)L`, the first row kept as it is.

    Parameters
    ----------
    series : array (T,)
    terms : array (T, d)
    distance : float
        c: -7 with a constant, -13.5 with a trend.
    """
    root = 1.0 + distance / len(series)
    both = np.column_stack([terms, series])
    moved = both.copy()
    moved[1:] -= root * both[:-1]
    weights = np.linalg.lstsq(moved[:, :-1], moved[:, -1], rcond=None)[0]
    detrended: Array = series - terms @ weights
    return detrended
