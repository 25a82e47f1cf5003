"""The result of a test for a unit root, for stationarity, or for cointegration by residuals."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import Note
from panelvar.core.tables.test_result import TestResult
from panelvar.kernels.linear.unit_regressions import SHORT
from panelvar.nonstationary.unit_roots.regressions import LevelRegressions

BOUND = "pvalue-bound"
"""Code of the note that a p-value is a bound."""

UNIT_ROOT = "the series has a unit root"
STATIONARY = {"c": "the series is stationary about a level", "ct": "the series is stationary about a trend"}


@dataclass(frozen=True, repr=False)
class UnitRootResult(TestResult):
    """A `TestResult` of one series, with what went into it.

    Parameters
    ----------
    lags : float
        Lagged differences, or lags of the long-run variance.
    nobs : int
        Rows of the regression.
    trend : str
        Deterministic terms: "n", "c", "ct", "ctt".
    critical_values : dict of float to float
        By significance level: 0.01, 0.05, 0.1, ...; empty where none are published.
    lags_rule : str
        How the lags were chosen, in words.
    coefficient : float
        Coefficient of the lagged level, less one if the regression is of levels; NaN for a test without one.
    bound : str
        ``"<"`` or ``">"`` where the p-value is a bound because the published table ends there, else empty.

    See Also
    --------
    adf_test, dfgls_test, phillips_perron_test, kpss_test, engle_granger_test : make it.
    TestResult : what all tests share.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.adf_test(pv.load_data("us_macro")["unemp"])
    >>> round(test.statistic, 3), round(test.pvalue, 3), test.lags
    (-2.52, 0.111, 9)
    >>> {level: round(float(value), 2) for level, value in test.critical_values.items()}
    {0.01: -3.46, 0.05: -2.88, 0.1: -2.57}
    """

    lags: float = 0
    nobs: int = 0
    trend: str = "c"
    critical_values: dict[float, float] = field(default_factory=dict)
    lags_rule: str = "given"
    coefficient: float = math.nan
    bound: str = ""

    def _tail(self, digits: int) -> str:
        return f"p {self.bound} {self.pvalue:g}" if self.bound else super()._tail(digits)


class SeriesTests(NamedTuple):
    """One test of a series (T,), numbers, or of N of one length (N, T), arrays (N,).

    Attributes
    ----------
    statistic, pvalue, coefficient : array
        NaN for a series that is not tested.
    lags : array or float
    nobs, regressors : integer array
        Rows and regressors of the regressions.
    status : integer array
        `ESTIMATED`, or why there is no test (`panelvar.nonstationary.unit_roots.one_series.refusal`).
    rule : str
        How the lags were chosen.
    bound : array of str, optional
        "<" or ">" where the p-value is a bound.
    """

    statistic: Array
    pvalue: Array
    coefficient: Array
    lags: Array | Positions | float
    nobs: Positions
    regressors: Positions
    status: NDArray[np.int8]
    rule: str
    bound: NDArray[np.str_] | None = None


def from_levels(
    level: LevelRegressions, statistic: Array, pvalue: Array, lags: Array | Positions, rule: str
) -> SeriesTests:
    """Tests by regressions on the lagged level."""
    regressors = level.nobs - level.df
    return SeriesTests(statistic, pvalue, level.coefficient, lags, level.nobs, regressors, level.status, rule)


def too_short(series: Array, rows: int, regressors: int) -> SeriesTests:
    """Tests of series that leave too few rows."""
    some = series.shape[:-1]
    none, status = np.full(some, np.nan), np.full(some, SHORT, np.int8)
    counts = np.full(some, max(rows, 0)), np.full(some, regressors)
    return SeriesTests(none, none, none, none, *counts, status, "")


def bound_notes(pvalue: float, bound: str) -> tuple[Note, ...]:
    """Return the note on a p-value that is a bound, and no note for any other."""
    if not bound:
        return ()
    where = "above" if bound == ">" else "below"
    return (Note(BOUND, f"The published table ends at {pvalue:g}, and the p-value is {where} it."),)
