"""Impulse responses with their bands, or with the limits of a set of models, as labelled, frozen arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import refuse_other
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import MissingInformationError, Note, emit
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line
from panelvar.core.base.shared_parameters import documented
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.layout import Fact, pairs
from panelvar.core.tables.table import Presented, Table
from panelvar.estimates.bands.target import Band, Limits, limit_columns, limits_of, nested, said_levels
from panelvar.systems.identification.scheme import position
from panelvar.systems.responses.horizon_tables import ordering_and_band, rows
from panelvar.systems.responses.shocks import Shocks, said_cumulative

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@dataclass(frozen=True, eq=False, repr=False)
class Responses(Presented):
    """Responses of every variable to every shock.

    Parameters
    ----------
    values : array (horizon + 1, K, S)
        Entry [h, i, s]: response of variable i, h periods after shock s. Row 0 is the impact.
    names : tuple of str
        Variables, in the order of the second axis.
    shocks : tuple of str
        Shocks, in the order of the third axis: named after the variables unless the scheme names its own.
    identification : str
        Name of the scheme, such as ``"cholesky"`` or ``"reduced_form"``.
    scheme : str
        The same in words.
    shock_size : {"sd", "unit"}
        One standard deviation of the shock, or a shock that moves its own variable by one unit on impact.
    ordering : tuple of str or None
        Ordering of the scheme's triangle, first variable first; None without one.
    cumulative : bool or tuple of str
        Whether responses are summed over periods; the variables whose are, where not all.
    lower, upper : array like ``values`` or None
        Limits of the band, if one was asked for; at the highest level, if several were.
    level : float or None
        Confidence level of the band at each point.
    std_errors : array like ``values`` or None
        Delta-method errors, or standard deviations of the draws.
    draws : array (draws, horizon + 1, K, S) or None
        The responses of every draw.
    band_label : str or None
        How the band was made.
    notes : tuple of Note
    inner : tuple of Limits
        Limits at lower levels, the widest first.

    See Also
    --------
    FittedSystem.impulse_responses : makes it.
    fit_local_projections : responses without a system.
    plot_responses : draws it.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> irf = model.impulse_responses(8, bands=pv.DeltaMethod())
    >>> irf.values.shape, irf.level
    ((9, 3, 3), 0.95)
    >>> irf.response("unemp", "tbilrate").round(3).tail(1)
             value  lower  upper  std_error
    horizon
    8        0.114  0.005  0.222      0.055

    The responses of every variable to every shock, with bands of 95%:

    >>> figure = irf.plot()
    """

    _in_brackets: ClassVar[str] = "response(variable, shock) gives one response, and to_frame() a table of all."

    values: Array
    names: tuple[str, ...]
    shocks: tuple[str, ...]
    identification: str
    scheme: str
    shock_size: str
    ordering: tuple[str, ...] | None = None
    cumulative: bool | tuple[str, ...] = False
    lower: Array | None = None
    upper: Array | None = None
    level: float | None = None
    std_errors: Array | None = None
    draws: Array | None = None
    band_label: str | None = None
    notes: tuple[Note, ...] = ()
    inner: tuple[Limits, ...] = ()

    @property
    def limits(self) -> list[Limits]:
        """Limits at every level, the widest first; none without a band."""
        return limits_of(self.lower, self.upper, self.level, self.inner)

    @property
    def horizon(self) -> int:
        """Last period; there are ``horizon + 1`` rows."""
        return int(self.values.shape[0]) - 1

    @property
    def subject(self) -> str:
        """What tables and figures call them."""
        return "Responses"

    @property
    def median(self) -> Array:
        """Pointwise medians of the draws, (horizon + 1, K, S); no single draw need follow them.

        Raises
        ------
        MissingInformationError
            There are no draws.
        """
        if self.draws is None:
            raise MissingInformationError("These responses have no draws. Ask for bands=, such as MonteCarlo(...).")
        return np.median(self.draws, axis=0)

    @answering
    def response(self, of: str, shock: str) -> pd.DataFrame:
        """One panel of the grid: the response of one variable to one shock.

        Parameters
        ----------
        of, shock : str
            The responding variable and the shock.

        Returns
        -------
        DataFrame
            Column ``value``, and ``lower``, ``upper``, ``std_error`` where there is a band; with several levels also
            ``lower_68``, ``upper_68`` and so on; index ``horizon``.
        """
        import pandas as pd

        row, column = position(self.names, of), position(self.shocks, shock, "shock")
        return pd.DataFrame(
            {label: array[:, row, column] for label, array in self._columns().items()},
            index=pd.RangeIndex(self.horizon + 1, name="horizon"),
        )

    def to_frame(self) -> pd.DataFrame:
        """Long table: index (impulse, response, horizon), columns as of `response`."""
        import pandas as pd

        index = pd.MultiIndex.from_product(
            [self.shocks, self.names, range(self.horizon + 1)], names=["impulse", "response", "horizon"]
        )
        return pd.DataFrame(
            {label: array.transpose(2, 1, 0).ravel() for label, array in self._columns().items()}, index=index
        )

    @documented
    def plot(
        self,
        *,
        overlay: Mapping[str, Responses] | None = None,
        of: str | Sequence[str] | None = None,
        shocks: str | Sequence[str] | None = None,
        share_y: str = "row",
        ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the grid of responses (`panelvar.plot_responses`).

        Parameters
        ----------
        overlay : mapping of labels to Responses, optional
            Others to draw over these, of the same variables to the same shocks.
        {of, shocks, share_y, ax (panels), figure, figsize, title, labels}

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_systems.response_grid import plot_responses

        if overlay is not None:
            refuse_other("overlay", overlay, Mapping, "a mapping of labels to responses")
        drawn = self if overlay is None else {self.subject: self, **overlay}
        return plot_responses(
            drawn,
            of=of,
            shocks=shocks,
            share_y=share_y,
            ax=ax,
            figure=figure,
            figsize=figsize,
            title=title,
            labels=labels,
        )

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table with a column for each shock and responding variable, bands in brackets below.

        Of more than 1,000 periods it shows the first and the last hundred; `to_frame` has all.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        name = "impulse responses" if self.subject == "Responses" else self.subject.lower()
        return Table(
            title=f"Cumulative {name}" if self.cumulative is True else name[:1].upper() + name[1:],
            facts=(
                Fact("Shocks", self.scheme),
                Fact("Size", {"sd": "one standard deviation", "unit": "one unit"}[self.shock_size]),
                *(
                    [Fact("Summed over periods", ", ".join(self.cumulative))]
                    if isinstance(self.cumulative, tuple)
                    else []
                ),
                *ordering_and_band(self.ordering, self.limits, self.band_label),
            ),
            header=pairs(self.shocks, self.names, "Shock", "Response of"),
            body=rows(range(self.horizon + 1), self.values, self.limits, digits, "F"),
            notes=tuple(dict.fromkeys(map(str, self.notes))),
        )

    def __repr__(self) -> str:
        size = {"sd": "one standard deviation", "unit": "one unit"}[self.shock_size]
        what = "Cumulative responses" if self.cumulative is True else "Responses"
        band = f"; {said_levels(self.limits)} band: {self.band_label}" if self.limits else ""
        return one_line(
            f"<{what} of {listed(self.names)} to {self.scheme} shocks of {size}, periods 0 to {self.horizon}{band}>"
        )

    def _columns(self) -> dict[str, Array]:
        errors = {} if self.std_errors is None else {"std_error": self.std_errors}
        return {"value": self.values, **limit_columns(self.limits), **errors}


def describe_responses(
    values: Array, shocks: Shocks, cumulative: Mask, band: Band | None, notes: tuple[Note, ...]
) -> Responses:
    """Say what responses are of, put their band around them, and warn; ``notes`` are those of the system."""
    notes += (band.notes if band else ()) + shocks.scheme.notes
    emit(notes)
    described = Responses(
        values,
        shocks.variables,
        shocks.names,
        shocks.scheme.name,
        shocks.scheme.words,
        shocks.size,
        shocks.ordering,
        said_cumulative(cumulative, shocks.variables),
        notes=notes,
    )
    return described if band is None else replace(described, **band.kept(), std_errors=band.std_errors)


def identified_set(values: npt.NDArray[np.float64], levels: Sequence[float]) -> Band:
    """Limits that hold the middle share of many models at each point.

    Parameters
    ----------
    values : array (N, ...)
        A statistic of each model.
    levels : sequence of float
        The highest first.
    """

    def limits_at(level: float) -> tuple[Array, Array]:
        lower, upper = np.quantile(values, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
        return lower, upper

    return Band(nested(levels, limits_at), f"{len(values)} models at the estimates", None, values)
