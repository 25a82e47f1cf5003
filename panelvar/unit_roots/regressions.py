r"""Autoregressions of one series that may have a unit root, each from one triangular factor.

The augmented Dickey-Fuller regression is

.. math:: \Delta y_t = d_t'\delta + \phi y_{t-1} + \sum_{j=1}^p \gamma_j \Delta y_{t-j} + u_t

with columns laid out as [d, y_{t-1}, lagged differences, difference]: the factor of the longest holds every shorter one
on the same rows, whose residuals are longer by the entries of the lags left out.

References: Said and Dickey (1984), Biometrika 71; Phillips and Perron (1988), Biometrika 75; Elliott, Rothenberg and
Stock (1996), Econometrica 64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.base.arrays import Array


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


def lagged_differences(series: Array, lags: int, terms: Array) -> Array:
    """Columns [terms, y_{t-1}, lagged differences, difference] of rows lags + 1, ..., T - 1."""
    change = np.diff(series)
    rows = len(change) - lags
    past = [change[lags - lag : lags - lag + rows] for lag in range(1, lags + 1)]
    return np.column_stack([terms[lags + 1 :], series[lags:-1], *past, change[lags:]])


def regression(columns: Array, place: int) -> Regression:
    """Regress the last column on the others and report the coefficient of one of them."""
    n, width = columns.shape
    # The column of interest last among the regressors: its coefficient is then a quotient of two entries of R.
    order = [*range(place), *range(place + 1, width - 1), place, width - 1]
    base, triangle = np.linalg.qr(columns[:, order])
    own, beside = triangle[-2, -2], triangle[-2, -1]
    eps, sizes = np.finfo(np.float64).eps, np.linalg.norm(columns[:, order], axis=0)
    if (np.abs(triangle.diagonal()[:-1]) <= 32.0 * eps * n**0.5 * sizes[:-1]).any():
        raise np.linalg.LinAlgError
    exact = abs(triangle[-1, -1]) <= eps * (32.0 * sizes[-1] + 4.0 * sizes[-2])
    df = n - width + 1
    residuals = base[:, -1] * triangle[-1, -1]
    spread = abs(triangle[-1, -1]) / np.sqrt(df)
    return Regression(float(beside / own), float(spread / abs(own)), residuals, df, bool(exact))


def lag_criteria(columns: Array, lags: int) -> Criteria:
    """Compare lag orders 0, ..., ``lags`` of columns laid out by `lagged_differences`, from one triangle."""
    n, width = columns.shape
    right = np.linalg.qr(columns)[1][:, -1]
    fixed = width - 1 - lags
    # Sum of squares left by the first fixed + q columns.
    rss = np.cumsum(np.square(right[::-1]))[::-1][fixed:width]
    counts = fixed + np.arange(lags + 1)
    with np.errstate(divide="ignore"):
        base = n * np.log(rss / n)
        ratios = np.full(lags + 1, np.inf)
        ratios[1:] = np.abs(right[fixed : width - 1]) / np.sqrt(rss[1:] / (n - counts[1:]))
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
