"""Impulse responses with their bands, or with the limits of a set of models, as labelled, frozen arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.bands.target import Band
from panelvar.base.arguments import refuse_other
from panelvar.base.arrays import Array
from panelvar.base.errors import MissingInformationError, Note
from panelvar.base.hints import HintsAtNames
from panelvar.base.labels import listed
from panelvar.base.quoting import one_line
from panelvar.identification.scheme import position
from panelvar.responses.horizon_tables import ordering_and_band, pairs, rows
from panelvar.responses.shocks import Shocks
from panelvar.tables.layout import Fact
from panelvar.tables.table import Presented, Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure, SubFigure


@dataclass(frozen=True, eq=False, repr=False)
class Responses(HintsAtNames, Presented):
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
    cumulative : bool
        Whether responses are summed over periods.
    lower, upper : array like ``values`` or None
        Limits of the band, if one was asked for.
    level : float or None
        Confidence level of the band at each point.
    std_errors : array like ``values`` or None
        Delta-method errors, or standard deviations of the draws.
    draws : array (draws, horizon + 1, K, S) or None
        The responses of every draw.
    band_label : str or None
        How the band was made.
    notes : tuple of Note
    """

    values: Array
    names: tuple[str, ...]
    shocks: tuple[str, ...]
    identification: str
    scheme: str
    shock_size: str
    ordering: tuple[str, ...] | None = None
    cumulative: bool = False
    lower: Array | None = None
    upper: Array | None = None
    level: float | None = None
    std_errors: Array | None = None
    draws: Array | None = None
    band_label: str | None = None
    notes: tuple[Note, ...] = ()

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
            raise MissingInformationError("These responses have no draws: ask for bands=, such as MonteCarlo(...).")
        return np.median(self.draws, axis=0)

    def response(self, of: str, to: str) -> pd.DataFrame:
        """One panel of the grid: the response of one variable to one shock.

        Parameters
        ----------
        of, to : str
            The responding variable and the shock.

        Returns
        -------
        DataFrame
            Column ``value``, and ``lower``, ``upper``, ``std_error`` where there is a band; index ``horizon``.
        """
        import pandas as pd

        row, column = position(self.names, of), position(self.shocks, to, "shock")
        return pd.DataFrame(
            {label: array[:, row, column] for label, array in self._columns()},
            index=pd.RangeIndex(self.horizon + 1, name="horizon"),
        )

    def to_frame(self) -> pd.DataFrame:
        """Long table: index (impulse, response, horizon), columns value and, with a band, lower, upper, std_error."""
        import pandas as pd

        index = pd.MultiIndex.from_product(
            [self.shocks, self.names, range(self.horizon + 1)], names=["impulse", "response", "horizon"]
        )
        return pd.DataFrame({label: array.transpose(2, 1, 0).ravel() for label, array in self._columns()}, index=index)

    def plot(self, *, overlay: Mapping[str, Responses] | None = None, **options: Any) -> Figure | SubFigure:
        """Draw the grid of responses; see `panelvar.plots.response_grid.plot_responses` for the options.

        Parameters
        ----------
        overlay : mapping of labels to Responses, optional
            Others to draw over these, of the same variables to the same shocks.
        **options
            Of `panelvar.plot_responses`.
        """
        from panelvar.plots.response_grid import plot_responses

        if overlay is not None:
            refuse_other("overlay", overlay, Mapping, "a mapping of labels to responses")
        return plot_responses(self if overlay is None else {self.subject: self, **overlay}, **options)

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table with a column for each shock and responding variable, bands in brackets below.

        Parameters
        ----------
        digits : int
            Decimals.
        """
        name = "impulse responses" if self.subject == "Responses" else self.subject.lower()
        return Table(
            title=f"Cumulative {name}" if self.cumulative else name.capitalize(),
            facts=(
                Fact("Shocks", self.scheme),
                Fact("Size", {"sd": "one standard deviation", "unit": "one unit"}[self.shock_size]),
                *ordering_and_band(self.ordering, self.level, self.band_label),
            ),
            header=pairs(self.shocks, self.names, "Shock", "Response of", " -> "),
            body=rows(range(self.horizon + 1), self.values, self.lower, self.upper, digits, "F"),
            notes=tuple(dict.fromkeys(map(str, self.notes))),
        )

    def __repr__(self) -> str:
        size = {"sd": "one standard deviation", "unit": "one unit"}[self.shock_size]
        what = "Cumulative responses" if self.cumulative else "Responses"
        band = "" if self.level is None else f"; {100 * self.level:g}% band: {self.band_label}"
        return one_line(
            f"<{what} of {listed(self.names)} to {self.scheme} shocks of {size}, periods 0 to {self.horizon}{band}>"
        )

    def _columns(self) -> list[tuple[str, Array]]:
        candidates = [
            ("value", self.values),
            ("lower", self.lower),
            ("upper", self.upper),
            ("std_error", self.std_errors),
        ]
        return [(label, array) for label, array in candidates if array is not None]


def described_responses(
    values: Array, shocks: Shocks, cumulative: bool, band: Band | None = None, notes: tuple[Note, ...] = ()
) -> Responses:
    """Say what responses are of, and put their band around them."""
    described = Responses(
        values,
        shocks.variables,
        shocks.names,
        shocks.scheme.name,
        shocks.scheme.words,
        shocks.size,
        shocks.ordering,
        cumulative,
        notes=notes,
    )
    if band is None:
        return described
    return replace(described, **band.kept(), std_errors=band.std_errors)


def cumulated(values: Array, axis: int) -> Array:
    """Running sums over periods; past the range of floating-point numbers they are not finite, without a warning."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.cumsum(values, axis=axis)


def identified_set(values: npt.NDArray[np.float64], level: float) -> Band:
    """Limits that hold the middle share of many models at each point.

    Parameters
    ----------
    values : array (N, ...)
        A statistic of each model.
    level : float
    """
    lower, upper = np.quantile(values, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
    return Band(lower, upper, level, f"{len(values)} models at the estimates", None, values)
