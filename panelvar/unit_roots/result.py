"""The result of a test for a unit root, for stationarity, or for cointegration by residuals."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from panelvar.tables.test_result import TestResult


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
