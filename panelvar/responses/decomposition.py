"""Decompositions by shocks: of forecast error variances, and of what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from panelvar.bands.target import Band
from panelvar.base.arrays import Array
from panelvar.base.errors import Note
from panelvar.base.hints import HintsAtNames
from panelvar.base.labels import listed
from panelvar.base.quoting import one_line
from panelvar.dynamics import dynamics
from panelvar.responses.horizon_tables import ordering_and_band, pairs, rows
from panelvar.tables.layout import Fact
from panelvar.tables.table import Presented, Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure, SubFigure


@dataclass(frozen=True, eq=False, repr=False)
class VarianceDecomposition(HintsAtNames, Presented):
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

    _not_offered: ClassVar[Mapping[str, str]] = {
        "std_errors": "errors of forecasts are forecast_std_errors; ask for bands= to learn how precise the shares are"
    }

    @property
    def horizon(self) -> int:
        """Longest forecast horizon; rows are horizons 1 to this."""
        return int(self.values.shape[0])

    def to_frame(self) -> pd.DataFrame:
        """Long table: index (variable, horizon), one column a shock."""
        import pandas as pd

        index = pd.MultiIndex.from_product([self.names, range(1, self.horizon + 1)], names=["variable", "horizon"])
        flat = self.values.transpose(1, 0, 2).reshape(-1, len(self.shocks))
        return pd.DataFrame(flat, index=index, columns=pd.Index(self.shocks, name="shock"))

    def plot(self, **options: Any) -> Figure | SubFigure:
        """Draw stacked shares, a panel for each variable; see `panelvar.plots.variance_shares.plot_decomposition`."""
        from panelvar.plots.variance_shares import plot_decomposition

        return plot_decomposition(self, **options)

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table of the share of each shock in each variable, bands in brackets below.

        Parameters
        ----------
        digits : int
            Decimals.
        """
        return Table(
            title="Forecast error variance decomposition",
            facts=(Fact("Shocks", self.scheme), *ordering_and_band(self.ordering, self.level, self.band_label)),
            header=pairs(self.names, self.shocks, "Variance of", "Share of shock", ": "),
            body=rows(range(1, self.horizon + 1), self.values, self.lower, self.upper, digits),
            notes=tuple(dict.fromkeys(map(str, self.notes))),
        )

    def __repr__(self) -> str:
        band = "" if self.level is None else f"; {100 * self.level:g}% band: {self.band_label}"
        by = f"{self.scheme} shocks" if self.ordering is None else f"ordering {listed(self.ordering)}"
        return one_line(f"<Variance decomposition, {by}, horizons 1 to {self.horizon}{band}>")


def within_limits(shares: VarianceDecomposition, band: Band, notes: tuple[Note, ...]) -> VarianceDecomposition:
    """The same shares with the limits of a band, and what there is to know of both."""
    return replace(shares, **band.kept(), notes=notes)


def shares_of(values: Array, variances: Array | None, normalised: bool) -> Array:
    """Shares (..., H, K, S) of responses in forecast error variances, rows scaled to sum to one if asked for."""
    shares = dynamics.variance_shares(values, variances)
    return shares / shares.sum(axis=-1, keepdims=True) if normalised else shares


@dataclass(frozen=True, eq=False, repr=False)
class HistoricalDecomposition(HintsAtNames):
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

    def to_frame(self) -> pd.DataFrame:
        """Table by period: for each variable the baseline and each shock's contribution, other shocks' last."""
        import pandas as pd

        others = () if self.others is None else ("other shocks",)
        labels = ("baseline", *self.shocks, *others)
        columns = pd.MultiIndex.from_product([self.names, labels], names=["variable", "part"])
        parts = np.concatenate([self.baseline[:, :, None], self.contributions], axis=2)
        if self.others is not None:
            parts = np.concatenate([parts, self.others[:, :, None]], axis=2)
        return pd.DataFrame(parts.reshape(len(parts), -1), index=self.index, columns=columns)

    def plot(self, **options: Any) -> Figure:
        """Draw stacked contributions; see `panelvar.plots.contributions.plot_historical` for the options."""
        from panelvar.plots.contributions import plot_historical

        return plot_historical(self, **options)

    def __repr__(self) -> str:
        return one_line(
            f"<Historical decomposition of {listed(self.names)} into {self.scheme} shocks, {len(self.index)} periods>"
        )
