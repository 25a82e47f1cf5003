"""Forecasts of every entity of a panel, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, SpecificationError
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact, Row, words
from panelvar.core.faces.number_format import format_count
from panelvar.core.tables.table import Presented, Table
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.panel.series import VarData
from panelvar.estimates.bands.target import Limits, limit_columns, said_levels
from panelvar.systems.responses.forecast import Forecast
from panelvar.systems.responses.horizon_tables import rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

PRINTED = 10
"""Entities that a printed table shows."""


@dataclass(frozen=True, eq=False, repr=False)
class PanelForecast(Presented):
    """Forecasts of the entities of a panel, each from the end of its own rows.

    Parameters
    ----------
    values : array (N, steps, K)
        Point forecasts.
    covariance : array (N, steps, K, K)
        Covariances of the forecast errors; with `panelvar.DeltaMethod`, what the estimation of coefficients and effects
        adds included.
    limits : tuple of Limits
        Limits (N, steps, K) at every level, the widest first.
    names : tuple of str
        Variables.
    entities : Index
        Labels of the entities.
    labels : MultiIndex
        Entity and period of each forecast, (N steps,).
    notes : tuple of Note
    band_label : str or None
        How intervals were made; None for normal ones with known coefficients and effects.
    histories : callable or None
        What the forecast of an entity, by its place, continues; None for a stream, which keeps no rows.
    given : array (N, steps, K) or None
        Values that were given and not forecast, NaN elsewhere; None for forecasts without conditions.

    See Also
    --------
    PanelVarResult.forecast : makes it.
    plot_forecast : draws the forecast of one entity, its `member`.

    Examples
    --------
    >>> import panelvar as pv
    >>> import numpy as np
    >>> states = pv.load_data("public_capital")
    >>> growth = np.log(states[["gsp", "emp"]]).groupby("state").diff().dropna()
    >>> model = pv.fit_panel_var(growth, ["emp", "gsp"], method="corrected-moments")
    >>> forecast = model.forecast(2)
    >>> forecast.member("TX").to_frame()["emp"].round(3)
          forecast  lower  upper  std_error
    year
    1987     0.010 -0.042  0.061      0.026
    1988     0.026 -0.033  0.085      0.030

    The forecast of one state after its past:

    >>> figure = forecast.plot("TX")
    """

    values: Array
    covariance: Array
    limits: tuple[Limits, ...]
    names: tuple[str, ...]
    entities: pd.Index
    labels: pd.MultiIndex
    notes: tuple[Note, ...] = ()
    band_label: str | None = None
    histories: Callable[[int], VarData] | None = None
    given: Array | None = None

    @property
    def steps(self) -> int:
        """Number of periods ahead."""
        return int(self.values.shape[1])

    @property
    def level(self) -> float:
        """Probability of each interval; the highest, if there are several."""
        return self.limits[0].level

    @property
    def std_errors(self) -> Array:
        """Forecast standard errors, (N, steps, K)."""
        return np.sqrt(self.covariance.diagonal(axis1=2, axis2=3))

    def member(self, entity: Hashable) -> Forecast:
        """The forecast of one entity, to be printed, drawn or taken as a table.

        Parameters
        ----------
        entity : label
            Of an entity that has a forecast.

        Returns
        -------
        Forecast

        Raises
        ------
        SpecificationError
            There is no forecast of it.
        """
        place = self._place(entity)
        own = slice(place * self.steps, (place + 1) * self.steps)
        first, *inner = (Limits(lower[place], upper[place], level) for lower, upper, level in self.limits)
        return Forecast(
            self.values[place],
            first.lower,
            first.upper,
            self.covariance[place],
            self.names,
            self.labels[own].get_level_values(1),
            first.level,
            self.notes,
            None if self.histories is None else self.histories(place),
            band_label=self.band_label,
            inner=tuple(inner),
            given=None if self.given is None or np.isnan(self.given[place]).all() else self.given[place],
        )

    def _place(self, entity: Hashable) -> int:
        try:
            hash(entity)
            place = self.entities.get_loc(entity)
        except (KeyError, TypeError, ValueError):
            place = None
        if not isinstance(place, int):
            such = ", ".join(map(repr, self.entities[:5].tolist()))
            raise SpecificationError(
                f"There is no forecast of {shown(entity)}. There are {len(self.entities)}, such as of {such}."
            )
        return place

    def to_frame(self) -> pd.DataFrame:
        """Table by entity and period: of each variable its forecast, its limits at every level, its standard error."""
        import pandas as pd

        parts = {"forecast": self.values, **limit_columns(self.limits), "std_error": self.std_errors}
        columns = pd.MultiIndex.from_product([self.names, parts], names=["variable", None])
        flat = np.stack(list(parts.values()), axis=3).reshape(len(self.labels), -1)
        return pd.DataFrame(flat, self.labels, columns)

    @documented
    def plot(
        self,
        entity: Hashable,
        *,
        of: str | Sequence[str] | None = None,
        past: int | None = None,
        ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the forecasts of an entity after its data (`panelvar.plot_forecast`).

        Parameters
        ----------
        entity : label
            Whose forecasts are drawn.
        {of}
        past : int, optional
            Periods of the data drawn before the forecast; three times its steps by default, or all there are.
        {ax (panels), figure, figsize, title, labels}

        Returns
        -------
        Figure
        """
        own = self.member(entity)
        return own.plot(of=of, past=past, ax=ax, figure=figure, figsize=figsize, title=title, labels=labels)

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table of the first entities by period, intervals in brackets below.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        label = "" if self.band_label is None else f", {self.band_label}"
        count = min(len(self.entities), PRINTED)
        names = [f"{as_text(entity)}, {as_text(period)}" for entity, period in self.labels[: count * self.steps]]
        flat = [
            Limits(lower[:count].reshape(count * self.steps, -1), upper[:count].reshape(count * self.steps, -1), level)
            for lower, upper, level in self.limits
        ]
        left = len(self.entities) - count
        more = (f"{count_of(left, 'more entity', 'more entities')}: to_frame() has all.",) if left else ()
        given = () if self.given is None else (Fact("Given", f"values of {listed(self._conditioned)}"),)
        return Table(
            title="Conditional forecasts" if given else "Forecasts",
            facts=(
                *given,
                Fact("Intervals", f"{said_levels(self.limits)}{label}"),
                Fact("Entities", format_count(len(self.entities))),
            ),
            header=(Row("Entity, period", tuple(map(words, self.names))),),
            body=rows(names, self.values[:count].reshape(count * self.steps, -1), flat, digits),
            notes=(*more, *dict.fromkeys(map(str, self.notes))),
        )

    @property
    def _conditioned(self) -> list[str]:
        """Variables of which values were given."""
        if self.given is None:
            return []
        return [name for k, name in enumerate(self.names) if not np.isnan(self.given[..., k]).all()]

    def __repr__(self) -> str:
        what = "Forecasts" if self.given is None else "Conditional forecasts"
        return one_line(
            f"<{what} of {listed(self.names)} of {count_of(len(self.entities), 'entity', 'entities')}: {self.steps} "
            f"steps, {said_levels(self.limits)} intervals>"
        )
