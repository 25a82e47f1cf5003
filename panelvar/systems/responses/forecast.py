"""Forecasts with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact, Row, words
from panelvar.core.tables.table import Presented, Table
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.panel.series import VarData
from panelvar.estimates.bands.target import Limits, limit_columns, said_levels
from panelvar.systems.responses.horizon_tables import rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


def forecast_errors(covariance: Array) -> Array:
    """Standard errors (steps, K) of forecasts whose errors have covariances (steps, K, K)."""
    return np.sqrt(covariance.diagonal(axis1=1, axis2=2))


@dataclass(frozen=True, eq=False, repr=False)
class Forecast(Presented):
    """Forecasts of a vector autoregression.

    Parameters
    ----------
    values, lower, upper : array (steps, K)
        Point forecasts and the limits of their intervals.
    covariance : array (steps, K, K)
        Covariance of the h-step forecast errors, the coefficients taken as known (Luetkepohl 2005, section 2.2); with
        `panelvar.DeltaMethod`, what their estimation adds included.
    names : tuple of str
    labels : sequence
        Period of each step, continuing the calendar of the data.
    level : float
        Probability of each interval; the highest, if there are several.
    notes : tuple of Note
    data : VarData or None
        What the forecast continues.
    draws : array (draws, steps, K) or None
        Simulated paths, where the intervals were made of them.
    band_label : str or None
        How intervals were simulated; None for normal ones with known coefficients.
    inner : tuple of Limits
        Limits at lower levels, the widest first.
    given : array (steps, K) or None
        Values that were given and not forecast, NaN elsewhere; None for a forecast without conditions.

    See Also
    --------
    FittedSystem.forecast : makes it.
    plot_forecast : draws it.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> model.forecast(2).to_frame()["unemp"].round(3)
             forecast  lower   upper  std_error
    quarter
    2009Q4      9.569  9.093  10.045      0.243
    2010Q1      9.244  8.326  10.161      0.468

    Forecasts of eight quarters after the data, in fans of 50% and 90%:

    >>> figure = model.forecast(8, level=(0.5, 0.9)).plot(past=40)
    """

    values: Array
    lower: Array
    upper: Array
    covariance: Array
    names: tuple[str, ...]
    labels: pd.Index
    level: float
    notes: tuple[Note, ...] = ()
    data: VarData | None = None
    draws: Array | None = None
    band_label: str | None = None
    inner: tuple[Limits, ...] = ()
    given: Array | None = None

    @property
    def conditions(self) -> str:
        """What was given, in words: variables and the periods of each; empty without conditions."""
        if self.given is None:
            return ""
        said = []
        for k, name in enumerate(self.names):
            periods = [as_text(self.labels[h]) for h in np.flatnonzero(~np.isnan(self.given[:, k])).tolist()]
            if periods:
                whole = len(periods) > 2 and self._runs_on(k)
                said.append(f"{name} in {f'{periods[0]} to {periods[-1]}' if whole else listed(periods)}")
        return ", ".join(said)

    def _runs_on(self, k: int) -> bool:
        """Whether the values given of a variable are of periods that follow one another."""
        assert self.given is not None
        return bool((np.diff(np.flatnonzero(~np.isnan(self.given[:, k]))) == 1).all())

    @property
    def limits(self) -> list[Limits]:
        """Limits at every level, the widest first."""
        return [Limits(self.lower, self.upper, self.level), *self.inner]

    @property
    def steps(self) -> int:
        """Number of periods ahead."""
        return int(self.values.shape[0])

    @property
    def std_errors(self) -> Array:
        """Forecast standard errors, (steps, K): of the simulated paths, or with the coefficients taken as known."""
        if self.draws is not None:
            return np.asarray(self.draws.std(axis=0, ddof=1))
        return forecast_errors(self.covariance)

    def to_frame(self) -> pd.DataFrame:
        """Table by period: for each variable its forecast, its limits at every level and its standard error."""
        import pandas as pd

        parts = {"forecast": self.values, **limit_columns(self.limits), "std_error": self.std_errors}
        columns = pd.MultiIndex.from_product([self.names, parts], names=["variable", None])
        flat = np.stack(list(parts.values()), axis=2).reshape(self.steps, -1)
        return pd.DataFrame(flat, index=self.labels, columns=columns)

    @documented
    def plot(
        self,
        *,
        of: str | Sequence[str] | None = None,
        past: int | None = None,
        ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the forecasts after the data (`panelvar.plot_forecast`).

        Parameters
        ----------
        {of}
        past : int, optional
            Periods of the data drawn before the forecast; three times its steps by default, or all there are.
        {ax (panels), figure, figsize, title, labels}

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_systems.forecast_fan import plot_forecast

        return plot_forecast(self, of=of, past=past, ax=ax, figure=figure, figsize=figsize, title=title, labels=labels)

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table by period, intervals in brackets below.

        Of more than 1,000 periods it shows the first and the last hundred; `to_frame` has all.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        label = "" if self.band_label is None else f", {self.band_label}"
        given = (Fact("Given", self.conditions),) if self.conditions else ()
        return Table(
            title="Conditional forecasts" if given else "Forecasts",
            facts=(*given, Fact("Intervals", f"{said_levels(self.limits)}{label}")),
            header=(Row("Period", tuple(map(words, self.names))),),
            body=rows(self.labels, self.values, self.limits, digits),
            notes=tuple(dict.fromkeys(map(str, self.notes))),
        )

    def __repr__(self) -> str:
        span = f"{as_text(self.labels[0])} to {as_text(self.labels[-1])}"
        return one_line(
            f"<{'Conditional forecast' if self.conditions else 'Forecast'} of {listed(self.names)}: {span} "
            f"({self.steps} steps), {said_levels(self.limits)} intervals"
            f"{f', given {self.conditions}' if self.conditions else ''}>"
        )
