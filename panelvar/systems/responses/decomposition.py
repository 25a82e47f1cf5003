"""Decompositions by shocks: of forecast error variances, and of what happened."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import is_number
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, NumericalError, SpecificationError
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact, pairs
from panelvar.core.tables.table import Presented, Table
from panelvar.data.calendar.time_labels import as_text
from panelvar.estimates.bands.target import Limits, limit_columns, limits_of, said_levels
from panelvar.kernels.dynamics import dynamics
from panelvar.systems.responses.horizon_tables import ordering_and_band, rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

OTHER_SHOCKS = "other shocks"
"""What figures, tables and frames call the shocks that a scheme does not identify, together."""


@dataclass(frozen=True, eq=False, repr=False)
class VarianceDecomposition(Presented):
    """Share of each shock in the forecast error variance of each variable.

    Parameters
    ----------
    values : array (horizon, K, S)
        Entry [h - 1, i, k]: share of shock k in the h-step forecast error variance of variable i. Rows sum to one if
        the shocks are orthogonal and complete, or were normalised.
    names : tuple of str
        Variables, in the order of the second axis.
    shocks : tuple of str
        Shocks, in the order of the third axis.
    scheme : str
        Identification, in words.
    ordering : tuple of str or None
        Ordering of the scheme's triangle.
    forecast_std_errors : array (horizon, K)
        Standard error of the forecast of each variable, whose square is shared out; the coefficients taken as known.
        The shares' own sampling errors are in ``lower`` and ``upper``.
    lower, upper : array like ``values`` or None
        Limits of the band, if one was asked for.
    level : float or None
        Confidence level of the band at each point.
    draws : array (draws, horizon, K, S) or None
    band_label : str or None
        How the band was made.
    notes : tuple of Note
    inner : tuple of Limits
        Limits at lower levels, the widest first.

    See Also
    --------
    FittedSystem.variance_decomposition : makes it.
    plot_decomposition : draws it.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> shares = model.variance_decomposition(8)
    >>> shares.to_frame().loc["unemp"].round(3).tail(1)
    shock     infl  unemp  tbilrate
    horizon
    8        0.027  0.961     0.012

    The share of each shock in the variance of forecasts up to eight quarters ahead:

    >>> figure = shares.plot()
    """

    values: Array
    names: tuple[str, ...]
    shocks: tuple[str, ...]
    scheme: str
    ordering: tuple[str, ...] | None
    forecast_std_errors: Array
    lower: Array | None = None
    upper: Array | None = None
    level: float | None = None
    draws: Array | None = None
    band_label: str | None = None
    notes: tuple[Note, ...] = ()
    inner: tuple[Limits, ...] = ()

    _not_offered: ClassVar[Mapping[str, str]] = {
        "std_errors": "forecast_std_errors are those of forecasts; ask for bands= to learn how precise the shares are"
    }

    @property
    def horizon(self) -> int:
        """Longest forecast horizon; rows are horizons 1 to this."""
        return int(self.values.shape[0])

    @property
    def limits(self) -> list[Limits]:
        """Limits at every level, the widest first; none without a band."""
        return limits_of(self.lower, self.upper, self.level, self.inner)

    @property
    def others(self) -> Array | None:
        """Share (horizon, K) of shocks that the scheme does not identify; None where it identifies all."""
        if len(self.shocks) == len(self.names):
            return None
        return np.asarray(np.maximum(1.0 - self.values.sum(axis=2), 0.0))

    @property
    def sums(self) -> str:
        """Between what and what the shares of all shocks add up, in words; empty where they add up to one."""
        if self.others is not None:
            return ""
        low, high = (float(end) for end in np.percentile(self.values.sum(axis=2), (0, 100)))
        return "" if max(abs(low - 1.0), abs(high - 1.0)) < 1e-6 else f"{low:.2f} to {high:.2f}"

    def to_frame(self) -> pd.DataFrame:
        """Long table: index (variable, horizon), a column for each shock, and one for shocks that are not identified.

        With a band each shock has the columns ``value``, ``lower``, ``upper``; with several levels also ``lower_68``,
        ``upper_68`` and so on.
        """
        import pandas as pd

        index = pd.MultiIndex.from_product([self.names, range(1, self.horizon + 1)], names=["variable", "horizon"])
        parts = {"value": self.values, **limit_columns(self.limits)}
        flat = {label: part.transpose(1, 0, 2).reshape(-1, len(self.shocks)) for label, part in parts.items()}
        columns: dict[Any, Array] = {
            (shock, label): part[:, k] for k, shock in enumerate(self.shocks) for label, part in flat.items()
        }
        if self.others is not None:
            columns[OTHER_SHOCKS, "value"] = self.others.T.ravel()
        frame = pd.DataFrame(np.column_stack(list(columns.values())), index=index)
        if self.limits:
            return frame.set_axis(pd.MultiIndex.from_tuples(columns, names=["shock", None]), axis=1)
        return frame.set_axis(pd.Index([shock for shock, _ in columns], name="shock"), axis=1)

    @documented
    def plot(
        self,
        *,
        of: str | Sequence[str] | None = None,
        shocks: str | Sequence[str] | None = None,
        stacked: bool | None = None,
        ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the shares, stacked or in their bands (`panelvar.plot_decomposition`).

        Parameters
        ----------
        {of, shocks}
        stacked : bool, optional
            Whether shares are stacked: by default where they have no bands.
        {ax (panels), figure, figsize, title, labels}

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_systems.variance_shares import plot_decomposition

        return plot_decomposition(
            self,
            of=of,
            shocks=shocks,
            stacked=stacked,
            ax=ax,
            figure=figure,
            figsize=figsize,
            title=title,
            labels=labels,
        )

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table of the share of each shock in each variable, bands in brackets below.

        Of more than 1,000 periods it shows the first and the last hundred; `to_frame` has all.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        values, limits, shocks = self.values, self.limits, self.shocks
        if self.others is not None:
            shocks = (*shocks, OTHER_SHOCKS)
            values = np.concatenate([values, self.others[:, :, None]], axis=2)
            unknown = np.full((*values.shape[:2], 1), np.nan)
            limits = [
                Limits(np.concatenate([lower, unknown], axis=2), np.concatenate([upper, unknown], axis=2), level)
                for lower, upper, level in limits
            ]
        sums = (Fact("Shares add up to", self.sums),) if self.sums else ()
        return Table(
            title="Forecast error variance decomposition",
            facts=(Fact("Shocks", self.scheme), *sums, *ordering_and_band(self.ordering, self.limits, self.band_label)),
            header=pairs(self.names, shocks, "Variance of", "Share of shock"),
            body=rows(range(1, self.horizon + 1), values, limits, digits, shares=True),
            notes=tuple(dict.fromkeys(map(str, self.notes))),
        )

    def __repr__(self) -> str:
        band = f"; {said_levels(self.limits)} band: {self.band_label}" if self.limits else ""
        by = f"{self.scheme} shocks" if self.ordering is None else f"ordering {listed(self.ordering)}"
        return one_line(f"<Variance decomposition, {by}, horizons 1 to {self.horizon}{band}>")


def shares_of(values: Array, variances: Array | None, normalised: bool) -> Array:
    """Shares (..., H, K, S) of responses in forecast error variances, rows scaled to sum to one if asked for."""
    shares = dynamics.variance_shares(values, variances)
    return shares / shares.sum(axis=-1, keepdims=True) if normalised else shares


def forecast_errors_of(orthogonal: Array) -> Array:
    """Forecast standard errors (H, K) from orthogonalised responses of periods 0 to H - 1."""
    with np.errstate(over="ignore"):
        errors: Array = np.sqrt(np.cumsum((orthogonal**2).sum(axis=2), axis=0))
    if not np.isfinite(errors).all():
        raise NumericalError(
            f"Forecast error variances overflow before horizon {errors.shape[0]}, because the system is explosive. "
            "Shorten the horizon."
        )
    return errors


@dataclass(frozen=True, eq=False, repr=False)
class HistoricalDecomposition(Presented):
    r"""Each variable as a baseline and the accumulated effects of the shocks since the start of the sample.

    .. math:: y_t = b_t + \sum_s c_t^{(s)}, \qquad
        c_t^{(s)} = \sum_{h=0}^{t - t_0} \Theta_h e_s\, \varepsilon_{s,t-h}

    Parameters
    ----------
    contributions : array (n, K, S)
        Entry [t, i, s]: what shock s has contributed to variable i by the t-th row.
    baseline : array (n, K)
        What the deterministic terms, exogenous variables and initial values give without shocks.
    names, shocks : tuple of str
    shock_values : array (n, S)
        The shocks themselves, of variance one.
    index : Index
        Period of each row.
    scheme : str
        Identification, in words.
    notes : tuple of Note
    others : array (n, K) or None
        What the shocks that the scheme does not identify have contributed; None where it identifies all.

    See Also
    --------
    FittedSystem.historical_decomposition : makes it.
    plot_historical : draws it.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> parts = model.historical_decomposition()
    >>> parts.to_frame()["unemp"].round(2).tail(2)
    part     baseline  unemp  tbilrate
    quarter
    2009Q2       5.92   4.09     -0.82
    2009Q3       5.92   4.60     -0.92

    What each shock has added to both variables, quarter by quarter:

    >>> figure = parts.plot()
    """

    contributions: Array
    baseline: Array
    names: tuple[str, ...]
    shocks: tuple[str, ...]
    shock_values: Array
    index: pd.Index
    scheme: str
    notes: tuple[Note, ...] = ()
    others: Array | None = None

    @property
    def actual(self) -> Array:
        """The data, (n, K): baseline and contributions together, those of other shocks among them."""
        total: Array = self.baseline + self.contributions.sum(axis=2)
        return total if self.others is None else total + self.others

    @property
    def _parts(self) -> dict[str, Array]:
        """What adds up to the variables, each (n, K), under its name."""
        parts = {"baseline": self.baseline}
        parts |= {shock: self.contributions[:, :, s] for s, shock in enumerate(self.shocks)}
        return parts if self.others is None else parts | {OTHER_SHOCKS: self.others}

    def to_frame(self) -> pd.DataFrame:
        """Table by period: for each variable the baseline and each shock's contribution, other shocks' last."""
        import pandas as pd

        columns = pd.MultiIndex.from_product([self.names, self._parts], names=["variable", "part"])
        parts = np.stack(list(self._parts.values()), axis=2)
        return pd.DataFrame(parts.reshape(len(parts), -1), index=self.index, columns=columns)

    def summary(self, *, digits: int = 4, first: Hashable = None, last: Hashable = None) -> Table:
        """Return a table of the parts of each variable, a row for each period.

        Parameters
        ----------
        digits : int
            Decimals.
        first, last : period labels, optional
            Where the table begins and ends, such as ``"2008Q1"``; with the sample by default.

        Returns
        -------
        Table

        Raises
        ------
        SpecificationError
            A label is of another kind than those of the periods, or there is no period between the two.
        """
        between = self._between(first, last)
        parts, index = self._parts, self.index[between]
        return Table(
            title="Historical decomposition",
            facts=(Fact("Shocks", self.scheme), Fact("Periods", f"{as_text(index[0])} to {as_text(index[-1])}")),
            header=pairs(self.names, tuple(parts), "Variable", "Part"),
            body=rows(index, np.stack(list(parts.values()), axis=2)[between], (), digits),
            notes=tuple(dict.fromkeys(map(str, self.notes))),
        )

    def _between(self, first: Hashable, last: Hashable) -> slice:
        """Rows from one period to another."""
        counted = self.index.inferred_type in ("integer", "floating")
        try:
            if counted and not all(each is None or is_number(each) for each in (first, last)):
                # pandas would compare a text with the digits of each number.
                raise TypeError
            between: slice = self.index.slice_indexer(first, last)
        except (KeyError, TypeError, ValueError):
            between = slice(0, 0)
        if not len(self.index[between]):
            raise SpecificationError(
                f"first={shown(first)}, last={shown(last)}: there is no such period. The periods run from "
                f"{as_text(self.index[0])} to {as_text(self.index[-1])}."
            )
        return between

    @documented
    def plot(
        self,
        *,
        of: str | Sequence[str] | None = None,
        shocks: str | Sequence[str] | None = None,
        ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw stacked contributions (`panelvar.plot_historical`).

        Parameters
        ----------
        {of, shocks, ax (panels), figure, figsize, title, labels}

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_systems.contributions import plot_historical

        return plot_historical(
            self, of=of, shocks=shocks, ax=ax, figure=figure, figsize=figsize, title=title, labels=labels
        )

    def __repr__(self) -> str:
        return one_line(
            f"<Historical decomposition of {listed(self.names)} into {self.scheme} shocks, {len(self.index)} periods>"
        )
