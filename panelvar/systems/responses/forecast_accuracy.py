"""How well forecasts would have done: errors of forecasts made again and again as time went by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, choose
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line
from panelvar.core.base.scaling import in_own_units
from panelvar.core.faces.layout import Fact, pairs
from panelvar.core.faces.number_format import format_count
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult, t_test
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.systems.identification.scheme import position
from panelvar.systems.responses.horizon_tables import rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class ForecastAccuracy(Presented):
    """Errors of pseudo-out-of-sample forecasts by origin, horizon and variable.

    Attributes
    ----------
    errors : array (origins, steps, K)
        Actual less forecast; NaN past the end of the data.
    benchmark_errors : array (origins, steps, K)
        The same for the benchmark.
    benchmark : str
        What the benchmark is.
    names : tuple of str
    origins : Index
        Last period known at each origin.

    See Also
    --------
    evaluate_forecasts : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["unemp", "tbilrate"]]
    >>> accuracy = pv.evaluate_forecasts(macro, window=120, steps=2, lags=2)
    >>> accuracy.relative_rmse.round(3)
    relative_rmse  unemp  tbilrate
    horizon
    1              0.742     1.000
    2              0.856     0.991
    >>> accuracy.diebold_mariano("unemp", 1).in_a_line()
    't(79) = -2.5314, p = 0.0133'
    """

    errors: Array
    benchmark_errors: Array
    benchmark: str
    names: tuple[str, ...]
    origins: pd.Index

    def _by_horizon(self, values: Array, name: str) -> pd.DataFrame:
        import pandas as pd

        index = pd.RangeIndex(1, values.shape[0] + 1, name="horizon")
        return pd.DataFrame(values, index=index, columns=pd.Index(self.names, name=name))

    @property
    def rmse(self) -> pd.DataFrame:
        """Root mean squared error by horizon and variable."""
        return self._by_horizon(np.sqrt(_mean_over_origins(self.errors**2)), "rmse")

    @property
    def mae(self) -> pd.DataFrame:
        """Mean absolute error."""
        return self._by_horizon(_mean_over_origins(np.abs(self.errors)), "mae")

    @property
    def bias(self) -> pd.DataFrame:
        """Mean error."""
        return self._by_horizon(_mean_over_origins(self.errors), "bias")

    @property
    def relative_rmse(self) -> pd.DataFrame:
        """Root mean squared error over the benchmark's (Theil's U): below one is better; NaN where that is zero."""
        other = np.sqrt(_mean_over_origins(self.benchmark_errors**2))
        return self._by_horizon(self.rmse.to_numpy() / np.where(other > 0.0, other, np.nan), "relative_rmse")

    def diebold_mariano(self, variable: str, horizon: int = 1, *, loss: str = "squared") -> TestResult:
        r"""Test that the model and the benchmark forecast equally well (Diebold and Mariano 1995).

        The mean loss difference over its standard error, with h - 1 autocovariances of the differences, times Harvey,
        Leybourne and Newbold's (1997) factor and with t(n - 1).

        Parameters
        ----------
        variable : str
            Whose forecasts are compared.
        horizon : int
            h.
        loss : {"squared", "absolute"}

        Returns
        -------
        TestResult
            Negative where the model is better.

        Notes
        -----
        The benchmark must not be nested in the model for the asymptotics to hold: a random walk is nested in a VAR with
        a unit root. Read small p-values as descriptive then.
        """
        choose("loss", loss, ("squared", "absolute"))
        horizon = read_whole("horizon", horizon, 1, self.errors.shape[1])
        place = position(self.names, variable)
        both = np.stack([errors[:, horizon - 1, place] for errors in (self.errors, self.benchmark_errors)])
        # Squares of squares leave the range of numbers long before forecasts do.
        pair = np.abs(in_own_units(both[:, ~np.isnan(both).any(axis=0)]))
        power = 2 if loss == "squared" else 1
        gap = pair[0] ** power - pair[1] ** power
        n = len(gap)
        if n <= horizon + 1:
            ahead = count_of(horizon, "period")
            raise InsufficientDataError(
                f"{count_of(n, 'forecast')} {ahead} ahead {'is' if n == 1 else 'are'} too few for a test."
            )
        centred = gap - gap.mean()
        variance = centred @ centred / n
        variance += 2.0 * sum(centred[lag:] @ centred[: n - lag] / n for lag in range(1, horizon))
        factor = np.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
        if variance <= 0.0:
            raise InsufficientDataError(
                "The estimated long-run variance of the loss differences is zero or negative, so there is no "
                "statistic. Use more origins or a shorter horizon."
            )
        value = float(factor * gap.mean() / np.sqrt(variance / n))
        null = f"the VAR and the {self.benchmark} forecast {variable} equally well, {count_of(horizon, 'period')} ahead"
        notes = size_notes("diebold-mariano", n / (horizon - 1)) if horizon > 1 else ()
        return t_test("Diebold-Mariano", value, n - 1, null, notes)

    def summary(self, *, digits: int = 4) -> Table:
        """Return root mean squared errors, and those over the benchmark's, by variable and horizon.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        rmse, relative = self.rmse, self.relative_rmse
        both = np.stack([rmse.to_numpy(), relative.to_numpy()], axis=2)
        return Table(
            title="Accuracy of forecasts",
            facts=(Fact("Origins", format_count(len(self.origins))), Fact("Benchmark", self.benchmark)),
            header=pairs(self.names, ("RMSE", "relative"), "Variable", "Measure"),
            body=rows(rmse.index, both, (), digits),
            notes=("Rows are periods ahead. relative is RMSE over the benchmark's: below one, the model is better.",),
        )

    def __repr__(self) -> str:
        return one_line(
            f"<Accuracy of forecasts of {listed(self.names)}, {self.errors.shape[0]} origins, horizons 1 to "
            f"{self.errors.shape[1]}>"
        )


def _mean_over_origins(values: Array) -> Array:
    """Mean of what came true, NaN at horizons that no origin reaches."""
    counts = (~np.isnan(values)).sum(axis=0)
    means = np.full(counts.shape, np.nan)
    np.divide(np.nansum(values, axis=0), counts, out=means, where=counts > 0)
    return means
